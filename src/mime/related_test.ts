import { assertEquals } from "@std/assert";
import { mail, parseIn } from "../../tests/corpus/samples.ts";
import { partByCid, relatedRoot } from "./mod.ts";

const related = (start: string) =>
  parseIn(
    4096,
    mail(`Content-Type: multipart/related; boundary=b${start}

--b
Content-Type: image/png
Content-ID: <a%b@x.example>

x
--b
Content-Type: text/html
Content-ID: two@x.example

y
--b
Content-Type: image/gif

z
--b--
`),
  ).root;

Deno.test("the root of multipart/related is what `start` says, else the first part (RFC 2387 §3.2)", () => {
  assertEquals(relatedRoot(related('; start="<two@x.example>"'))?.subtype, "html");
  assertEquals(relatedRoot(related("; start=two@x.example"))?.subtype, "html");
  assertEquals(relatedRoot(related('; start="<none@x.example>"'))?.subtype, "png");
  assertEquals(relatedRoot(related(""))?.subtype, "png");
  assertEquals(relatedRoot(parseIn(99, mail("Content-Type: multipart/related\n\n")).root), undefined);
});

Deno.test("cid: URLs find their part (RFC 2392)", () => {
  const root = related("");
  assertEquals(partByCid(root, "cid:two@x.example")?.subtype, "html");
  assertEquals(partByCid(root, "CID:a%25b@x.example")?.subtype, "png");
  assertEquals(partByCid(root, "cid:a%b@x.example")?.subtype, "png");
  for (const url of ["cid:", "cid:none@x", "mid:two@x.example", "two@x.example", "cid:%ff"]) {
    assertEquals(partByCid(root, url), undefined, url);
  }
});

import { assertEquals } from "@std/assert";
import { mail, NESTED, parseIn } from "../../tests/corpus/samples.ts";
import { attachmentNames, attachments, bodyLists } from "./attachments.ts";
import { preview, previewPart } from "./preview.ts";

/** A multipart of lines `type` or `type; …` with further fields behind `|`; `(` and `)` nest. */
function message(text: string): Uint8Array {
  let out = "";
  const open: string[] = [];
  for (const line of text.trim().split("\n").map((one) => one.trim())) {
    if (line === ")") {
      out += `--${open.pop()}--\n`;
      continue;
    }
    if (open.length > 0) out += `--${open.at(-1)}\n`;
    const nested = line.endsWith("(");
    const boundary = `b${out.length}.`;
    const [type, ...fields] = line.replace(" (", nested ? `; boundary=${boundary}` : "").split(" | ");
    out += [`Content-Type: ${type}`, ...fields].join("\n") + "\n\n";
    if (nested) open.push(boundary);
    else out += "body\n";
  }
  return mail(out);
}

function lists(text: string): string[][] {
  const { text: plain, html, attachments } = bodyLists(parseIn(4096, message(text)).root);
  return [plain, html, attachments].map((list) =>
    list.map(({ type, subtype, id }) => id ?? `${type}/${subtype}`)
  );
}

Deno.test("bodyLists follows the example of RFC 8621 §4.1.4", () => {
  const id = (name: string) => ` | Content-ID: ${name}`;
  const attached = " | Content-Disposition: attachment";
  assertEquals(
    lists(`multipart/mixed (
      text/plain${id("A")} | Content-Disposition: inline
      multipart/mixed (
        multipart/alternative (
          multipart/mixed (
            text/plain${id("B")} | Content-Disposition: inline
            image/jpeg${id("C")} | Content-Disposition: inline
            text/plain${id("D")} | Content-Disposition: inline
          )
          multipart/related (
            text/html${id("E")}
            image/jpeg${id("F")}
          )
        )
        image/jpeg${id("G")}${attached}
        application/x-excel${id("H")}
        message/rfc822${id("J")}
      )
      text/plain${id("K")} | Content-Disposition: inline
    )`).map((list) => list.join("")),
    ["ABCDK", "AEK", "CFGHJ"],
  );
});

Deno.test("bodyLists: one half of an alternative stands in for the other; named text is an attachment", () => {
  assertEquals(lists("text/plain"), [["text/plain"], ["text/plain"], []]);
  assertEquals(lists("multipart/alternative (\ntext/html\n)"), [["text/html"], ["text/html"], []]);
  assertEquals(lists("multipart/alternative (\ntext/plain\ntext/calendar\n)"), [
    ["text/plain"],
    ["text/plain"],
    ["text/calendar"],
  ]);
  assertEquals(lists("multipart/mixed (\ntext/plain\ntext/plain; name=a.txt\n)"), [
    ["text/plain"],
    ["text/plain"],
    ["text/plain"],
  ]);
});

Deno.test("attachments: number, name, type, size and place", () => {
  const octets = message(`multipart/mixed (
    text/plain
    multipart/related (
      text/html
      image/png | Content-ID: <i>
    )
    application/pdf; name="=?utf-8?q?=C3=A4.pdf?=" | Content-Transfer-Encoding: base64
    application/zip; name=a.zip | Content-Disposition: attachment; filename*=utf-8''%C3%B6.zip
  )`);
  const { root } = parseIn(4096, octets);
  const found = attachments(root, octets);
  assertEquals(
    found.map(({ section, name, type, size, inline }) => [section, name, type, size, inline]),
    [
      ["2.2", undefined, "image/png", 4, true],
      ["3", "ä.pdf", "application/pdf", 3, false],
      ["4", "ö.zip", "application/zip", 4, false],
    ],
  );
  for (const { start, end } of found) {
    assertEquals(new TextDecoder().decode(octets.subarray(start, end)), "body");
  }
  assertEquals(attachments(root).map(({ size }) => size), [4, 3, 4]);
  assertEquals(attachmentNames(root), "ä.pdf\nö.zip\n");
  assertEquals(attachmentNames(parseIn(4096, NESTED).root), "forwarded.eml\na b\n");
});

Deno.test("attachments of a message that is one, and names that break lines", () => {
  const octets = message("application/pdf; name*=utf-8''a%0Ab");
  const [only, ...more] = attachments(parseIn(4096, octets).root);
  assertEquals([only?.section, only?.name, more.length], ["1", "a b", 0]);
});

/** The preview of a message. */
function previewOf(header: string, body: string): string | undefined {
  const octets = mail(`${header}\n\n${body}`);
  const part = previewPart(parseIn(4096, octets).root);
  return part === undefined ? undefined : preview(part, octets.subarray(part.bodyStart, part.bodyEnd));
}

Deno.test("preview leaves out quotations, their introduction and signatures (RFC 8970 §3.1)", () => {
  const plain = (body: string) => previewOf("Subject: x", body);
  assertEquals(plain("On 3 Feb 2026, Jane wrote:\n> old\n\nNew.\n-- \nJane\nACME"), "New.");
  assertEquals(plain("Am 03.02.26 um 10:00 schrieb Jane <j@x>:\n> old\n> old\nNeu.\n"), "Neu.");
  assertEquals(plain("Please buy:\nmilk\n"), "Please buy: milk");
  assertEquals(plain("Yes.\n\n-----Original Message-----\nFrom: x\n"), "Yes.");
  assertEquals(plain("=======\nTitle\n-------\ntext"), "Title text");
  assertEquals(plain("> only\n> quoted"), "> only > quoted");
  assertEquals(plain("-- \nonly a signature"), "-- only a signature");
  assertEquals(plain(""), undefined);
});

Deno.test("preview of HTML: without blockquote, fillers and what introduces the quotation", () => {
  const html = (body: string) => previewOf("Content-Type: text/html; charset=utf-8", body);
  assertEquals(
    html(
      "<p>Yes.</p><p>On 3.2.2026 Jane wrote:</p><blockquote>old <blockquote>older</blockquote></blockquote>",
    ),
    "Yes.",
  );
  assertEquals(
    html("<div>Sale!&nbsp;&zwnj;&nbsp;&zwnj;&#847;&nbsp;&shy; &#8203;</div><div>Hi</div>"),
    "Sale! Hi",
  );
  assertEquals(html("<blockquote>all of it</blockquote>"), "all of it");
  assertEquals(html("<p>Shopping list:</p><p>x</p>"), "Shopping list: x");
});

Deno.test("preview is cut between words, and never inside a character", () => {
  const plain = (body: string) => previewOf("Content-Type: text/plain; charset=utf-8", body)!;
  assertEquals([...plain("😀".repeat(500))].length, 200);
  assertEquals(plain("😀".repeat(500)).isWellFormed(), true);
  assertEquals(plain("x".repeat(500)).length, 200);
  assertEquals(plain("a".repeat(200)).length, 200);
  assertEquals(plain("a".repeat(200) + " b").length, 200);
  assertEquals(plain("a".repeat(99) + " " + "b".repeat(150)).length, 200);
  assertEquals(plain("a".repeat(150) + " " + "b".repeat(150)).length, 150);
});

Deno.test("preview of a message that only forwards another", () => {
  const octets = message("message/rfc822");
  const root = parseIn(4096, mail("Content-Type: message/rfc822\n\nSubject: x\n\ninner text\n")).root;
  assertEquals(previewPart(root), root.children[0]);
  assertEquals(previewPart(parseIn(4096, octets).root)?.bodyStart, undefined);
});

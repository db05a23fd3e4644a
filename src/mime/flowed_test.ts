import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { parseIn } from "../../tests/corpus/samples.ts";
import { partText, unflow } from "./mod.ts";

Deno.test("flowed lines are joined, fixed ones are not (RFC 3676 §4.1)", () => {
  assertEquals(
    unflow("A \r\nparagraph \r\nof three.\r\nFixed.\r\n\r\nEnd \r\n", false),
    "A paragraph of three.\nFixed.\n\nEnd \n",
  );
  assertEquals(unflow("bare \nLF", false), "bare LF\n");
  assertEquals(unflow("", false), "");
});

Deno.test("DelSp takes the space away that broke the line", () => {
  assertEquals(unflow("日 \r\n本 \r\n語\r\n", true), "日本語\n");
  assertEquals(unflow("two  \r\nwords\r\n", true), "two words\n");
});

Deno.test("space-stuffing goes (§4.4)", () => {
  assertEquals(unflow(" From here \r\n > on\r\n  two\r\n", false), "From here > on\n two\n");
});

Deno.test("quotes of different depth are never joined (§4.5)", () => {
  assertEquals(
    unflow(">> deep \r\n>> er\r\n> less \r\n>>deep\r\nplain \r\n> quoted\r\n", false),
    ">> deep er\n> less \n>> deep\nplain \n> quoted\n",
  );
});

Deno.test("a signature separator is a line of its own (§4.3)", () => {
  assertEquals(unflow("text \r\n-- \r\nme\r\n> -- \r\n> you\r\n", false), "text \n-- \nme\n> -- \n> you\n");
});

Deno.test("partText joins where the part says so", () => {
  const of = (type: string) => {
    const octets = octetsOf(`Content-Type: ${type}\r\n\r\none \r\ntwo\r\n`);
    const { root } = parseIn(4096, octets);
    return partText(root, octets.subarray(root.bodyStart, root.bodyEnd));
  };
  assertEquals(of("text/plain; format=flowed"), "one two\n");
  assertEquals(of('text/plain; Format="Flowed"; DelSp=YES'), "onetwo\n");
  assertEquals(of("text/plain; format=fixed"), "one \r\ntwo\r\n");
  assertEquals(of("text/plain"), "one \r\ntwo\r\n");
  assertEquals(of("text/enriched; format=flowed"), "one \r\ntwo\r\n");
});

Deno.test("unflow loses nothing but line ends, stuffing and quote marks, and is stable on what it made fixed", () => {
  const piece = fc.constantFrom("a", "b ", ">", " ", "\r\n", "\n", "-- ", "日", "\r");
  fc.assert(fc.property(fc.array(piece), fc.boolean(), (list, delSp) => {
    const text = list.join("");
    const letters = (from: string) => from.replaceAll(/[^ab日]/g, "");
    const out = unflow(text, delSp);
    assertEquals(letters(out), letters(text));
    assert(out === "" || out.endsWith("\n"));
  }));
  const start = performance.now();
  unflow("a \r\n".repeat(300_000) + ">".repeat(300_000) + "> \r\n".repeat(100_000), true);
  assert(performance.now() - start < 5000);
});

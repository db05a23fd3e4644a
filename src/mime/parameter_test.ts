import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { octetsOf } from "../bytes/ascii.ts";
import { Lexer } from "./lexer.ts";
import { PARAMETERS } from "./limits.ts";
import { parameters, parameterText } from "./parameter.ts";

const read = (text: string) => parameters(new Lexer(octetsOf(text)));
const short = (text: string) => read(text).map(({ name, value }) => `${name}=${value}`);

Deno.test("parameters as RFC 2045 §5.1 has them, and as senders write them", () => {
  assertEquals(short('; Charset=utf-8; name="a \\"b\\";c"'), ["charset=utf-8", 'name=a "b";c']);
  assertEquals(short(";;charset = us-ascii (Plain); "), ["charset=us-ascii"]);
  assertEquals(short("; boundary=a=b/c:d?; x=y"), ["boundary=a=b/c:d?", "x=y"]);
  assertEquals(short("; name=two words; x=y"), ["name=two", "x=y"]);
  assertEquals(short('; broken; =x; name="unended; x=y'), ["name=unended; x=y"]);
});

Deno.test("parameters that a part cannot be read without count without their semicolon", () => {
  assertEquals(short(' boundary="b"'), ["boundary=b"]);
  assertEquals(short("; charset=utf-8 boundary=b x=y; z=1"), ["charset=utf-8", "boundary=b", "z=1"]);
  assertEquals(short("; x=y filename*0=a\n filename*1=b"), ["x=y", "filename=ab"]);
  assertEquals(short("; x=my name; y=1"), ["x=my", "y=1"]);
});

Deno.test("values that were quoted twice, and rows of encoded words without quotes", () => {
  assertEquals(short('; boundary=\\"--x y\\"; c=d'), ["boundary=--x y", "c=d"]);
  assertEquals(short('; boundary=\\"x'), ["boundary=x"]);
  assertEquals(short("; name==?utf-8?q?a?= =?utf-8?q?b?= c; d=e"), [
    "name==?utf-8?q?a?= =?utf-8?q?b?=",
    "d=e",
  ]);
  assertEquals(parameterText(read("; name==?utf-8?q?=C3?=\t=?utf-8?q?=A9?="), "name"), "é");
});

Deno.test("continuations are joined in order (RFC 2231 §3)", () => {
  assertEquals(short("; f*1=b; f*0=a; f*2=c"), ["f=abc"]);
  assertEquals(short("; f*0=a; f*2=c"), ["f=a"]);
  assertEquals(short("; f*1=a"), ["f="]);
  assertEquals(short("; f*0=a; f*0=x; f*1=b"), ["f=ab"]);
  assertEquals(short("; f*0*=utf-8''%e2; f*1*=%82; f*2=\xac!*"), ["f*=utf-8''%e2%82%AC!%2A"]);
  assertEquals(short("; f*99999=a; f*x=b"), ["f*99999=a", "f*x=b"]);
});

Deno.test("parameterText decodes RFC 2231, else encoded words", () => {
  assertEquals(parameterText(read("; f=plain; f*=utf-8'en'%e2%82%ac%"), "f"), "€%");
  assertEquals(parameterText(read("; f*0*=utf-8''%e2; f*1*=%82; f*2*=%ac"), "f"), "€");
  assertEquals(parameterText(read('; f="=?utf-8?q?=E2=82=AC?="'), "f"), "€");
  assertEquals(parameterText(read("; f=\xe2\x82\xac"), "f"), "€");
  assertEquals(parameterText(read("; ff=x"), "f"), undefined);
});

Deno.test("parameters never throw and are bounded", () => {
  const piece = fc.constantFrom("; ", "a", "*", "0", "1", "=", '"', "\\", "(", ")", "%41", "'", "\xff", " ");
  fc.assert(fc.property(fc.array(piece), (list) => {
    const found = read(list.join(""));
    parameterText(found, "a");
    return found.length <= PARAMETERS;
  }));
  assertEquals(read("; a=b".repeat(PARAMETERS + 1)).length, PARAMETERS);
  const start = performance.now();
  for (const piece of ["; f*0=a", ";", "=", '"', "(", "; a*"]) read(piece.repeat(100_000));
  assert(performance.now() - start < 5000);
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { simpleParser } from "mailparser";
import { Buffer } from "node:buffer";
import { MessageParser, SevenBitConverter, SevenBitSurvey } from "./mod.ts";

/** Octets of a latin1 text. */
function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function planOf(octets: Uint8Array, eightBit = false) {
  const parser = new MessageParser();
  parser.push(octets);
  const survey = new SevenBitSurvey(parser.finish(), 998);
  survey.push(octets);
  return survey.plan(eightBit);
}

/** The converted message, cut into pieces of that size. */
function converted(octets: Uint8Array, size = octets.length): string {
  const plan = planOf(octets);
  if (plan.kind !== "changes") throw new Error(JSON.stringify(plan));
  const converter = new SevenBitConverter(plan.changes);
  let out = "";
  for (let at = 0; at < octets.length; at += size) {
    for (const piece of converter.push(octets.subarray(at, at + size))) {
      out += Buffer.from(piece).toString("latin1");
    }
  }
  return out + Buffer.from(converter.finish()).toString("latin1");
}

const PHOTO = Uint8Array.from({ length: 300 }, (_, i) => i * 7 & 0xff);
const NESTED = [
  "From: a@b.test",
  "MIME-Version: 1.0",
  "Content-Type: multipart/mixed; boundary=x",
  "Content-Transfer-Encoding: 8bit",
  "Subject: all of it",
  "",
  "preamble",
  "--x",
  "Content-Type: text/plain; charset=utf-8",
  "content-transfer-encoding:",
  "\t8bit",
  "X-After: yes",
  "",
  "Gr\xc3\xbc\xc3\x9fe, and a line that is longer than seventy-six octets, so that it must be broken softly \t",
  ".",
  "From here =41",
  "--x",
  "Content-Type: text/plain",
  "",
  "only ASCII: \ttouch me not ",
  "--x",
  "Content-Type: image/png",
  "Content-Transfer-Encoding: binary",
  "",
  `${Buffer.from(PHOTO).toString("latin1")}`,
  "--x",
  "Content-Type: message/rfc822",
  "Content-Transfer-Encoding: 8bit",
  "",
  "Subject: inside",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=utf-8",
  "Content-Transfer-Encoding: 8bit",
  "",
  "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
  "--x--",
  "epilogue",
  "",
].join("\r\n");

Deno.test("parts get an encoding, containers are 7-bit, all else stays, and readers see the same", async () => {
  const octets = octetsOf(NESTED);
  const out = converted(octets);
  // deno-lint-ignore no-control-regex -- 7-bit is what it is about
  assertMatch(out, /^[\x01-\x7f]*$/);
  for (const line of out.split("\r\n")) assert(line.length <= 998 && !/[\r\n]/.test(line), line);
  assertEquals([...out.matchAll(/^Content-Transfer-Encoding: .*$/gm)].map(([line]) => line.slice(27)), [
    "7bit",
    "quoted-printable",
    "base64",
    "7bit",
    "base64",
  ]);
  assert(
    out.includes("\r\nX-After: yes\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC"),
    out,
  );
  assert(out.includes("\r\n\r\nonly ASCII: \ttouch me not \r\n--x\r\n"));
  assert(out.includes("\r\n\r\npreamble\r\n--x\r\n") && out.endsWith("\r\n--x--\r\nepilogue\r\n"));
  const [before, after] = await Promise.all([
    simpleParser(Buffer.from(octets)),
    simpleParser(Buffer.from(out, "latin1")),
  ]);
  assertEquals(after.text, before.text);
  assertEquals(after.attachments.map(({ contentType }) => contentType), ["image/png", "message/rfc822"]);
  assertEquals(Uint8Array.from(after.attachments[0]!.content), PHOTO);
  const inside = await simpleParser(after.attachments[1]!.content);
  assertEquals(inside.text?.trim(), "\u041f\u0440\u0438\u0432\u0435\u0442");
  assertEquals(planOf(octetsOf(out)), { kind: "none" });
});

Deno.test("the same comes out however the message is cut", () => {
  const octets = octetsOf(NESTED);
  const whole = converted(octets);
  for (let size = 1; size < octets.length; size += size < 40 ? 1 : 97) {
    assertEquals(converted(octets, size), whole, `in pieces of ${size}`);
  }
});

Deno.test("a message that is no MIME becomes one, its charset unknown (RFC 1428)", () => {
  assertEquals(
    converted(octetsOf("Subject: x\r\n\r\nGr\xfc\xdfe aus K\xf6ln, wo es sch\xf6n ist\r\n")),
    "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n" +
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
      "Gr=FC=DFe aus K=F6ln, wo es sch=F6n ist\r\n",
  );
});

Deno.test("a text that is binary keeps its bare line ends, its long lines, and has an end", () => {
  const text = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n";
  const body = `${"a".repeat(70)}\n${"b".repeat(70)}\rc\0${"x".repeat(40_000)}\xe4 end`;
  const out = converted(octetsOf(text + body));
  for (const line of out.split("\r\n")) assert(line.length <= 76, line);
  const decoded = out.slice(out.indexOf("\r\n\r\n") + 4).replaceAll("=\r\n", "")
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  assert(decoded === `${body}\r\n`);
  for (const size of [1, 7, 16_384, 20_000]) {
    assert(
      converted(octetsOf(text + body), size).replaceAll("=\r\n", "") === out.replaceAll("=\r\n", ""),
      `in pieces of ${size}`,
    );
  }
});

Deno.test("what cannot be converted is said, and what need not be is left alone", () => {
  const part = (head: string, body = "\xe4") => `MIME-Version: 1.0\r\n${head}\r\n\r\n${body}\r\n`;
  for (
    const [text, why] of [
      ["Subject: \xe4\r\n\r\nx\r\n", /header/],
      [part("DKIM-Signature: v=1"), /signature/],
      [part("ARC-Message-Signature: i=1"), /signature/],
      [part("Content-Type: multipart/signed; boundary=x", "--x\r\n\r\n\xe4\r\n--x--"), /multipart\/signed/],
      [part("Content-Type: multipart/mixed; boundary=x", "\xe4\r\n--x\r\n\r\na\r\n--x--"), /outside/],
      [part("Content-Type: multipart/mixed"), /not clear/],
      [part("Content-Type: message/delivery-status"), /may not be encoded/],
      [part("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64"), /base64/],
      [part("Content-Type: text/plain\r\nContent-Type: text/html"), /not clear/],
      [
        part("Content-Type: message/rfc822", "Subject: \xe4\r\n\r\nx"),
        /header/,
      ],
    ] as const
  ) {
    const plan = planOf(octetsOf(text));
    assertEquals(plan.kind, "impossible", text);
    assertMatch((plan as { why: string }).why, why, text);
  }
  assertEquals(planOf(octetsOf(part("Content-Type: text/plain", "a"))), { kind: "none" });
  // 8-bit text passes; what is binary does not.
  assertEquals(planOf(octetsOf(part("Content-Type: text/plain")), true), { kind: "none" });
  assertEquals(planOf(octetsOf(part("Content-Type: text/plain", "\xe4\0")), true).kind, "changes");
  // A message in UTF-8 throughout is encoded as a whole (RFC 6532 §3.7).
  const global = converted(octetsOf(part("Content-Type: message/global", "Subject: \xc3\xa4\r\n\r\nx")));
  assertMatch(global, /Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDog/);
});

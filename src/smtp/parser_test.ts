import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SMTP_LIMITS } from "./limits.ts";
import { SmtpParser } from "./parser.ts";

const octets = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** All steps as text; content that touches is one. DATA and AUTH are followed as a session would. */
function steps(input: Uint8Array, size: number): string[] {
  const parser = new SmtpParser({ ...SMTP_LIMITS, commandLine: 40, saslLine: 60 });
  const out: string[] = [];
  for (let at = 0; at < input.length; at += size) {
    const chunk = input.slice(at, at + size);
    parser.push(chunk);
    for (let s = parser.next(); s.kind !== "need"; s = parser.next()) {
      if (s.kind === "fault") {
        out.push(`!${s.fault.rule}`);
        if (s.fault.fatal) return out;
      } else if (s.value.kind === "command") {
        const { command } = s.value;
        out.push(JSON.stringify(command));
        if (command.name === "DATA") parser.expectData();
        if (command.name === "AUTH") parser.expectResponse();
      } else if (s.value.kind === "content") {
        const text = String.fromCharCode(...s.value.octets);
        if (out.at(-1)?.startsWith("#")) out[out.length - 1] += text;
        else out.push(`#${text}`);
      } else if (s.value.kind === "response") out.push(`=${s.value.octets}`);
      else out.push(`end ${s.value.defect}`);
    }
    chunk.fill(0x58);
  }
  return out;
}

Deno.test("SmtpParser gives the same steps however the input is cut", () => {
  const input = octets(
    "EHLO a.example\r\nmail FROM:<a@b> SIZE=3 BODY=8BITMIME\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nDATA\r\n..x\r\ny\r\n.\r\n" +
      "BDAT 0\r\nBDAT 7\r\nQUIT\r\n\nBDAT 2 LAST\r\n\r\nAUTH PLAIN AAAA\r\nAAAA\r\nAUTH X\r\n*\r\nAUTH X =\r\n!\r\n" +
      "STARTTLS\r\nHELP x\r\nVRFY x\r\nEXPN y\r\nNOOP\r\nRSET\r\nfoo\r\n\r\nno\nop\r\n" +
      "NOOP 678901234567890123456789012345678\r\nNOOP 6789012345678901234567890123456789\r\n" +
      "NOOP 678901234567890123456789012345678901234567890123456789012345678\r\nQUIT\r\nBDAT z\r\nQUIT\r\n",
  );
  const want = steps(input, input.length);
  assertEquals(want.length, 36);
  assertEquals(want.at(-1), "!bad chunk size");
  for (let size = 1; size < input.length; size++) assertEquals(steps(input, size), want, `${size}`);
});

Deno.test("SmtpParser: any octets, any cut, the same steps", () => {
  const piece = fc.constantFrom(
    "DATA\r\n",
    "BDAT 3\r\n",
    "AUTH X\r\n",
    "NOOP\r\n",
    "\r\n",
    "\r",
    "\n",
    ".",
    ".\r\n",
    "A",
    "QUIT",
    "0123456789",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), (pieces, size) => {
      const input = octets(pieces.join(""));
      assertEquals(steps(input, size), steps(input, Math.max(1, input.length)));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

Deno.test("SmtpParser compares verbs letter by letter", () => {
  const first = (line: string) => steps(octets(line + "\r\n"), 1000)[0];
  assertEquals(first("qUiT"), '{"name":"QUIT"}');
  // The same after masking only if the mask took too much: bit 5 of letters, nothing else.
  for (const bad of ["QUI4", "\x11UIT", "\xd1UIT", "QUI\xd4", "QUIT1", "QUI", "STARTTL", "STARTTLS1"]) {
    assertEquals(first(bad), "!unknown command", bad);
  }
});

Deno.test("SmtpParser knows when nothing is held", () => {
  const parser = new SmtpParser(SMTP_LIMITS);
  parser.push(octets("STARTTLS\r\n"));
  assertEquals(parser.next().kind, "item");
  assert(parser.empty);
  parser.push(octets("STARTTLS\r\nX"));
  assertEquals(parser.next().kind, "item");
  assert(!parser.empty);
  assertEquals(parser.next().kind, "need");
  assert(!parser.empty);
});

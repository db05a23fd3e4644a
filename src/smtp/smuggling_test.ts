import { assertEquals } from "@std/assert";
import { bench } from "../../tests/support/smtp_doubles.ts";
import { MemoryConn, octetsOf } from "../../tests/support/transcript.ts";
import { SMTP_LIMITS } from "./limits.ts";
import { serveSmtp } from "./serve.ts";

/**
 * What has ended a message on some server though it is not CRLF.CRLF (smtpsmuggling.com, CVE-2023-51764..66), and
 * what becomes of a message that holds it: `refused` as a whole, `kept` as text, or `ends` because a true
 * CRLF.CRLF is in it. Escapes as in the transcripts.
 */
const VARIANTS: readonly (readonly [octets: string, outcome: "refused" | "kept" | "ends"])[] = [
  ["\\n.\\n", "refused"],
  ["\\n.\\r\\n", "refused"],
  ["\\r\\n.\\n", "refused"],
  ["\\r.\\r", "refused"],
  ["\\r.\\r\\n", "refused"],
  ["\\r\\n.\\r", "refused"],
  ["\\r.\\n", "refused"],
  ["\\n.\\r", "refused"],
  ["\\r\\n.\\r\\r\\n", "refused"],
  ["\\r\\r\\n.\\r\\r\\n", "refused"],
  ["\\r\\r\\n.\\r\\n", "ends"],
  ["\\n\\n.\\n\\n", "refused"],
  ["\\r\\n\\x00.\\r\\n", "kept"],
  ["\\r\\n.\\x00\\r\\n", "kept"],
  ["\\r\\n..\\r\\n", "kept"],
  ["\\r\\n. \\r\\n", "kept"],
  ["\\x0b.\\x0b", "kept"],
  ["\\x0c.\\x0c", "kept"],
  ["\\xc2\\x85.\\xc2\\x85", "kept"],
  ["\\xe2\\x80\\xa8.\\xe2\\x80\\xa8", "kept"],
  ["\\xc4\\x8d\\xc4\\x8a.\\xc4\\x8d\\xc4\\x8a", "kept"],
  ["\\xc0\\x8d\\xc0\\x8a.\\xc0\\x8d\\xc0\\x8a", "kept"],
];

const TAIL = "MAIL FROM:<evil@elsewhere.test>\\r\\nRCPT TO:<bob@example.test>\\r\\n";
const ENVELOPE = "EHLO c.example\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<alice@example.test>\\r\\n";

/** Runs a client's octets in the given chunks; gives reply codes after the envelope, and what was stored. */
async function run(chunks: readonly Uint8Array[], skipReplies: number): Promise<[string[], string[]]> {
  const it = bench({ ...SMTP_LIMITS, badCommandDelay: 0 });
  const conn = new MemoryConn();
  const served = serveSmtp(conn, it.services, { kind: "mx" });
  for (const chunk of chunks) conn.feed(chunk);
  conn.end();
  await served;
  const codes = conn.lines().filter((line) => line[3] === " ").map((line) => line.slice(0, 3));
  assertEquals(it.store.open, 0);
  return [
    codes.slice(skipReplies),
    it.store.delivered.map(({ octets }) => {
      const text = String.fromCharCode(...octets);
      return text.slice(text.indexOf("+0000\r\n") + 7);
    }),
  ];
}

const latin1 = (octets: Uint8Array) => String.fromCharCode(...octets);

Deno.test("smuggling: 22 ends of a line in DATA, at every split", async () => {
  assertEquals(VARIANTS.length, 22);
  for (const [variant, outcome] of VARIANTS) {
    const input = octetsOf(`${ENVELOPE}DATA\\r\\none${variant}${TAIL}\\r\\n.\\r\\nQUIT\\r\\n`);
    const from = octetsOf(`${ENVELOPE}DATA\\r\\none`).length - 6;
    const until = from + octetsOf(variant).length + 12;
    const message = latin1(octetsOf(`one${variant}${TAIL}\\r\\n`)).replaceAll("\r\n.", "\r\n");
    // 220, EHLO, MAIL, RCPT, DATA: then the end of data and QUIT.
    const want: [string[], string[]] = outcome === "refused"
      ? [["554", "221"], []]
      : outcome === "kept"
      ? [["250", "221"], [message]]
      : [["554", "250", "250", "500", "500", "221"], []];
    assertEquals(await run([input], 5), want, variant);
    for (let at = from; at <= until; at++) {
      assertEquals(await run([input.slice(0, at), input.slice(at)], 5), want, `${variant} split at ${at}`);
    }
    assertEquals(
      await run(Array.from(input, (octet) => Uint8Array.of(octet)), 5),
      want,
      `${variant} in octets`,
    );
  }
});

Deno.test("smuggling: BDAT counts, so all 22 are the message's, octet for octet", async () => {
  for (const [variant] of VARIANTS) {
    const message = octetsOf(`one${variant}${TAIL}\\r\\n.\\r\\n`);
    const head = octetsOf(`${ENVELOPE}BDAT ${message.length} LAST\\r\\n`);
    const input = Uint8Array.from([...head, ...message, ...octetsOf("QUIT\\r\\n")]);
    const want: [string[], string[]] = [["250", "221"], [latin1(message)]];
    for (let at = head.length - 3; at < input.length; at++) {
      assertEquals(await run([input.slice(0, at), input.slice(at)], 4), want, `${variant} split at ${at}`);
    }
    // The same in two chunks, cut inside the variant.
    const first = message.slice(0, 5), second = message.slice(5);
    const two = Uint8Array.from([
      ...octetsOf(`${ENVELOPE}BDAT ${first.length}\\r\\n`),
      ...first,
      ...octetsOf(`BDAT ${second.length} LAST\\r\\n`),
      ...second,
      ...octetsOf("QUIT\\r\\n"),
    ]);
    assertEquals(await run([two], 4), [["250", "250", "221"], [latin1(message)]], variant);
  }
});

Deno.test("smuggling: normalised, no variant becomes an end", async () => {
  for (const [variant, outcome] of VARIANTS.filter(([, o]) => o === "refused")) {
    const it = bench({ ...SMTP_LIMITS, bareNewline: "normalize" });
    const conn = new MemoryConn();
    const served = serveSmtp(conn, it.services, { kind: "mx" });
    conn.feed(octetsOf(`${ENVELOPE}DATA\\r\\none${variant}${TAIL}\\r\\n.\\r\\nQUIT\\r\\n`));
    conn.end();
    await served;
    assertEquals(it.store.delivered.length, 1, `${variant} ${outcome}`);
    const text = latin1(it.store.delivered[0]!.octets);
    assertEquals(text.includes("MAIL FROM:<evil@elsewhere.test>"), true);
    assertEquals(/(^|[^\r])\n|\r([^\n]|$)/.test(text), false, `${variant}: a bare newline stayed`);
  }
});

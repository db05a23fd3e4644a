import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { bench } from "../../tests/support/smtp_doubles.ts";
import { MemoryConn, octetsOf } from "../../tests/support/transcript.ts";
import { SMTP_LIMITS } from "./limits.ts";
import { serveSmtp } from "./serve.ts";

Deno.test("any commands, any cut: the same replies, one for each command, no bug, nothing left", async () => {
  const commands: readonly string[] = [
    "EHLO c.example\\r\\n",
    "HELO c.example\\r\\n",
    "MAIL FROM:<a@b.example>\\r\\n",
    "MAIL FROM:<> BODY=BINARYMIME\\r\\n",
    "RCPT TO:<alice@example.test>\\r\\n",
    "RCPT TO:<full@example.test>\\r\\n",
    "RCPT TO:<down@example.test>\\r\\n",
    "BDAT 6\\r\\nQUIT\\r\\n",
    "BDAT 6 LAST\\r\\nQUIT\\r\\n",
    "RSET\\r\\n",
    "NO\\nOP\\r\\n",
    "AUTH PLAIN AGFsaWNlAHNlY3JldA==\\r\\n",
    "FOO\\r\\n",
  ];
  const limits = {
    ...SMTP_LIMITS,
    badCommandDelay: 0,
    refusedRecipientDelay: 0,
    badCommandsBeforeAuth: 1000,
    badCommandsAfterAuth: 1000,
    authFailures: 1000,
  };
  const run = async (octets: Uint8Array, size: number) => {
    const it = bench(limits, { plainAuth: true });
    const conn = new MemoryConn();
    const served = serveSmtp(conn, it.services, { kind: "mx" });
    for (let at = 0; at < octets.length; at += size) conn.feed(octets.slice(at, at + size));
    conn.end();
    await served;
    assertEquals(it.store.open, 0);
    assertEquals(it.events.filter(({ name }) => name === "bug"), []);
    return conn.lines();
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...commands), { maxLength: 25 }),
      fc.integer({ min: 1, max: 50 }),
      async (chosen, size) => {
        const octets = octetsOf(chosen.join(""));
        const whole = await run(octets, octets.length + 1);
        assertEquals(await run(octets, size), whole);
        const replies = whole.filter((line) => line[3] === " ").length - 1;
        assertEquals(replies, chosen.length);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

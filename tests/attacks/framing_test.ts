/** Attacks on where a message or a command ends, on the whole server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { messages } from "../node/support.ts";
import type { PortName, TestServer } from "../support/server.ts";
import { assertUnharmed, attacked, latin1, OTHER, OWNER, Raw } from "./support.ts";

/** What has ended a message somewhere though it is not CRLF.CRLF: bare ones refuse it, others are text. */
const ENDS: readonly (readonly [octets: string, refused: boolean])[] = [
  ["\n.\n", true],
  ["\n.\r\n", true],
  ["\r\n.\n", true],
  ["\r.\r", true],
  ["\r.\r\n", true],
  ["\r\n.\r", true],
  ["\r\n.\r\r\n", true],
  ["\r\r\n.\r\r\n", true],
  ["\r\n\0.\r\n", false],
  ["\r\n.\0\r\n", false],
  ["\r\n..\r\n", false],
  ["\r\n. \r\n", false],
  ["\x0b.\x0b", false],
  ["\x0c.\x0c", false],
  ["\xc2\x85.\xc2\x85", false],
  ["\xe2\x80\xa8.\xe2\x80\xa8", false],
  ["\xc4\x8d\xc4\x8a.\xc4\x8d\xc4\x8a", false],
  ["\xc0\x8d\xc0\x8a.\xc0\x8d\xc0\x8a", false],
];

async function greeted(server: TestServer, port: PortName): Promise<Raw> {
  const raw = await Raw.connect(server.ports[port]);
  await raw.until(/^220 .*\r\n/);
  await raw.ask(`${port === "lmtp" ? "LHLO" : "EHLO"} evil.test\r\n`, /^250 .*\r\n/m);
  return raw;
}

const ENVELOPE = `MAIL FROM:<a@evil.test>\r\nRCPT TO:<${OWNER}>\r\n`;
const SECOND =
  `MAIL FROM:<ceo@example.test>\r\nRCPT TO:<${OTHER}>\r\nDATA\r\nFrom: ceo@example.test\r\n\r\nhello\r\n`;

Deno.test("attacks on framing", async (t) => {
  await using server = await attacked();

  for (const port of ["smtp", "lmtp"] as const) {
    await t.step(`smuggling in by ${port}: only CRLF.CRLF ends a message`, async () => {
      for (const [variant, refused] of ENDS) {
        for (const split of [false, true]) {
          using raw = await greeted(server, port);
          await raw.ask(`${ENVELOPE}DATA\r\n`, /^354 /m);
          const before = raw.text.length;
          const octets = latin1(`Subject: first\r\n\r\none${variant}${SECOND}.\r\n`);
          if (split) {
            // Inside the variant: what the parser holds between two packets is state of its own.
            const at = "Subject: first\r\n\r\none".length + Math.max(1, variant.length >> 1);
            raw.send(octets.subarray(0, at));
            await new Promise((wake) => setTimeout(wake, 5));
            raw.send(octets.subarray(at));
          } else raw.send(octets);
          raw.send("QUIT\r\n");
          const answers = (await raw.end()).slice(before);
          const label = `${JSON.stringify(variant)}${split ? " split" : ""}`;
          assertMatch(answers, refused ? /^554 5\.6\.11 [^\n]*\n221 / : /^250 [^\n]*\n221 /, label);
        }
      }
      assertEquals(await messages(server, OTHER), 0, "a smuggled message arrived");
    });

    await t.step(`BDAT confusion by ${port}: octets of refused chunks never run as commands`, async () => {
      const hidden = `RSET\r\n${SECOND}.\r\n`;
      const forms: readonly (readonly [string, string, RegExp])[] = [
        ["no transaction", `BDAT ${hidden.length} LAST\r\n${hidden}`, /^503 /],
        [
          "no recipient",
          `MAIL FROM:<a@evil.test>\r\nBDAT ${hidden.length}\r\n${hidden}`,
          /^250 [^\n]*\n50[34] /,
        ],
        [
          "too large",
          `${ENVELOPE}BDAT 99999999999 LAST\r\n${hidden}`,
          /^250 [^\n]*\n250 [^\n]*\n(552 |554 |421 |$)/,
        ],
        ["not a number", `${ENVELOPE}BDAT 0x10 LAST\r\n${hidden}`, /^250 [^\n]*\n250 [^\n]*\n50\d /],
        ["negative", `${ENVELOPE}BDAT -1 LAST\r\n${hidden}`, /^250 [^\n]*\n250 [^\n]*\n50\d /],
        [
          "wraps 2^64",
          `${ENVELOPE}BDAT 18446744073709551617 LAST\r\n${hidden}`,
          /^250 [^\n]*\n250 [^\n]*\n5\d\d /,
        ],
        ["after DATA", `${ENVELOPE}BDAT 3\r\nabcDATA\r\n`, /^250 [^\n]*\n250 [^\n]*\n250 [^\n]*\n503 /],
      ];
      for (const [name, octets, wanted] of forms) {
        using raw = await greeted(server, port);
        const before = raw.text.length;
        raw.send(octets);
        raw.socket.end();
        const answers = (await raw.end()).slice(before).replaceAll("\r", "");
        assertMatch(answers, wanted, name);
        assert(!/^354 /m.test(answers), `${name}: a hidden DATA was run`);
      }
      assertEquals(await messages(server, OTHER), 0);
    });

    await t.step(
      `state kept after errors by ${port}: nothing of a refused message is in the next`,
      async () => {
        const failures = [
          ["a bare newline", `${ENVELOPE}DATA\r\nbare\n\r\n.\r\n`, /^554 /m],
          ["a refused chunk", `${ENVELOPE}BDAT 3\r\nabcDATA\r\nRSET\r\n`, /^503 [^]*^250 /m],
          ["RSET", `${ENVELOPE}RSET\r\n`, /(^250 [^\n]*\n){3}/m],
          ["a greeting", `${ENVELOPE}${port === "lmtp" ? "LHLO" : "EHLO"} again.test\r\n`, /SMTPUTF8|SIZE/],
        ] as const;
        for (const [name, octets, wanted] of failures) {
          using raw = await greeted(server, port);
          await raw.ask(octets, wanted);
          await raw.ask("NOOP\r\n", /^250 .*\r\n$/m);
          for (const command of ["DATA", `RCPT TO:<${OTHER}>`, "BDAT 0 LAST"]) {
            const answer = await raw.ask(`${command}\r\n`, /^\d{3} .*\r\n/m);
            assertMatch(answer, /^503 /, `${command} after ${name}`);
          }
        }
      },
    );
  }

  await t.step("STARTTLS command injection: what came in clear is not run under TLS", async () => {
    const forms: readonly (readonly [PortName, string, string, RegExp])[] = [
      ["smtp", "EHLO a.test\r\n", `STARTTLS\r\nEHLO injected.test\r\n${ENVELOPE}`, /^220 /m],
      ["submission", "EHLO a.test\r\n", "STARTTLS\r\nEHLO injected.test\r\nNOOP\r\n", /^220 /m],
      ["lmtp", "LHLO a.test\r\n", `STARTTLS\r\nLHLO injected.test\r\n${ENVELOPE}`, /^220 /m],
      ["imap", "", `a STARTTLS\r\nb NOOP\r\nc LOGIN ${OTHER} correct-horse-battery\r\n`, /^a OK/m],
      ["pop3", "", `STLS\r\nUSER ${OTHER}\r\nPASS correct-horse-battery\r\n`, /^\+OK/m],
    ];
    for (const [port, hello, injected] of forms) {
      using raw = await Raw.connect(server.ports[port]);
      await raw.until(/\r\n/);
      if (hello !== "") await raw.ask(hello, /^250 .*\r\n/m);
      raw.send(injected);
      // Either the connection ends, or TLS begins with nothing of the injection answered in it.
      const secure = await raw.tls().catch(() => undefined);
      if (secure === undefined) continue;
      using _secure = secure;
      secure.send(port === "imap" ? "z NOOP\r\n" : "NOOP\r\n");
      const answers = await secure.until(/\r\n/).catch(() => "");
      assert(!/^(b|c) |injected|^250 2\.1/m.test(answers), `${port} ran what was injected: ${answers}`);
    }
  });

  await t.step("STARTTLS forgets the greeting, and does not begin in a transaction", async () => {
    using raw = await greeted(server, "smtp");
    await raw.ask(ENVELOPE, /(^250 [^\n]*\n){2}/m);
    assertMatch(await raw.ask("STARTTLS\r\n", /^\d{3} .*\r\n/m), /^503 /);
    await raw.ask("RSET\r\n", /^250 .*\r\n/m);
    await raw.ask("STARTTLS\r\n", /^220 .*\r\n/m);
    using secure = await raw.tls();
    assertMatch(await secure.ask("DATA\r\n", /\r\n/), /^503 /);
    assertMatch(await secure.ask("MAIL FROM:<a@evil.test>\r\n", /\r\n/), /^503 /);
  });

  await assertUnharmed(server);
});

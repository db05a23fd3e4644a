/** Attacks on who may do what: relaying, passwords, other people's mailboxes, injected text. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { imap, messages, postmaster, processTree, read, smtp } from "../node/support.ts";
import { LineClient } from "../support/line_client.ts";
import { assertUnharmed, attacked, OTHER, OWNER, Raw, rawImap } from "./support.ts";

const base64 = (text: string) => btoa(text);
const SECRET = "correct-horse-battery";

/** SASL responses that are wrong in form; after each the server must still know the right one. */
const RESPONSES: readonly string[] = [
  "",
  "=",
  "*",
  "====",
  "not base64!",
  "AAAA=AAAA",
  base64("\0"),
  base64("\0\0"),
  base64("\0\0\0\0\0"),
  base64(`\0${OWNER}`),
  base64(`\0${OWNER}\0`),
  base64(`\0\0${SECRET}`),
  base64(`${OWNER}\0${SECRET}`),
  base64(`${OWNER}${SECRET}`),
  base64(`${OTHER}\0${OWNER}\0wrong`),
  base64(`\0${OWNER}\0${SECRET}\0`),
  base64(`\0${OWNER}\0${SECRET}`).slice(0, -3),
  base64(`\0${OWNER}' or '1'='1\0' or '1'='1`),
  base64(`\0\xff\xfe\0${SECRET}`),
  base64(`\0${"a".repeat(3000)}\0b`),
  base64("n,,n=user,r=abc"),
];

const RELAY = [
  "<victim@elsewhere.test>",
  "<victim%elsewhere.test@example.test>",
  '<"victim@elsewhere.test"@example.test>',
  "<elsewhere.test!victim@example.test>",
  "<@example.test:victim@elsewhere.test>",
  "<@example.test,@a.test:victim@elsewhere.test>",
  "<victim@elsewhere.test@example.test>",
  "<victim@[127.0.0.1]>",
  "<victim@[IPv6:::1]>",
  "<victim@localhost>",
  "<victim@elsewhere.test.>",
  "<victim@example.test.elsewhere.test>",
  "<victim@example.test\0.elsewhere.test>",
  "<|/bin/sh@example.test>",
  "<victim@>",
  "victim@elsewhere.test",
];

/** What might lead out of the account, or into another. */
const FOREIGN = [
  OTHER,
  `user.${OTHER}`,
  `user/${OTHER}`,
  `user/${OTHER}/INBOX`,
  `#user/${OTHER}`,
  `~${OTHER}`,
  `~${OTHER}/INBOX`,
  `Other Users/${OTHER}/INBOX`,
  `../${OTHER}/INBOX`,
  `../../../../etc/passwd`,
  "/etc/passwd",
  "..",
  "./INBOX/../../x",
  "INBOX/../../other",
  "&AC8-etc&AC8-passwd",
  "&AC4ALgAv-x",
  "..\\..\\x",
  "%2e%2e%2fx",
  "' or 1=1; --",
];

Deno.test("attacks on identity", async (t) => {
  await using server = await attacked([
    "limits.smtp.bad_commands_before_auth=200",
    "limits.smtp.refused_recipients=200",
    "limits.smtp.refused_recipient_delay=0",
    "limits.imap.session.bad_before_login=1000",
    "limits.throttle.address_minute=10000",
    "limits.throttle.address_day=10000",
    "limits.throttle.account_hour=10000",
  ]);

  await t.step("relay forms: nobody without a login sends anything elsewhere", async () => {
    await using client = await smtp(server.ports.smtp);
    await client.exchange("MAIL FROM:<a@evil.test>", /^250 /);
    for (const to of RELAY) {
      const reply = await client.exchange(`RCPT TO:${to}`, /^\d{3} /);
      assertMatch(reply, /^(550|501|553|500) /, to);
    }
  });

  await t.step("AUTH edges: no form of a response lets anybody in or breaks the server", async () => {
    for (const response of RESPONSES) {
      const attempts: readonly (readonly [keyof typeof server.ports, string, string, RegExp])[] = [
        ["submission", "EHLO a.test\r\n", `AUTH PLAIN ${response}\r\n`, /^(334|[45]\d\d) /m],
        ["imap", "", `a AUTHENTICATE PLAIN ${response}\r\n`, /^(\+|a (NO|BAD)|\* BYE)/m],
        ["pop3", "", `AUTH PLAIN ${response}\r\n`, /^(\+ |-ERR)/m],
      ];
      for (const [port, hello, command, wanted] of attempts) {
        using raw = await Raw.connect(server.ports[port]);
        await raw.until(/\r\n/);
        if (hello !== "") await raw.ask(hello, /^250 .*\r\n/m);
        const answer = await raw.ask(command, /\r\n/);
        assertMatch(answer, wanted, `${port} ${response}`);
        if (/^(334|\+)/.test(answer)) raw.send("*\r\n");
      }
    }
    // Somebody else's broken exchange disturbs nobody (CVE-2025-59028).
    await using client = await imap(server.ports.imap, OWNER);
    await client.exchange("b NOOP", /^b OK/);
  });

  await t.step("guessing: the answer is the same for users who are there and who are not", async () => {
    const answer = async (user: string) => {
      using raw = await Raw.connect(server.ports.imap);
      await raw.until(/\r\n/);
      return (await raw.ask(`a LOGIN ${user} wrong-password\r\n`, /^a .*\r\n/m)).replaceAll(/\s+/g, " ");
    };
    assertEquals(await answer(OWNER), await answer("nobody@example.test"));
    assertEquals(await answer(OWNER), await answer("nobody@elsewhere.test"));
  });

  await t.step("SQL injection: quotes, comments, NUL, LIKE's signs are data", async () => {
    await using client = await imap(server.ports.imap, OWNER);
    const nasty = ["a'; drop table account; --", 'b\\"c', "100%_\\\\%", "$1", "';select pg_sleep(30)--"];
    for (const [i, text] of nasty.entries()) {
      await client.exchange(`c${i} CREATE "${text}"`, new RegExp(`^c${i} (OK|NO|BAD)`));
      await client.exchange(`d${i} LIST "" "${text}"`, new RegExp(`^d${i} (OK|NO|BAD)`));
      await client.exchange(`e${i} SELECT INBOX`, new RegExp(`^e${i} OK`));
      await client.exchange(`f${i} SEARCH TEXT "${text}"`, new RegExp(`^f${i} (OK|NO|BAD)`));
      await client.exchange(`g${i} SEARCH HEADER "x" "${text}"`, new RegExp(`^g${i} (OK|NO|BAD)`));
    }
    using raw = await Raw.connect(server.ports.imap);
    await raw.until(/\r\n/);
    for (const user of ["' or '1'='1", `${OWNER}'--`, "a\\' or 1=1"]) {
      const quoted = user.replaceAll("\\", "\\\\");
      assertMatch(await raw.ask(`a LOGIN "${quoted}" "' or '1'='1"\r\n`, /^a .*\r\n/m), /^a NO/m);
    }
  });

  await t.step("cross-account access: no command reaches another's mailbox by any name", async () => {
    {
      await using other = await imap(server.ports.imap, OTHER);
      await other.exchange("b CREATE Private", /^b OK/);
    }
    await using client = await smtp(server.ports.smtp);
    for (const line of ["MAIL FROM:<a@b.test>", `RCPT TO:<${OTHER}>`]) await client.exchange(line, /^250 /);
    await client.exchange("DATA", /^354 /);
    await client.exchange("Subject: secret\r\n\r\nonly for the other\r\n.", /^250 /);
    using raw = await rawImap(server);
    let tag = 0;
    for (const name of [...FOREIGN, "Private"]) {
      const quoted = `"${name.replaceAll("\\", "\\\\")}"`;
      const commands = [
        `SELECT ${quoted}`,
        `EXAMINE ${quoted}`,
        `STATUS ${quoted} (MESSAGES UIDNEXT)`,
        `DELETE ${quoted}`,
        `RENAME ${quoted} mine${tag}`,
        `GETQUOTAROOT ${quoted}`,
        `GETMETADATA ${quoted} /private/comment`,
        `SUBSCRIBE ${quoted}`,
        `UNSUBSCRIBE ${quoted}`,
        `LIST "" ${quoted}`,
        `LSUB "" ${quoted}`,
      ];
      for (const command of commands) {
        const answer = await raw.ask(`x${++tag} ${command}\r\n`, new RegExp(`^x${tag} .*\r\n`, "m"));
        if (/^(SELECT|EXAMINE|STATUS|DELETE|RENAME)/.test(command)) {
          assert(!new RegExp(`^x${tag} OK`, "m").test(answer), `${command}: ${answer}`);
        }
        assert(
          !/only for the other|Private"?\r/.test(answer.replaceAll(quoted, "")) || name === "Private",
          command,
        );
      }
    }
    // And what may be made with such a name is one's own.
    for (const name of FOREIGN) {
      await raw.ask(`y${++tag} CREATE "${name.replaceAll("\\", "\\\\")}"\r\n`, /^y\d+ .*\r\n/m);
    }
    await using other = await imap(server.ports.imap, OTHER);
    await other.exchange("c STATUS INBOX (MESSAGES)", /MESSAGES 1/);
    await other.exchange("d STATUS Private (MESSAGES)", /MESSAGES 0/);
  });

  await t.step("mailbox-name traversal: names never become paths", async () => {
    const names = ["../../../../tmp/malleposte-traversal", "/tmp/malleposte-traversal", "..&AC8-x"];
    await using client = await imap(server.ports.imap, OWNER);
    for (const [i, name] of names.entries()) {
      await client.exchange(`b${i} CREATE "${name}"`, new RegExp(`^b${i} `));
    }
    assertEquals(read("/tmp/malleposte-traversal"), "");
    // Too long, too deep, with NUL: refused, and the session goes on.
    using raw = await rawImap(server);
    for (const name of ["a".repeat(20_000), "d/".repeat(1500) + "x", "nul\0l"]) {
      assertMatch(await raw.ask(`c CREATE "${name}"\r\n`, /^(c|\*) .*\r\n/m), /^(c (NO|BAD)|\* BAD)/m);
    }
    assertMatch(await raw.ask("d NOOP\r\n", /^d .*\r\n/m), /^d OK/m);
  });

  await t.step("header injection through parameters: no answer and no header gets another line", async () => {
    const values = [
      "BODY=8BITMIME\x0d\x0aX-Injected: yes",
      "AUTH=a+0D+0AX-Injected:+20yes",
      "ENVID=+0D+0AX-Injected:+20yes",
      "SIZE=1\nX-Injected: yes",
    ];
    for (const value of values) {
      using raw = await Raw.connect(server.ports.smtp);
      await raw.until(/\r\n/);
      await raw.ask("EHLO a\x0bX-Injected: yes\r\n", /\r\n/);
      await raw.ask("EHLO a.test\r\n", /^250 .*\r\n/m);
      raw.send(
        `MAIL FROM:<a@b.test> ${value}\r\nRCPT TO:<${OWNER}>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n`,
      );
      const answers = await raw.end();
      assert(!/^X-Injected/m.test(answers), answers);
    }
    if (await messages(server, OWNER) > 0) {
      using raw = await rawImap(server);
      await raw.ask("s SELECT INBOX\r\n", /^s .*\r\n/m);
      const text = await raw.ask("f FETCH 1:* BODY.PEEK[HEADER]\r\n", /^f .*\r\n/m);
      assert(!/^X-Injected/m.test(text), text);
    }
  });

  await t.step(
    "log injection: what clients send makes no line, no field and no escape of the log",
    async () => {
      const forged = '\r\n{"event":"forged"}\x1b[2J\x9b31m\u202e';
      using raw = await Raw.connect(server.ports.smtp);
      await raw.until(/\r\n/);
      raw.send(
        `EHLO ${forged}\r\nMAIL FROM:<${forged}@x.test>\r\nRCPT TO:<a${forged}@example.test>\r\nQUIT\r\n`,
      );
      raw.socket.end();
      await raw.end();
      using other = await Raw.connect(server.ports.imap);
      await other.until(/\r\n/);
      const name = "x\x1b[31m\x9b'\x7f";
      await other.ask(`a LOGIN {${name.length}+}\r\n${name} pw\r\n`, /^a .*\r\n/m);
      await using pop = await LineClient.connect(server.ports.pop3);
      await pop.line(/^\+OK/);
      await pop.exchange("USER \x1b]0;x\x07", /^(\+OK|-ERR)/);
      const output = server.output();
      // deno-lint-ignore no-control-regex -- these are what must not be there
      assert(!/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/.test(output), "a raw control character is in the log");
      assert(!/^\{"event":"forged"/m.test(output), "a forged line is in the log");
    },
  );

  await t.step("no secret is in the log, in /metrics or on a command line", async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`)).text();
    assert(!server.output().includes(SECRET), "the log holds a password");
    assert(!metrics.includes(SECRET), "/metrics holds a password");
    const encoded = base64(`\0${OWNER}\0${SECRET}`).slice(8, -6);
    assert(!server.output().includes(encoded), "the log holds an encoded password");
    const mother = postmaster(server.folder)!;
    for (const pid of [...processTree(server.pid), mother]) {
      assert(!read(`/proc/${pid}/cmdline`).includes(SECRET), "a command line holds a password");
    }
    assert(
      !read(`${server.folder}/postgres/postgres.log`).includes(SECRET),
      "PostgreSQL's log holds a password",
    );
  });

  await assertUnharmed(server);
});

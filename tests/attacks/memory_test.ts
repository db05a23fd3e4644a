/** Attacks on memory and time: whatever comes, the server grows by no more than a named bound, and goes on. */
import { assert, assertMatch } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { imap, send, sleep, smtp, transaction } from "../node/support.ts";
import type { TestServer } from "../support/server.ts";
import { assertUnharmed, attacked, latin1, OWNER, Raw, rawImap, within } from "./support.ts";

/** MiB that an attack may cost. Garbage that is not collected yet counts, too: an idle heap moves by some ten. */
const BOUND = {
  literals: 64,
  parentheses: 64,
  sequenceSets: 96,
  compress: 64,
  neverReading: 128,
  pipelines: 96,
  idle: 96,
  connections: 160,
  patterns: 64,
  lines: 96,
} as const;

/** Many raw connections at once, each greeted. */
async function crowd(port: number, count: number): Promise<{ readonly all: readonly Raw[] } & Disposable> {
  const all: Raw[] = [];
  for (let i = 0; i < count; i += 50) {
    all.push(...await Promise.all(Array.from({ length: Math.min(50, count - i) }, () => Raw.connect(port))));
  }
  await Promise.all(all.map((raw) => raw.until(/\r\n/)));
  return {
    all,
    [Symbol.dispose]() {
      for (const raw of all) raw[Symbol.dispose]();
    },
  };
}

async function assertServed(server: TestServer): Promise<void> {
  assertMatch(await send(server, OWNER), /^250 /);
  await using client = await imap(server.ports.imap, OWNER);
  await client.exchange("b SELECT INBOX", /^b OK/);
}

Deno.test("attacks on memory", async (t) => {
  await using server = await attacked([
    "limits.imap.session.bad_before_login=1000",
    "limits.net.write_stall_ms=5000",
    "limits.net.new_per_minute=100000",
    "limits.net.connections_per_address=10000",
  ]);
  // What is only ever allocated once is allocated before anybody measures.
  for (let i = 0; i < 20; i++) await assertServed(server);

  await t.step("literals: sizes that nobody may send are refused before they come", async () => {
    await within(server, BOUND.literals, async () => {
      for (
        const size of ["999999999", "4294967296", "18446744073709551616", "99999999999999999999", "-1", "1e9"]
      ) {
        for (const plus of ["", "+"]) {
          using raw = await Raw.connect(server.ports.imap);
          await raw.until(/\r\n/);
          const answer = await raw.ask(`a LOGIN {${size}${plus}}\r\n`, /\r\n/);
          assertMatch(answer, /^(a (BAD|NO)|\* BYE|\* BAD)/, `${size}${plus}`);
        }
      }
      // Many that are allowed one by one.
      using many = await rawImap(server);
      const literal = `{102400+}\r\n${"x".repeat(102_400)}`;
      many.send(`b SEARCH ${Array.from({ length: 30 }, () => `SUBJECT ${literal}`).join(" ")}\r\n`);
      assertMatch(await many.until(/^(b |\* BYE).*\r\n/m, many.text.length), /^(b (NO|BAD)|\* BYE)/m);
    });
  });

  await t.step("parentheses: held open by many, nested beyond measure", async () => {
    await within(server, BOUND.parentheses, async () => {
      using holding = await crowd(server.ports.imap, 30);
      for (const raw of holding.all) raw.send(`a LIST ${"(".repeat(8_000)}`);
      using raw = await rawImap(server);
      for (const depth of [17, 33, 1_000, 60_000]) {
        const from = raw.text.length;
        raw.send(`n${depth} SEARCH ${"(".repeat(depth)}ALL${")".repeat(Math.min(depth, 100))}\r\n`);
        assertMatch(await raw.until(/^(n\d+ (OK|NO|BAD)|\* (BYE|BAD)).*\r\n/m, from), /BAD|NO|BYE|OK/);
        if (raw.over) break;
      }
      await assertServed(server);
    });
  });

  await t.step("sequence-set bombs: ranges cost what they hold, not what they span", async () => {
    await within(server, BOUND.sequenceSets, async () => {
      using raw = await rawImap(server);
      await raw.ask("s SELECT INBOX\r\n", /^s OK/m);
      const sets = [
        "1:4294967295",
        "4294967295:1",
        "1:*,".repeat(2000) + "1",
        Array.from({ length: 9000 }, (_, i) => i * 2 + 1).join(","),
        "1:4294967296",
        "0",
        "18446744073709551617",
      ];
      for (const [i, set] of sets.entries()) {
        for (const command of ["UID FETCH", "FETCH", "UID SEARCH UID"]) {
          const tag = `t${i}`;
          const line = command.endsWith("UID")
            ? `${tag} ${command} ${set}`
            : `${tag} ${command} ${set} (FLAGS)`;
          const answer = await raw.ask(`${line}\r\n`, new RegExp(`^(${tag} (OK|NO|BAD)|\\* BYE).*\r\n`, "m"));
          assert(!/BYE/.test(answer), answer);
        }
      }
    });
  });

  await t.step("COMPRESS bombs: what inflates without end is cut off", async () => {
    await within(server, BOUND.compress, async () => {
      for (let i = 0; i < 3; i++) {
        using raw = await rawImap(server);
        await raw.ask("c COMPRESS DEFLATE\r\n", /^c OK.*\r\n/m);
        raw.send(deflateRawSync(new Uint8Array(512 * 1024 * 1024)));
        await raw.end();
      }
    });
  });

  await t.step("wildcard patterns: LIST is linear in what it is given", async () => {
    await within(server, BOUND.patterns, async () => {
      using raw = await rawImap(server);
      await raw.ask(`c CREATE ${"a".repeat(200)}\r\n`, /^c .*\r\n/m);
      for (
        const pattern of [
          "%*".repeat(2000) + "b",
          "*a".repeat(3000),
          "%".repeat(7000),
          "*%*%".repeat(1500) + "x",
        ]
      ) {
        const began = performance.now();
        await raw.ask(`l LIST "" "${pattern}"\r\n`, /^(l |\* BYE).*\r\n/m);
        // Exponential work would take for ever; a busy machine does not take this long for linear work.
        assert(performance.now() - began < 15_000, "LIST took too long");
      }
    });
  });

  await t.step("lines without end are cut off, on every port", async () => {
    await within(server, BOUND.lines, async () => {
      for (const port of ["smtp", "submission", "lmtp", "imap", "pop3", "http"] as const) {
        using raw = await Raw.connect(server.ports[port]);
        for (let i = 0; i < 64 && !raw.over; i++) {
          raw.send(new Uint8Array(1024 * 1024).fill(0x61));
          await sleep(2);
        }
        raw.socket.end();
        await raw.end();
      }
    });
  });

  await t.step(
    "never-reading clients: what they ask for waits with them, then they are dropped",
    async () => {
      await using client = await smtp(server.ports.smtp);
      const line = `${"x".repeat(998)}\r\n`;
      assertMatch(await transaction(client, OWNER, `Subject: large\r\n\r\n${line.repeat(8_000)}`), /^250 /);
      await within(server, BOUND.neverReading, async () => {
        const readers = await Promise.all(Array.from({ length: 20 }, () => rawImap(server)));
        for (const raw of readers) {
          await raw.ask("s SELECT INBOX\r\n", /^s OK/m);
          raw.socket.pause();
          raw.send("f UID FETCH 1:* BODY.PEEK[]\r\n".repeat(50));
        }
        await assertServed(server);
        // The stall limit of this server is five seconds.
        await sleep(12_000);
        await assertServed(server);
        for (const raw of readers) raw[Symbol.dispose]();
      });
    },
  );

  await t.step("a flood of pipelined commands is answered as fast as it is read, and no faster", async () => {
    await within(server, BOUND.pipelines, async () => {
      using raw = await rawImap(server);
      raw.send(latin1("p NOOP\r\n".repeat(200_000)));
      raw.send("q NOOP\r\n");
      const waiting = raw.until(/^q OK/m, raw.text.length);
      await assertServed(server);
      await waiting;
      using mail = await Raw.connect(server.ports.smtp);
      await mail.until(/\r\n/);
      mail.send(`EHLO a.test\r\n${"NOOP\r\n".repeat(100_000)}`);
      mail.socket.end();
      await mail.end();
    });
  });

  await t.step("a flood of IDLE: each costs little, and hears what happens", async () => {
    await within(server, BOUND.idle, async () => {
      using idle = await crowd(server.ports.imap, 15);
      await Promise.all(idle.all.map(async (raw) => {
        await raw.ask(`l LOGIN ${OWNER} correct-horse-battery\r\n`, /^l .*\r\n/m);
        await raw.ask("s SELECT INBOX\r\n", /^s OK/m);
        await raw.ask("i IDLE\r\n", /^\+ /m);
      }));
      const before = idle.all.map((raw) => raw.text.length);
      assertMatch(await send(server, OWNER), /^250 /);
      await Promise.all(idle.all.map((raw, i) => raw.until(/EXISTS/, before[i])));
    });
  });

  await t.step("a flood of connections that say nothing: others are served", async () => {
    await within(server, BOUND.connections, async () => {
      using smtpCrowd = await crowd(server.ports.smtp, 300);
      using imapCrowd = await crowd(server.ports.imap, 300);
      await assertServed(server);
      void [smtpCrowd, imapCrowd];
    });
  });

  await assertUnharmed(server);
});

Deno.test("slow clients: who drips or says nothing is dropped, and others are served meanwhile", async () => {
  await using server = await attacked([
    "limits.smtp.first_mail=3000",
    "limits.smtp.idle=3000",
    "limits.smtp.data_grace=2000",
    "limits.imap.session.login_ms=3000",
    "limits.pop3.idle_before_login_ms=3000",
    "limits.pop3.authorization_ms=3000",
  ]);
  const silent = await Promise.all(
    (["smtp", "imap", "pop3", "submissions", "imaps"] as const).map((port) =>
      Raw.connect(server.ports[port])
    ),
  );
  const dripping = await Promise.all(
    (["smtp", "imap", "pop3"] as const).map((port) => Raw.connect(server.ports[port])),
  );
  const drops = setInterval(() => {
    for (const raw of dripping) if (!raw.over) raw.send("N");
  }, 300);
  try {
    using body = await Raw.connect(server.ports.smtp);
    await body.until(/\r\n/);
    await body.ask("EHLO a.test\r\n", /^250 .*\r\n/m);
    await body.ask(`MAIL FROM:<a@b.test>\r\nRCPT TO:<${OWNER}>\r\nDATA\r\n`, /^354 /m);
    const dribble = setInterval(() => body.over || body.send("x\r\n"), 500);
    await assertServed(server);
    try {
      await body.end();
    } finally {
      clearInterval(dribble);
    }
    for (const raw of [...dripping, ...silent.slice(0, 3)]) await raw.end();
    await assertServed(server);
  } finally {
    clearInterval(drops);
    for (const raw of [...silent, ...dripping]) raw[Symbol.dispose]();
  }
  await assertUnharmed(server);
});

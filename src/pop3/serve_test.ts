import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import { KATE, latin1, PASSWORD, Pop3Harness } from "../../tests/support/pop3_harness.ts";
import { COMMANDS } from "./command.ts";

const message = (size: number) => latin1(`Subject: big\r\n\r\n${"x".repeat(998)}\r\n`.padEnd(size, "y"));

Deno.test("a client that stops reading holds the store back: one piece is read, not the message", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(8 << 20)] });
  await harness.login();
  harness.store.pieceSize = 65_536;
  harness.conn.stall();
  await harness.say("RETR 1\r\n");
  assertLessOrEqual(harness.store.given, 2 * 65_536);
  for (let i = 0; i < 100; i++) await Promise.resolve();
  assertLessOrEqual(harness.store.given, 2 * 65_536);
  harness.conn.take();
  await harness.conn.idle();
  assertEquals(harness.store.given, 8 << 20);
  assert(harness.conn.takeOutput().endsWith("y\r\n.\r\n"));
});

Deno.test("a stalled client that goes away ends the session without deleting", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(1 << 20)] });
  await harness.login();
  harness.store.pieceSize = 65_536;
  harness.conn.stall();
  await harness.say("DELE 1\r\nRSET\r\nDELE 1\r\nRSET\r\nRETR 1\r\n");
  harness.conn.break();
  await harness.served;
  assertEquals(harness.event("pop3.close")?.end, "broken");
  assertEquals([harness.store.removed, harness.store.locked], [[], false]);
});

Deno.test("a connection that breaks while idle, with marks set, deletes nothing", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(100)] });
  await harness.login();
  await harness.say("DELE 1\r\n");
  harness.conn.break();
  await harness.served;
  assertEquals(harness.event("pop3.close"), {
    session: "s1",
    end: "broken",
    retrieved: 0,
    octets: 0,
    deleted: 0,
  });
  assertEquals([harness.store.removed, harness.store.locked], [[], false]);
});

for (const down of ["octets-late", "vanish"]) {
  Deno.test(`a message that cannot be finished (${down}) is cut off, never ended`, async () => {
    await using harness = new Pop3Harness({ tls: true, messages: [message(5000)] });
    await harness.login();
    harness.store.pieceSize = 2000;
    harness.store.down = down;
    const output = await harness.say("RETR 1\r\nNOOP\r\n");
    await harness.served;
    assertStringIncludes(output, "+OK 5000 octets follow\r\nSubject: big\r\n");
    assert(!output.includes("\r\n.\r\n") && !output.includes("-ERR") && !output.includes("Nothing done"));
    assertEquals(harness.conn.closed, "destroyed");
    assertEquals(harness.event("pop3.close")?.end, "truncated");
    assertEquals(harness.store.locked, false);
  });
}

Deno.test("the maildrop is free before QUIT is answered, and deleted before it is free", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(100), message(100)] });
  await harness.login();
  const { conn, store } = harness;
  const write = conn.write.bind(conn);
  conn.write = (octets) => {
    store.calls.push("answer");
    return write(octets);
  };
  await harness.say("DELE 2\r\nQUIT\r\n");
  await harness.served;
  assertEquals(store.calls, ["lock s1", "remove 13", "unlock", "answer"]);
  assertEquals(harness.event("pop3.close"), {
    session: "s1",
    end: "quit",
    retrieved: 0,
    octets: 0,
    deleted: 1,
  });
});

Deno.test("a client that sends octet by octet wins no time, before login nor after", async () => {
  for (const [login, limit] of [[false, 60], [true, 600]] as const) {
    await using harness = new Pop3Harness({ tls: true });
    await harness.conn.idle();
    if (login) await harness.login();
    harness.conn.takeOutput();
    let seconds = 0;
    for (; harness.conn.closed === "no" && seconds < 2000; seconds += 10) {
      await harness.say("N");
      harness.clock.advance(10_000);
      await harness.conn.idle();
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
    assertEquals(seconds, limit);
    await harness.served;
    assertEquals([harness.conn.takeOutput(), harness.event("pop3.close")?.end], ["", "idle"]);
  }
});

Deno.test("nobody lives before login, however busy", async () => {
  await using harness = new Pop3Harness({ tls: true });
  let seconds = 0;
  for (; harness.conn.closed === "no" && seconds < 2000; seconds += 30) {
    await harness.say("CAPA\r\n");
    harness.clock.advance(30_000);
    await harness.conn.idle();
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
  assertEquals(seconds, 300);
  assertEquals(harness.event("pop3.close")?.end, "idle");
});

Deno.test("a drain lets the running command finish, and the next one not begin", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(200_000)] });
  await harness.login();
  harness.store.pieceSize = 65_536;
  harness.conn.stall();
  const begun = await harness.say("RETR 1\r\nDELE 1\r\nQUIT\r\n");
  harness.drain.abort();
  harness.conn.take();
  await harness.served;
  const output = begun + harness.conn.takeOutput();
  const tail = "y\r\n.\r\n-ERR [SYS/TEMP] This server is shutting down: come back in a moment\r\n";
  assert(output.endsWith(tail), output.slice(-200));
  assertEquals(output.length, "+OK 200000 octets follow\r\n".length + 200_000 - 1 + tail.length);
  assertEquals([harness.store.removed, harness.event("pop3.close")?.end], [[], "drain"]);
});

Deno.test("a connection that comes while the server drains is told so", async () => {
  const harness = new Pop3Harness({ tls: true });
  harness.drain.abort();
  await harness.served;
  assertStringIncludes(harness.conn.takeOutput(), "-ERR [SYS/TEMP] This server is shutting down");
});

Deno.test("over-long lines: refused and stepped over, or fatal when they do not end", async () => {
  await using harness = new Pop3Harness({ tls: true });
  await harness.conn.idle();
  harness.conn.takeOutput();
  assertEquals(await harness.say(`USER ${"u".repeat(505)}\r\n`), "+OK Send your password\r\n");
  assertEquals(await harness.say(`USER ${"u".repeat(506)}\r\n`), "-ERR The line is too long\r\n");
  assertEquals(
    await harness.say(`AUTH PLAIN ${"A".repeat(12_288)}\r\nCAPA x\r\n`),
    "-ERR The line is too long\r\n-ERR Too many bad commands\r\n",
  );

  await using endless = new Pop3Harness({ tls: true });
  await endless.conn.idle();
  endless.conn.takeOutput();
  assertEquals(await endless.say("x".repeat(12_288)), "-ERR The line is too long\r\n");
  assertEquals(await endless.say("x".repeat(65_536)), "");
  assertEquals(await endless.say("x"), "-ERR The line is too long\r\n");
  await endless.served;
  assertEquals(endless.event("pop3.close")?.end, "abuse");
});

Deno.test("a SASL response may have 12,288 octets with its CRLF and no more", async () => {
  for (const [size, want] of [[12_284, "does not fit its mechanism"], [12_288, "too long"]] as const) {
    await using harness = new Pop3Harness({ tls: true });
    await harness.say("AUTH PLAIN\r\n");
    assertStringIncludes(await harness.say(`${"A".repeat(size)}\r\n`), want);
    assertEquals(await harness.say("QUIT\r\n"), "+OK Goodbye\r\n");
  }
});

Deno.test("bad commands are answered late, after what came before them", async () => {
  await using harness = new Pop3Harness({ tls: true, limits: { badDelayMs: 30 } });
  await harness.conn.idle();
  harness.conn.takeOutput();
  const began = performance.now();
  harness.conn.send(latin1("USER a\r\nNONE\r\n"));
  await Promise.resolve();
  while (harness.conn.writes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(harness.conn.takeOutput(), "+OK Send your password\r\n");
  await harness.conn.idle();
  assertEquals(harness.conn.takeOutput(), "-ERR Unknown command\r\n");
  assertGreaterOrEqual(performance.now() - began, 29);
});

Deno.test("a pipeline is answered in one write, and a large listing in bounded ones", async () => {
  const messages = Array.from({ length: 5000 }, () => latin1("A: b\r\n\r\n"));
  await using harness = new Pop3Harness({ tls: true, messages });
  await harness.login();
  const { conn } = harness;
  const writes: number[] = [];
  const write = conn.write.bind(conn);
  conn.write = (octets) => {
    writes.push(
      octets instanceof Uint8Array ? octets.length : octets.reduce((sum, part) => sum + part.length, 0),
    );
    return write(octets);
  };
  await harness.say("NOOP\r\nSTAT\r\nLIST 1\r\nUIDL 5000\r\n");
  assertEquals(writes.length, 1);
  writes.length = 0;
  const listing = await harness.say("UIDL\r\n");
  assertEquals(listing.split("\r\n").length, 5000 + 3);
  assertStringIncludes(listing, `\r\n5000 1700000000-${10 + 4999 * 3}\r\n.\r\n`);
  assertLessOrEqual(Math.max(...writes), 16_384 + 8_300);
});

Deno.test("a maildrop past its limit shows the oldest messages", async () => {
  const messages = [1, 2, 3, 4, 5, 6, 7].map(() => latin1("A: b\r\n\r\n"));
  for (const [limit, count] of [[6, 6], [7, 7], [8, 7], [2, 2]] as const) {
    await using harness = new Pop3Harness({ tls: true, messages, limits: { messages: limit } });
    await harness.login();
    assertEquals(await harness.say("STAT\r\n"), `+OK ${count} ${count * 8}\r\n`);
  }
});

Deno.test("a UTF-8 header is seen however the store cuts it, and as far as it is looked through", async () => {
  const header = `${"X: y\r\n".repeat(50)}Subject: Grüße\r\n\r\nbody\r\n`;
  const octets = new TextEncoder().encode(header);
  for (let pieceSize = 1; pieceSize <= octets.length; pieceSize += 13) {
    await using harness = new Pop3Harness({ tls: true, messages: [octets] });
    await harness.login();
    harness.store.pieceSize = pieceSize;
    assertStringIncludes(await harness.say("RETR 1\r\n"), "-ERR [UTF8] Message 1 has");
  }
  // The scan ends before, within and behind the ü at 311: only what was looked at counts.
  for (const [headerScan, want] of [[311, "+OK"], [312, "-ERR [UTF8]"], [313, "-ERR [UTF8]"]] as const) {
    await using harness = new Pop3Harness({ tls: true, messages: [octets], limits: { headerScan } });
    await harness.login();
    harness.store.pieceSize = 100;
    assertStringIncludes((await harness.say("RETR 1\r\n")).slice(0, 12), want);
  }
});

Deno.test("RETR and TOP change nothing in the store, and events carry no password", async () => {
  await using harness = new Pop3Harness({ tls: true, messages: [message(2000)] });
  await harness.login();
  await harness.say("RETR 1\r\nTOP 1 1\r\nQUIT\r\n");
  await harness.served;
  assertEquals(harness.store.calls, ["lock s1", "unlock"]);
  assertEquals(harness.events.map((event) => event.name), ["pop3.open", "pop3.login", "pop3.close"]);
  assertEquals(harness.event("pop3.login"), {
    session: "s1",
    address: KATE.address,
    mechanism: "PASS",
    messages: 1,
    octets: 2000,
  });
  assertEquals(harness.event("pop3.close")?.retrieved, 1);
  assert(!JSON.stringify(harness.events).includes(PASSWORD));
});

Deno.test("without TLS the directory is never asked for a password", async () => {
  await using harness = new Pop3Harness();
  await harness.login();
  await harness.say("AUTH PLAIN AGthdGVAZXhhbXBsZS50ZXN0AGdlaGVpbQ==\r\nAUTH LOGIN\r\n");
  assertEquals(harness.auth.attempts, []);
});

Deno.test("property: no octets make the server throw, hang or delete without QUIT", async () => {
  const names = Object.keys(COMMANDS).filter((name) => name !== "QUIT");
  const args = fc.constantFrom("", " 1", " 2", " 1 1", " x", " PLAIN", " =", " *", " \xff", "\0", " de");
  const command = fc.tuple(fc.constantFrom(...names, "*", "", "XX"), args).map(([name, arg]) =>
    `${name}${arg}\r\n`
  );
  const junk = fc.string({ unit: "binary-ascii", maxLength: 20 });
  const script = fc.array(fc.oneof({ arbitrary: command, weight: 5 }, { arbitrary: junk, weight: 1 }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(script, fc.boolean(), fc.integer({ min: 1, max: 50 }), async (lines, login, chunk) => {
      const harness = new Pop3Harness({ tls: login, messages: [message(300), message(1000)] });
      if (login) await harness.login();
      await harness.say(lines.filter((line) => !line.toUpperCase().includes("QUIT")).join(""), chunk);
      harness.conn.end();
      await harness.served;
      assert(harness.conn.closed === "closed");
      assertEquals(harness.event("bug"), undefined);
      assertEquals([harness.store.removed, harness.store.locked], [[], false]);
    }),
    { numRuns: 400, seed: 1939 },
  );
});

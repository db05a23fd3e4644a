import { assert } from "@std/assert";
import { testDatabase, urlOf } from "../support/database.ts";
import { startServer } from "../support/server.ts";
import { LineClient } from "../support/line_client.ts";

Deno.test("two nodes on one database: what one delivers, an idling client of the other hears of at once", async () => {
  await using db = await testDatabase();
  const settings = [`database.url=${urlOf(db.address)}`, "workers=1", "auth.allow_plaintext=true"];
  await using one = await startServer({ settings, accounts: ["you@example.test"], password: "secret" });
  await using two = await startServer({ settings });

  await using imap = await LineClient.connect(one.ports.imap);
  await imap.line(/^\* OK/);
  await imap.exchange("a LOGIN you@example.test secret", /^a OK/);
  await imap.exchange("b SELECT INBOX", /^b OK/);
  await imap.exchange("c IDLE", /^\+/);

  await using lmtp = await LineClient.connect(two.ports.lmtp);
  await lmtp.line(/^220 /);
  await lmtp.exchange("LHLO here.test", /^250 /);
  const heard: number[] = [];
  for (let i = 1; i <= 20; i++) {
    await lmtp.exchange("MAIL FROM:<a@sender.test>", /^250 /);
    await lmtp.exchange("RCPT TO:<you@example.test>", /^250 /);
    await lmtp.exchange("DATA", /^354 /);
    await lmtp.exchange(`Subject: ${i}\r\n\r\nHello.\r\n.`, /^250 /);
    const committed = performance.now();
    await imap.line(new RegExp(`^\\* ${i} EXISTS`));
    heard.push(performance.now() - committed);
  }
  heard.sort((a, b) => a - b);
  // 20 ms of it are the pause between two NOTIFYs. On a machine that is busy with other things the quickest
  // quarter tells what the server needs; without a notice a client would wait for seconds.
  assert(heard[4]! < 50, `only a quarter of the notices took less than ${heard[4]!.toFixed(1)} ms`);
  assert(heard[19]! < 5_000, `the slowest notice took ${heard[19]!.toFixed(1)} ms`);
});

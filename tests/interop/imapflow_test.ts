/** imapflow: append and fetch in IMAP4rev1 and rev2, mailboxes, two clients at one mailbox, IDLE. */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { ImapFlow, type ImapFlowOptions } from "imapflow";
import { createTransport } from "nodemailer";
import { assert, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { assertSame, BUILT_IN, corpus, HEADER_ONLY } from "./support/corpus.ts";
import { HOST, PASSWORD, type Site, startSite } from "./support/server.ts";

/** Deliveries whose way to an idling client is measured. */
const DELIVERIES = 20;

/** A client that is logged in; logs out at the end of its block. */
async function connect(site: Site, user: string, options: ImapFlowOptions = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: HOST,
    port: site.ports.imaps,
    secure: true,
    tls: { ca: await readFile(site.certificate) },
    auth: { user, pass: PASSWORD },
    logger: false,
    disableAutoIdle: true,
    ...options,
  });
  await client.connect();
  return client;
}

/** Resolves with what an event of the client brings, or fails after five seconds. */
function next<T>(client: ImapFlow, event: string): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = setTimeout(() => reject(new Error(`no ${event} came`)), 5000);
  client.once(event, (value: T) => {
    clearTimeout(late);
    resolve(value);
  });
  return promise;
}

Deno.test("imapflow", async (t) => {
  await using site = await startSite(5);
  const { ports } = site;

  const ways: Record<string, ImapFlowOptions> = {
    "rev2, imaps": {},
    "rev2, STARTTLS, AUTHENTICATE LOGIN": {
      port: ports.imap,
      secure: false,
      doSTARTTLS: true,
      auth: { user: "user1@example.test", pass: PASSWORD, loginMethod: "AUTH=LOGIN" },
    },
    "rev1, plain, AUTHENTICATE PLAIN": {
      port: ports.imap,
      secure: false,
      doSTARTTLS: false,
      disableIMAP4rev2: true,
      auth: { user: "user1@example.test", pass: PASSWORD, loginMethod: "AUTH=PLAIN" },
    },
    "rev1 without extensions, plain, LOGIN": {
      port: ports.imap,
      secure: false,
      doSTARTTLS: false,
      disableIMAP4rev2: true,
      disableAutoEnable: true,
      disableBinary: true,
      auth: { user: "user1@example.test", pass: PASSWORD, loginMethod: "LOGIN" },
    },
  };
  const first = site.account();
  let box = 0;
  for (const [name, options] of Object.entries(ways)) {
    await t.step(`APPEND and FETCH: ${name}`, async () => {
      await using client = await connect(site, first, options);
      assertEquals(client.enabled.has("IMAP4REV2"), name.startsWith("rev2"));
      const path = `Box ${++box}`;
      await client.mailboxCreate(path);
      // The lines of what it appends are made CRLF by imapflow; ours are.
      const samples = [...(box === 1 ? await corpus() : BUILT_IN), HEADER_ONLY];
      for (const [i, { octets }] of samples.entries()) {
        const done = await client.append(
          path,
          octets,
          ["\\Seen", "$Label"],
          new Date(Date.UTC(2026, 0, 1 + i)),
        );
        assert(done !== false && done.uid === i + 1, "APPENDUID");
      }
      await client.mailboxOpen(path, { readOnly: true });
      const query = {
        uid: true,
        flags: true,
        source: true,
        internalDate: true,
        size: true,
        bodyStructure: true,
        envelope: true,
      };
      const got = await client.fetchAll("1:*", query);
      assertEquals(got.length, samples.length);
      for (const [i, { name, octets }] of samples.entries()) {
        await assertSame(got[i]!.source!, octets, name);
        assertEquals(got[i]!.size, octets.length);
        assertEquals([...got[i]!.flags!].sort(), ["$Label", "\\Seen"]);
        assertEquals(new Date(got[i]!.internalDate!).getTime(), Date.UTC(2026, 0, 1 + i));
      }
      const attachment = BUILT_IN.findIndex(({ name }) => name === "attachment");
      const { content } = await client.download(String(attachment + 1), "2");
      const parts = await Array.fromAsync(content! as AsyncIterable<Uint8Array>);
      const expected = Uint8Array.from({ length: 30_000 }, (_, i) => (i * i + 7 * i) % 251);
      await assertSame(Buffer.concat(parts), expected, "decoded attachment");
    });
  }

  await t.step("special-use folders of a new account", async () => {
    await using client = await connect(site, site.account());
    const uses = (await client.list()).map((one) => [one.path, one.specialUse]).sort();
    assertEquals(uses, [
      ["Archive", "\\Archive"],
      ["Drafts", "\\Drafts"],
      ["INBOX", "\\Inbox"],
      ["Junk", "\\Junk"],
      ["Sent", "\\Sent"],
      ["Trash", "\\Trash"],
    ]);
  });

  await t.step("names that are not ASCII: the same in rev1 (modified UTF-7) and rev2 (UTF-8)", async () => {
    const user = "user2@example.test";
    await using rev1 = await connect(site, user, { disableIMAP4rev2: true, disableAutoEnable: true });
    await using rev2 = await connect(site, user);
    const names = ["Ärger & Co", "日本語", "emoji 😀", "a/Ünter/Übung", "&", 'quote"'];
    for (const [i, name] of names.entries()) await (i % 2 === 0 ? rev1 : rev2).mailboxCreate(name);
    for (const client of [rev1, rev2]) {
      const listed = new Set((await client.list()).map((one) => one.path));
      assertEquals(names.filter((name) => !listed.has(name)), []);
      for (const name of names) assertEquals((await client.mailboxOpen(name)).path, name);
    }
    await rev1.mailboxRename("a/Ünter", "a/Über");
    assertEquals((await rev2.status("a/Über/Übung", { messages: true }) as { messages: number }).messages, 0);
    await rev2.mailboxDelete("日本語");
    assert(!(await rev1.list()).some((one) => one.path === "日本語"));
  });

  await t.step("APPEND of 20 MB comes back; beyond APPENDLIMIT is refused", async () => {
    await using client = await connect(site, first);
    const octets = new TextEncoder().encode(
      "Subject: large\r\n\r\n" + `${"0123456789abcdef".repeat(4)}\r\n`.repeat(320_000),
    );
    const done = await client.append("INBOX", octets);
    assert(done !== false);
    await client.mailboxOpen("INBOX");
    const got = await client.fetchOne(String(done.uid), { source: true }, { uid: true });
    assert(got !== false);
    await assertSame(got.source!, octets, "20 MB");
    // imapflow reads APPENDLIMIT in the capabilities and refuses by itself.
    const error = await assertRejects(() => client.append("INBOX", Buffer.alloc(50 * 1024 * 1024 + 1, 0x61)));
    assertEquals((error as { serverResponseCode?: unknown }).serverResponseCode, "APPENDLIMIT");
  });

  await t.step("two clients at one mailbox: flags, arrival, expunge, MOVE", async () => {
    const user = site.account();
    await using one = await connect(site, user);
    await using two = await connect(site, user);
    for (let i = 0; i < 4; i++) await one.append("INBOX", `Subject: ${i}\r\n\r\n`);
    await one.mailboxOpen("INBOX");
    await two.mailboxOpen("INBOX");

    const idling = two.idle();
    const flags = next<{ uid?: number; seq: number; flags: Set<string> }>(two, "flags");
    await one.messageFlagsAdd("2", ["\\Flagged", "$Todo"], { uid: true });
    assertEquals([...(await flags).flags].filter((flag) => flag !== "\\Recent").sort(), [
      "$Todo",
      "\\Flagged",
    ]);

    const exists = next<{ count: number; prevCount: number }>(two, "exists");
    await one.append("INBOX", "Subject: new\r\n\r\n");
    assertEquals((await exists).count, 5);

    const expunge = next<{ seq: number }>(two, "expunge");
    await one.messageDelete("3", { uid: true });
    assertEquals((await expunge).seq, 3);

    const moved = next<{ seq: number }>(two, "expunge");
    const copied = await one.messageMove("1", "Archive", { uid: true });
    assert(copied !== false && copied.uidMap?.get(1) === 1, "COPYUID");
    assertEquals((await moved).seq, 1);
    await two.noop();
    await idling;
    assertEquals(await two.search({ all: true }, { uid: true }), [2, 4, 5]);
    assertEquals(await two.search({ keyword: "$Todo" }, { uid: true }), [2]);
    assertEquals(await two.search({ subject: "new" }, { uid: true }), [5]);
  });

  await t.step("IDLE: mail that LMTP acknowledged is announced within a second", async () => {
    const user = site.account();
    // One after the other: the two workers share these connections, so both ways of waking are seen.
    const clients = [await connect(site, user), await connect(site, user), await connect(site, user)];
    const transport = createTransport({ host: HOST, port: ports.lmtp, lmtp: true, ignoreTLS: true });
    for (const client of clients) await client.mailboxOpen("INBOX");
    const idling = clients.map((client) => client.idle());
    await new Promise((resolve) => setTimeout(resolve, 100));
    const latencies: number[] = [];
    for (let i = 1; i <= DELIVERIES; i++) {
      const seen = clients.map((client) =>
        next<{ count: number }>(client, "exists").then(({ count }) => ({ count, at: performance.now() }))
      );
      await transport.sendMail({
        raw: `Subject: ${i}\r\n\r\n`,
        envelope: { from: "a@remote.test", to: user },
      });
      const acknowledged = performance.now();
      for (const { count, at } of await Promise.all(seen)) {
        assertEquals(count, i);
        latencies.push(at - acknowledged);
      }
    }
    latencies.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round(latencies[Math.floor(share * (latencies.length - 1))]! * 10) / 10;
    console.log(`IDLE: ms from LMTP's 250 to EXISTS: median ${at(0.5)}, p95 ${at(0.95)}, largest ${at(1)}`);
    assertLessOrEqual(at(1), 1000);
    transport.close();
    for (const client of clients) await client.logout();
    await Promise.all(idling);
  });
});

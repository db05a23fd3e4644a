import { assert, assertEquals } from "@std/assert";
import type { MessageId } from "../../src/core/brands.ts";
import type { OctetRange } from "../../src/core/store.ts";
import { all, bench, good, idOf, mail, octetsOf, put, stage } from "./support.ts";

Deno.test("fetch gives what is wanted, in batches, by ranges, and skips what is gone", async () => {
  await using t = await bench(1, { limits: { fetchRows: 4 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 20; i++) await put(t.store, account, mail(`m${i}`));
  good(await t.store.remove(account, inbox, [[3, 5]]));
  const batches = await all(t.store.fetch(account, inbox, [[1, 8], [10, 10], [18, 99]], { facts: true }));
  assert(batches.every((batch) => batch.length <= 4));
  const rows = batches.flat();
  assertEquals(rows.map((row) => row.uid as number), [1, 2, 6, 7, 8, 10, 18, 19, 20]);
  assertEquals(rows[0]!.headerSize, new TextDecoder().decode(mail("m0")).indexOf("\r\n\r\n") + 4);
  assertEquals([rows[0]!.envelope, rows[0]!.structure], [undefined, undefined]);
  const [bare] = (await all(t.store.fetch(account, inbox, [[20, 20]], {}))).flat();
  assertEquals(bare!.headerSize, 0);
  assertEquals(await all(t.store.fetch(account, inbox, [], { facts: true })), []);
  assertEquals(await all(t.store.fetch(account, inbox, [[30, 40]], { facts: true })), []);
  for await (const batch of t.store.fetch(account, inbox, [[1, 99]], { structure: true })) {
    assert(batch[0]!.structure!.length > 0);
    break; // stops reading
  }
});

Deno.test("fetch of a set with thousands of ranges", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (let i = 0; i < 3; i++) await put(t.store, account, mail(`m${i}`));
  const set: [number, number][] = [[2, 2]];
  for (let uid = 10; uid < 9000; uid += 2) set.push([uid, uid]);
  const rows = (await all(t.store.fetch(account, inbox, set, { facts: true }))).flat();
  assertEquals(rows.map((row) => row.uid as number), [2]);
});

Deno.test("octets: ranges of small and chunked messages, in order, whatever the chunk size", async () => {
  const long = octetsOf(`Subject: long\n\n${"0123456789abcdef\n".repeat(700)}`);
  const short = mail("short");
  for (const chunkOctets of [512, 1000, 4096, 1 << 20]) {
    await using t = await bench(1, { limits: { chunkOctets, readOctets: 2048 } });
    const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
    await put(t.store, account, long);
    await put(t.store, account, short);
    const [a, b] = (await all(t.store.fetch(account, inbox, [[1, 2]], {}))).flat().map((row) => row.message);
    const ranges: OctetRange[] = [
      { message: a!, start: 0, end: Infinity },
      { message: b!, start: 5, end: 9 },
      { message: a!, start: 511, end: 513 },
      { message: a!, start: 2000, end: 6001 },
      { message: b!, start: 1e6, end: 2e6 },
      { message: b!, start: 0, end: short.length },
    ];
    const got: number[][] = ranges.map(() => []);
    let last = 0;
    for await (const piece of t.store.octets(account, ranges)) {
      assert(piece.index >= last);
      got[piece.index]!.push(...piece.octets);
      last = piece.last ? piece.index + 1 : piece.index;
    }
    assertEquals(last, ranges.length);
    const source = [long, short, long, long, short, short];
    ranges.forEach((range, i) => assertEquals(got[i], [...source[i]!.subarray(range.start, range.end)]));
  }
});

Deno.test("octets end early where a message, or a chunk, is gone", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 512 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(t.store, account, octetsOf(`Subject: x\n\n${"line\n".repeat(500)}`));
  const [row] = (await all(t.store.fetch(account, inbox, [[1, 1]], {}))).flat();
  const range = { message: row!.message, start: 0, end: 400 };
  const pieces = await all(t.store.octets(account, [range, { ...range, message: 99 as MessageId }, range]));
  assertEquals(pieces.map((piece) => piece.index), [0]);
  await t.db.database.deleteFrom("blob_chunk").where("seq", "=", 1).execute();
  const rest = await all(t.store.octets(account, [{ ...range, end: 2000 }]));
  assertEquals(rest.map((piece) => [piece.octets.length, piece.last]), [[512, false]]);
});

Deno.test("a draft gives the same message however its octets are cut", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 700 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const octets = octetsOf(`Subject: cut\n\n${"Some line of text\n".repeat(90)}`);
  const cuts = [1, 7, 699, 700, 701, 1400, octets.length];
  for (const size of cuts) {
    await using draft = t.store.stage();
    const reused = new Uint8Array(size);
    for (let at = 0; at < octets.length; at += size) {
      const piece = octets.subarray(at, at + size);
      reused.set(piece);
      await draft.write(reused.subarray(0, piece.length));
      reused.fill(0);
    }
    assertEquals(draft.size, octets.length);
    await using message = await draft.finish();
    good(
      (await t.store.deliver([{ message, to: [{ account, mailbox: "INBOX" }] }], { atomic: false }))[0]![0]!,
    );
  }
  const rows = (await all(t.store.fetch(account, inbox, [[1, 99]], { structure: true, envelope: true })))
    .flat();
  assertEquals(rows.length, cuts.length);
  for (const row of rows) {
    assertEquals([row.envelope, row.structure], [rows[0]!.envelope, rows[0]!.structure]);
    const pieces = await all(t.store.octets(account, [{ message: row.message, start: 0, end: row.size }]));
    assertEquals(pieces.flatMap((piece) => [...piece.octets]), [...octets]);
  }
  assertEquals(await t.db.database.selectFrom("blob_staged").selectAll().execute(), []);
});

Deno.test("dropped drafts and undelivered messages leave nothing; delivered ones stay", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 100, messageOctets: 5000 } });
  const account = t.accounts[0]!;
  const octets = octetsOf(`Subject: x\n\n${"line\n".repeat(100)}`);
  {
    await using draft = t.store.stage();
    await draft.write(octets);
    assert((await t.db.database.selectFrom("blob_chunk").select("seq").execute()).length > 0);
  }
  {
    await using _message = await stage(t.store, octets);
  }
  {
    await using refusedOne = await stage(t.store, octets);
    await t.store.deliver([{ message: refusedOne, to: [{ account, mailbox: "none" }] }], { atomic: false });
  }
  assertEquals(await t.db.database.selectFrom("blob_chunk").select("seq").execute(), []);
  assertEquals(await t.db.database.selectFrom("blob_staged").selectAll().execute(), []);
  await put(t.store, account, octets);
  assert((await t.db.database.selectFrom("blob_chunk").select("seq").execute()).length > 1);
  await using draft = t.store.stage();
  let thrown: unknown;
  try {
    await draft.write(new Uint8Array(5001));
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof RangeError);
});

Deno.test("the sweep takes drafts that nobody touched, and a message without its octets is never placed", async () => {
  await using t = await bench(1, { limits: { chunkOctets: 100, stagedMs: 0 } });
  const account = t.accounts[0]!;
  const message = await stage(t.store, octetsOf(`Subject: x\n\n${"line\n".repeat(100)}`));
  assertEquals((await t.store.sweep()).drafts, 1);
  assertEquals(await t.db.database.selectFrom("blob_chunk").select("seq").execute(), []);
  const failure = await t.store.deliver([{ message, to: [{ account, mailbox: "INBOX" }] }], { atomic: false })
    .then(() => undefined, (error) => error.name);
  assertEquals(failure, "Unavailable");
  assertEquals((await t.store.mailbox(account, "INBOX"))!.messages, 0);
});

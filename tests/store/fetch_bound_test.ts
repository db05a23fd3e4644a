import { assert, assertEquals } from "@std/assert";
import { bench, idOf, stage } from "./support.ts";

Deno.test("a FETCH batch ends where its envelopes weigh enough, and every message still comes once", async () => {
  await using t = await bench(1, { limits: { fetchOctets: 100_000 } });
  const account = t.accounts[0]!, subject = "x".repeat(40_000);
  for (let n = 0; n < 40; n++) {
    // Light ones first, so that batches have grown before the heavy ones come.
    const text = `Subject: ${n < 10 || n > 35 ? n : `${n}${subject}`}\r\n\r\nbody\r\n`;
    const message = await stage(t.store, new TextEncoder().encode(text));
    const placed = await t.store.deliver([{ message, to: [{ account, mailbox: "INBOX", create: true }] }], {
      atomic: false,
    });
    assert(placed[0]![0]!.ok);
  }
  const inbox = await idOf(t.store, account, "INBOX");
  for (const wanted of [{ envelope: true }, { envelope: true, bodyStructure: true, structure: true }]) {
    const uids: number[] = [];
    for await (const batch of t.store.fetch(account, inbox, [[1, 20], [22, 99]], wanted)) {
      const octets = batch.reduce((sum, row) => sum + row.envelope!.length, 0);
      assert(octets < 100_000 + 41_000, `${octets} octets in one batch`);
      uids.push(...batch.map(({ uid }) => uid));
    }
    assertEquals(uids, Array.from({ length: 40 }, (_, i) => i + 1).filter((uid) => uid !== 21));
  }
});

/**
 * Round trips to PostgreSQL that each operation takes: what a busy machine cannot blur. CPU is `deno task guard`'s.
 */
import { assertEquals } from "@std/assert";
import { Flag } from "../../src/core/store.ts";
import type { Call } from "../../src/store/pg/door.ts";
import { all, bench, good, idOf, mail, put, stage } from "./support.ts";

Deno.test("every operation takes as few round trips as it can", async () => {
  await using t = await bench(3);
  const { store } = t;
  const [account] = t.accounts as [typeof t.accounts[number]];
  await put(store, account, mail("one"));
  await put(store, account, mail("two"));
  const inbox = await idOf(store, account, "INBOX");
  const { door } = t.db, run = door.run.bind(door);
  let trips = 0;
  door.run = (...calls: readonly Call[]) => {
    trips++;
    return run(...calls);
  };
  const took: Record<string, number> = {};
  const count = async (what: string, work: () => Promise<unknown>) => {
    trips = 0;
    await work();
    took[what] = trips;
  };
  await count("deliver to three accounts", async () => {
    const message = await stage(store, mail("three"));
    const to = t.accounts.map((each) => ({ account: each, mailbox: "INBOX" }));
    await store.deliver([{ message, to }], { atomic: true });
  });
  await count("mailbox by name", () => store.mailbox(account, "INBOX"));
  await count("index", () => store.index(account, inbox));
  await count(
    "changes",
    async () =>
      good(
        await store.changes(account, inbox, good(await store.index(account, inbox)).mailbox.highestModSeq),
      ),
  );
  const change = { op: "add", flags: Flag.Deleted, keywords: [] } as const;
  await count("set flags", async () => good(await store.setFlags(account, inbox, [[1, 2]], change)));
  let rows: Awaited<ReturnType<typeof all<readonly { message: number; size: number }[]>>> = [];
  await count(
    "fetch",
    async () => rows = await all(store.fetch(account, inbox, [[1, 3]], { envelope: true })),
  );
  const ranges = rows.flat().map(({ message, size }) => ({ message, start: 0, end: size }));
  await count("octets of three messages", () => all(store.octets(account, ranges as never)));
  await count("expunge", async () => good(await store.expunge(account, inbox, "all")));
  assertEquals(took, {
    "deliver to three accounts": 1,
    "mailbox by name": 1,
    "index": 1,
    "changes": 2,
    "set flags": 1,
    "fetch": 1,
    "octets of three messages": 1,
    "expunge": 1,
  });
});

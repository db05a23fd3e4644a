import { assertEquals } from "@std/assert";
import { Flag } from "../../src/core/store.ts";
import type { Call } from "../../src/store/pg/door.ts";
import { bench, good, idOf, mail, put } from "./support.ts";

/** Names of the statements of each transaction that `work` sends. */
async function sent(t: Awaited<ReturnType<typeof bench>>, work: () => Promise<unknown>): Promise<string[][]> {
  const { door } = t.db, run = door.run;
  const names: string[][] = [];
  door.run = (...calls: readonly Call[]) => {
    names.push(calls.map((call) => call.statement.name));
    return run.apply(door, [...calls]);
  };
  await work();
  door.run = run;
  return names;
}

Deno.test("flags are relaxed only when asked for, only for their own transaction, and nothing else is", async () => {
  for (const relaxedFlags of [false, true]) {
    await using t = await bench(1, { relaxedFlags });
    const [account] = t.accounts as [typeof t.accounts[number]];
    await put(t.store, account, mail("one"));
    const inbox = await idOf(t.store, account, "INBOX");
    const change = { op: "add", flags: Flag.Seen, keywords: [] } as const;
    const flags = await sent(t, async () => {
      const { changed } = good(await t.store.setFlags(account, inbox, [[1, 1]], change));
      assertEquals(changed.map((row) => row.flags), [Flag.Seen]);
    });
    const relax = relaxedFlags ? ["relax_commit"] : [];
    assertEquals(flags, [[...relax, "lock_account", "set_flags_of_one"]]);
    const others = await sent(t, async () => {
      await put(t.store, account, mail("two"));
      await t.store.remove(account, inbox, [[1, 1]]);
    });
    assertEquals(others.flat().includes("relax_commit"), false);
    const shown = await t.db.door.run({
      statement: { name: "show", params: [], sql: "select current_setting('synchronous_commit') = 'off'" },
      values: [],
    });
    const own = await t.db.door.query({
      name: "own",
      params: [],
      sql: "select reset_val = 'off' from pg_settings where name = 'synchronous_commit'",
    });
    assertEquals(shown[0]!.bool(0, 0), own.bool(0, 0), "the connection is as it was");
  }
});

/** Flags of single messages, changed by many at once: who shares a commit, and who waits for whom. */
import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import type { MailboxId, ModSeq } from "../../src/core/brands.ts";
import { Flag, type FlagChange } from "../../src/core/store.ts";
import type { Call } from "../../src/store/pg/door.ts";
import { bench, codeOf, good, idOf, mail, put } from "./support.ts";

const SEEN: FlagChange = { op: "add", flags: Flag.Seen, keywords: [] };

Deno.test("changes of one message each share a commit, and each gets its own answer", async () => {
  await using t = await bench(6);
  const { store, accounts } = t, { door } = t.db;
  for (const account of accounts) await put(store, account, mail("one"));
  const inboxes = await Promise.all(accounts.map((account) => idOf(store, account, "INBOX")));
  const run = door.run.bind(door);
  let commits = 0;
  door.run = (...calls: readonly Call[]) => {
    if (calls.at(-1)!.statement.name === "set_flags_of_one") commits++;
    return run(...calls);
  };
  const heard: number[] = [];
  for (const account of accounts) store.watch(account, (notice) => heard.push(notice.account));
  const [first, second] = accounts, [firstBox, secondBox] = inboxes;
  const outcomes = await Promise.all([
    ...accounts.map((account, i) => store.setFlags(account, inboxes[i]!, [[1, 1]], SEEN)),
    store.setFlags(first!, firstBox!, [[1, 1]], { ...SEEN, flags: Flag.Flagged }),
    store.setFlags(first!, firstBox!, [[9, 9]], SEEN),
    store.setFlags(second!, secondBox!, [[1, 1]], { ...SEEN, unchangedSince: 0 as ModSeq }),
    store.setFlags(second!, 99 as MailboxId, [[1, 1]], SEEN),
  ]);
  // The first goes at once, the others together.
  assertEquals(commits, 2);
  const answers = outcomes.map((outcome) =>
    outcome.ok ? outcome.value.changed.map(({ uid, flags }) => [uid, flags]) : codeOf(outcome)
  );
  const seen = [[1, Flag.Seen]];
  assertEquals(answers, [
    seen,
    seen,
    seen,
    seen,
    seen,
    seen,
    [[1, Flag.Seen | Flag.Flagged]],
    [],
    [],
    "NONEXISTENT",
  ]);
  assertEquals(good(outcomes[8]!).modified, [[1, 1]]);
  assertEquals(heard.sort(), [first!, ...accounts].sort());
  const index = good(await store.index(first!, firstBox!));
  assertEquals(index.mailbox.highestModSeq, good(outcomes[6]!).changed[0]!.modSeq);
});

Deno.test("who waits for an account that somebody else holds keeps no other back for long", async () => {
  await using t = await bench(4);
  const { store, accounts } = t;
  for (const account of accounts) await put(store, account, mail("one"));
  const inboxes = await Promise.all(accounts.map((account) => idOf(store, account, "INBOX")));
  const change = (i: number) => store.setFlags(accounts[i]!, inboxes[i]!, [[1, 1]], SEEN);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = t.db.database.transaction().execute(async (trx) => {
    await sql`select 1 from account_state where account_id = ${accounts[0]!} for update`.execute(trx);
    locked.resolve();
    await held;
  });
  await locked.promise;
  let over = false;
  const waiting = change(0).then((outcome) => {
    over = true;
    return outcome;
  });
  // These stand behind the first, and are let past it.
  for (const i of [1, 2, 3]) good(await change(i));
  assert(!over);
  release();
  good(await waiting);
  await holding;
});

Deno.test("a commit that fails for one of them is tried with each", async () => {
  await using t = await bench(3);
  const { store, accounts } = t;
  for (const account of accounts) await put(store, account, mail("one"));
  const inboxes = await Promise.all(accounts.map((account) => idOf(store, account, "INBOX")));
  // The first change goes alone, the others together; one of them cannot be.
  await sql.raw(`create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'not this one'; end $$`).execute(t.db.database);
  await sql.raw(`create trigger refuse before update on entry for each row
    when (old.account_id = ${accounts[1]}) execute function refuse()`).execute(t.db.database);
  const outcomes = await Promise.allSettled(
    [0, 1, 2, 0].map((i, n) =>
      store.setFlags(accounts[i]!, inboxes[i]!, [[1, 1]], n === 3 ? { ...SEEN, flags: Flag.Answered } : SEEN)
    ),
  );
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});

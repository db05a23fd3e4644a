/**
 * Every write of the store with the database failing at its first call, at its second, and so on until it
 * succeeds: before the call is made, behind it (its outcome is then unknown), and by a serialization failure.
 * The tables hold their invariants after each.
 */
import { assert } from "@std/assert";
import { ALL_RIGHTS, allowedFlags, Right } from "../../src/core/acl.ts";
import type { AccountId } from "../../src/core/brands.ts";
import { Unavailable } from "../../src/core/failure.ts";
import { silent } from "../../src/core/events.ts";
import { Flag } from "../../src/core/store.ts";
import { realWorld } from "../../src/core/world.ts";
import { createStore, type Store } from "../../src/store/mod.ts";
import { type Call, call, type Door, PgError, type Transaction } from "../../src/store/pg/door.ts";
import { assertInvariants } from "./invariants.ts";
import { addAccount, bench, good, idOf, mail, put, stage } from "./support.ts";

type Mode = "before" | "behind" | "conflict";

/** A door whose n-th call fails, counted from the last `arm`. */
class FailingDoor implements Door {
  #left = Infinity;
  #mode: Mode = "before";

  constructor(readonly inner: Door) {}

  /** `n` from 1; Infinity: none. */
  arm(n: number, mode: Mode): void {
    this.#left = n;
    this.#mode = mode;
  }

  /** True when the call that was to fail was made. */
  get fired(): boolean {
    return this.#left <= 0;
  }

  run = (...calls: readonly Call[]) => this.#through(() => this.inner.run(...calls));
  query: Door["query"] = async (of, ...values) => (await this.run(call(of, ...values)))[0]!;

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    // COMMIT is a call as well: its answer may be lost like others.
    return await this.#through(() =>
      this.inner.transaction((tx) => {
        const run = (...calls: readonly Call[]) => this.#through(() => tx.run(...calls));
        return work({ run, query: async (of, ...values) => (await run(call(of, ...values)))[0]! });
      })
    );
  }

  stream: Door["stream"] = (of, values, batch) => this.inner.stream(of, values, batch);
  [Symbol.asyncDispose] = () => Promise.resolve();

  async #through<T>(work: () => Promise<T>): Promise<T> {
    const fails = --this.#left === 0;
    if (fails && this.#mode === "before") throw new Unavailable("made to fail before the call");
    if (fails && this.#mode === "conflict") {
      throw new PgError("40001", "made to conflict", undefined, undefined);
    }
    const value = await work();
    if (fails) throw new Unavailable("made to fail behind the call");
    return value;
  }
}

/** Three messages in INBOX, a mailbox Kept. */
async function furnish(store: Store, account: AccountId): Promise<void> {
  good(await store.createMailbox(account, "Kept"));
  for (let i = 0; i < 3; i++) await put(store, account, mail(`${i}`), { flags: i === 0 ? Flag.Seen : 0 });
}

const LARGE = mail("large", "x".repeat(76).concat("\n").repeat(30_000));

async function delivered(
  store: Store,
  octets: Uint8Array,
  to: Parameters<typeof put>[3],
  account: AccountId,
) {
  await using message = await stage(store, octets);
  const [results] = await store.deliver([{ message, to: [{ account, mailbox: "INBOX", ...to }] }], {
    atomic: true,
  });
  return good(results![0]!);
}

/** What is done; each by its name. `other` is another account with an empty INBOX. */
const WRITES: Readonly<
  Record<string, (store: Store, account: AccountId, other: AccountId) => Promise<unknown>>
> = {
  "deliver": (store, account) => delivered(store, mail("new"), {}, account),
  "deliver with a keyword into a mailbox that is made": (store, account) =>
    delivered(store, mail("new"), { mailbox: "Fresh/Deep", create: true, keywords: ["$Junk"] }, account),
  "deliver a large message": (store, account) => delivered(store, LARGE, {}, account),
  "setFlags": async (store, account) =>
    await store.setFlags(account, await idOf(store, account, "INBOX"), [[1, 2]], {
      op: "add",
      flags: Flag.Flagged,
      keywords: ["$Mine"],
    }),
  "expunge": async (store, account) => {
    const inbox = await idOf(store, account, "INBOX");
    await store.setFlags(account, inbox, [[1, 2]], { op: "add", flags: Flag.Deleted, keywords: [] });
    return await store.expunge(account, inbox, [[1, 9]]);
  },
  "remove": async (store, account) =>
    await store.remove(account, await idOf(store, account, "INBOX"), [[2, 3]]),
  "copy": async (store, account) =>
    await store.copy(account, await idOf(store, account, "INBOX"), [[1, 3]], "Kept"),
  "move": async (store, account) =>
    await store.move(account, await idOf(store, account, "INBOX"), [[1, 3]], "Kept"),
  "copy to another account": async (store, account, other) =>
    await store.copy(account, await idOf(store, account, "INBOX"), [[1, 3]], inboxOf(other)),
  "move to another account": async (store, account, other) =>
    await store.move(account, await idOf(store, account, "INBOX"), [[1, 3]], inboxOf(other)),
  "replace by a message in another account": async (store, account, other) => {
    await using message = await stage(store, mail("new"));
    const mailbox = await idOf(store, account, "INBOX");
    return good(
      await store.replace(message, { account: other, mailbox: "INBOX" }, { account, mailbox, uid: 2 }),
    );
  },
  "setAcl": async (store, account) =>
    good(
      await store.setAcl(
        account,
        await idOf(store, account, "INBOX"),
        { identifier: "other@example.test", rights: Right.Lookup },
        "add",
      ),
    ),
  "createMailbox": (store, account) => store.createMailbox(account, "A/B/C"),
  "renameMailbox": (store, account) => store.renameMailbox(account, "INBOX", "Old"),
  "deleteMailbox": async (store, account) => {
    await store.move(account, await idOf(store, account, "INBOX"), [[1, 3]], "Kept");
    return await store.deleteMailbox(account, "Kept");
  },
  "sweep": (store) => store.sweep(),
};

function inboxOf(account: AccountId) {
  return { account, mailbox: "INBOX", allowed: allowedFlags(ALL_RIGHTS) };
}

for (const mode of ["before", "behind", "conflict"] as const) {
  Deno.test(`the n-th call fails (${mode}): all or nothing, for every n and every write`, async () => {
    await using t = await bench(0, { limits: { garbageMs: 0, stagedMs: 3_600_000 } });
    const door = new FailingDoor(t.db.door);
    const store = createStore({
      ...{ door, database: t.db.served, world: realWorld, emit: silent, indexer: false },
      limits: { garbageMs: 0, stagedMs: 3_600_000 },
    });
    const other = await addAccount(t.db, "other");
    let count = 0, failures = 0;
    for (const [name, write] of Object.entries(WRITES)) {
      for (let n = 1;; n++) {
        assert(n < 60, `${name} never succeeds`);
        const account = await addAccount(t.db, `a${++count}`);
        await furnish(t.store, account);
        door.arm(n, mode);
        const thrown = await write(store, account, other).then(() => undefined, (error) => error);
        const { fired } = door;
        door.arm(Infinity, mode);
        await assertInvariants(t.db.database);
        if (thrown !== undefined) {
          failures++;
          // A bug would be another error: whoever called could not know that it may be tried again.
          assert(thrown instanceof Unavailable, `${name}, call ${n}: ${thrown}`);
          // Pieces of a large message are sent once: its sender tries again.
          const mayConflict = name === "deliver a large message";
          assert(
            mode !== "conflict" || mayConflict,
            `${name}, call ${n}: a conflict is tried again by itself`,
          );
          // The account is as good as before: the next delivery works.
          await put(t.store, account, mail("after"));
          await assertInvariants(t.db.database);
        }
        if (!fired) break;
      }
    }
    if (mode !== "conflict") assert(failures > Object.keys(WRITES).length, `only ${failures} failures`);
    await store[Symbol.asyncDispose]();
  });
}

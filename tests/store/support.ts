/** What the store's tests share: a database with accounts, a store on it, messages. */
import { type AccountId, type MailboxId } from "../../src/core/brands.ts";
import { silent } from "../../src/core/events.ts";
import type { Outcome } from "../../src/core/failure.ts";
import type { DeliveryTarget, MailStore, Placed, StagedMessage } from "../../src/core/store.ts";
import { realWorld } from "../../src/core/world.ts";
import { createStore, insertAccountState, type Store, type StoreOptions } from "../../src/store/mod.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { dial } from "../../src/net/mod.ts";

/** A store on a database of its own, and accounts in it. */
export interface Bench extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly store: Store;
  readonly accounts: readonly AccountId[];
  /** Another store on the same database with connections of its own, as another worker has. */
  another(options?: Partial<StoreOptions>): Promise<Store & AsyncDisposable>;
}

/** Makes one. The background indexer is off unless asked for. */
export async function bench(count = 1, options: Partial<StoreOptions> = {}): Promise<Bench> {
  const db = await testDatabase();
  const base = { world: realWorld, emit: silent, indexer: false };
  const store = createStore({ ...base, door: db.door, database: db.served, ...options });
  await db.database.insertInto("domain").values({ name: "example.test" }).execute();
  const accounts: AccountId[] = [];
  for (let i = 0; i < count; i++) accounts.push(await addAccount(db, `user${i}`));
  return {
    db,
    store,
    accounts,
    another(more = {}) {
      const door = openDoor(dial, db.serving, { shared: 2, exclusive: 2 });
      const other = createStore({ ...base, door, database: db.served, ...options, ...more });
      return Promise.resolve({
        ...other,
        async [Symbol.asyncDispose]() {
          await other[Symbol.asyncDispose]();
          await door[Symbol.asyncDispose]();
        },
      });
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

/** Adds an account to example.test. */
export async function addAccount(
  db: TestDatabase,
  local: string,
  quota: { octets?: number; messages?: number } = {},
): Promise<AccountId> {
  return await db.database.transaction().execute(async (trx) => {
    const row = await trx.insertInto("account").values({ domain: "example.test", local_part: local })
      .returning("account_id").executeTakeFirstOrThrow();
    await insertAccountState(trx, row.account_id, quota);
    return row.account_id as AccountId;
  });
}

const encoder = new TextEncoder();

/** Octets of a text, LF made CRLF. */
export function octetsOf(text: string): Uint8Array {
  return encoder.encode(text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"));
}

/** A small message. */
export function mail(subject: string, body = "Hello\n", extra = ""): Uint8Array {
  return octetsOf(
    `From: Ann <ann@example.test>\nTo: Bob <bob@example.test>\nDate: Tue, 3 Nov 2026 23:59:59 -0800\n` +
      `Subject: ${subject}\n${extra}\n${body}`,
  );
}

/** Receives octets in one write. */
export async function stage(store: MailStore, octets: Uint8Array): Promise<StagedMessage> {
  await using draft = store.stage();
  await draft.write(octets);
  return await draft.finish();
}

/** Delivers octets to one target. */
export async function put(
  store: MailStore,
  account: AccountId,
  octets: Uint8Array,
  to: Partial<DeliveryTarget> = {},
): Promise<Placed> {
  await using message = await stage(store, octets);
  const [results] = await store.deliver([{ message, to: [{ account, mailbox: "INBOX", ...to }] }], {
    atomic: false,
  });
  return good(results![0]!);
}

/** The value of a good outcome. */
export function good<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.failure)}`);
  return outcome.value;
}

/** The code of a refusal. */
export function codeOf(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok || outcome.failure.kind !== "refused" ? undefined : outcome.failure.code;
}

/** The id of a mailbox. */
export async function idOf(store: MailStore, account: AccountId, name: string): Promise<MailboxId> {
  const info = await store.mailbox(account, name);
  if (info === undefined) throw new Error(`no mailbox ${name}`);
  return info.id;
}

/** All of an async iteration. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Opens the database for an administrator's command, whether or not the server runs. */
import type { Config } from "../config/mod.ts";
import type { Emit } from "../core/events.ts";
import { realWorld } from "../core/world.ts";
import { type Admin, createAdmin, createHasher } from "../directory/mod.ts";
import { dial } from "../net/mod.ts";
import { createStore, deleteAccountRows, insertAccountState, NodeLink, type Store } from "../store/mod.ts";
import type { Database } from "../store/pg/database.ts";
import type { Door } from "../store/pg/door.ts";
import { openDoor } from "../store/pg/wire/mod.ts";
import { attachDatabase, type NodeDatabase, openNodeDatabase } from "./database.ts";
import { type DataLock, DataLocked, lockData } from "./lock.ts";

/** What an administrator's command works with. */
export interface AdminContext {
  readonly admin: Admin;
  readonly database: Database;
  /** The mail store, opened when it is first asked for; a server of other nodes hears of what it does. */
  readonly store: () => Promise<Store>;
  /** Steps of the schema that opening the database has applied. */
  readonly migrated: readonly string[];
  /** True when a server works on the data folder now. */
  readonly isServing: boolean;
}

/** Two commands at once, or a command while the server starts: the later one waits this long. */
const WAIT_MS = 15_000;

/**
 * Runs `work` with the database open. With the embedded database and no server running, starts it for
 * `work` alone.
 *
 * @throws Error with one sentence on what is wrong.
 */
export async function withDatabase<T>(
  config: Config,
  emit: Emit,
  work: (context: AdminContext) => Promise<T>,
): Promise<T> {
  const { lock, database } = await open(config, emit);
  const hasher = createHasher(realWorld, config.limits.hash);
  const stores = new AdminStore(database, config, emit);
  try {
    const admin = createAdmin({
      database: database.database,
      hasher,
      world: realWorld,
      insertAccountState,
      deleteAccountRows,
    });
    const { migrated } = database;
    return await work({
      admin,
      database: database.database,
      store: () => stores.open(),
      migrated,
      isServing: lock === undefined,
    });
  } finally {
    await stores[Symbol.asyncDispose]();
    await hasher[Symbol.asyncDispose]();
    await database.close();
    lock?.[Symbol.dispose]();
  }
}

/** The store of one command. */
class AdminStore implements AsyncDisposable {
  #opened: Promise<Store> | undefined;
  #door: Door | undefined;

  constructor(
    private readonly database: NodeDatabase,
    private readonly config: Config,
    private readonly emit: Emit,
  ) {}

  open(): Promise<Store> {
    return this.#opened ??= this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opened)?.[Symbol.asyncDispose]();
    await this.#door?.[Symbol.asyncDispose]();
  }

  async #open(): Promise<Store> {
    const { address, database } = this.database;
    this.#door = openDoor(dial, address, { shared: 1, exclusive: 1 });
    // As workers do: the embedded database has no other nodes, and those of one node have a bus of their own.
    const links = address.kind === "url" ? [new NodeLink(address, `mail-${crypto.randomUUID()}`)] : [];
    const store = createStore({
      door: this.#door,
      database,
      world: realWorld,
      emit: this.emit,
      limits: this.config.limits.store,
      buses: links,
      indexer: false,
    });
    for (const link of links) await link.ready();
    return store;
  }
}

async function open(
  config: Config,
  emit: Emit,
): Promise<{ readonly lock: DataLock | undefined; readonly database: NodeDatabase }> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    let lock: DataLock | undefined;
    try {
      lock = lockData(config.data, "a deno task mail command");
      return { lock, database: await openNodeDatabase(config, emit) };
    } catch (error) {
      lock?.[Symbol.dispose]();
      if (!(error instanceof DataLocked)) throw error;
    }
    try {
      return { lock: undefined, database: await attachDatabase(config) };
    } catch (error) {
      // Whoever has the lock may be just starting, or just ending.
      if (performance.now() > deadline) throw error;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
}

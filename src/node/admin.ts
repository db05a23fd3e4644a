/** Opens the database for an administrator's command, whether or not the server runs. */
import type { Config } from "../config/mod.ts";
import type { Emit } from "../core/events.ts";
import { realWorld } from "../core/world.ts";
import { type Admin, createAdmin, createHasher } from "../directory/mod.ts";
import { deleteAccountRows, insertAccountState } from "../store/mod.ts";
import type { Database, DatabaseAddress } from "../store/pg/database.ts";
import { attachDatabase, type NodeDatabase, openNodeDatabase } from "./database.ts";
import { type DataLock, DataLocked, lockData } from "./lock.ts";

/** What an administrator's command works with. */
export interface AdminContext {
  readonly admin: Admin;
  readonly database: Database;
  readonly address: DatabaseAddress;
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
  try {
    const admin = createAdmin({
      database: database.database,
      hasher,
      world: realWorld,
      insertAccountState,
      deleteAccountRows,
    });
    const { migrated, address } = database;
    return await work({
      admin,
      database: database.database,
      address,
      migrated,
      isServing: lock === undefined,
    });
  } finally {
    await hasher[Symbol.asyncDispose]();
    await database.close();
    lock?.[Symbol.dispose]();
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

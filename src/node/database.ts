/** The node's database: the user's server, or the embedded one that starts and stops with us. */
import { join } from "node:path";
import { type Config, ConfigError } from "../config/mod.ts";
import type { Emit } from "../core/events.ts";
import { dial } from "../net/mod.ts";
import { type Database, type DatabaseAddress, openDatabase, serverVersion } from "../store/pg/database.ts";
import { type Embedded, embeddedAddresses, startEmbedded } from "../store/pg/embedded/cluster.ts";
import { SERVER_SETTINGS } from "../store/pg/embedded/settings.ts";
import { migrateToLatest } from "../store/pg/migrate.ts";
import { grantServing } from "../store/pg/roles.ts";
import { wireTarget } from "../store/pg/wire/address.ts";
import { settlePrefer } from "../store/pg/wire/mod.ts";
import "./events.ts";

/** PostgreSQL 15 has what our statements need (reference: server minimum). */
const OLDEST_SERVER = 150_000;

/** An open database with an up-to-date schema, as the role that serves mail. */
export interface NodeDatabase {
  readonly address: DatabaseAddress;
  readonly database: Database;
  /** Steps of the schema that opening has applied. */
  readonly migrated: readonly string[];
  hasAccounts(): Promise<boolean>;
  answers(): Promise<boolean>;
  /** Closes connections; stops the embedded server. */
  close(): Promise<void>;
}

/**
 * Opens the database, starting the embedded server where the configuration names none, and brings the schema
 * up to date. The caller holds the data lock.
 *
 * @throws Error saying what is wrong and what to do.
 */
export async function openNodeDatabase(config: Config, emit: Emit): Promise<NodeDatabase> {
  const keeper = config.database.url === undefined ? await EmbeddedKeeper.start(config, emit) : undefined;
  const addresses = keeper?.addresses ?? await givenAddresses(config);
  return await opened(config, addresses, async () => await keeper?.stop());
}

/** Opens the database of a server that runs: the user's, or the embedded one that another process holds. */
export async function attachDatabase(config: Config): Promise<NodeDatabase> {
  const { url } = config.database;
  const addresses = url === undefined
    ? await embeddedAddresses(join(config.data, "postgres"))
    : await givenAddresses(config);
  return await opened(config, addresses, () => Promise.resolve());
}

/** Who makes the schema (`address`), and who serves; the same where the configuration names no owner. */
type Addresses = Pick<Embedded, "address" | "serving">;

async function givenAddresses({ database: { url, owner_url } }: Config): Promise<Addresses> {
  const serving = await givenAddress("database.url", url!);
  return {
    serving,
    address: owner_url === undefined ? serving : await givenAddress("database.owner_url", owner_url),
  };
}

async function givenAddress(key: string, url: string): Promise<DatabaseAddress> {
  try {
    return await settlePrefer(dial, { kind: "url", url });
  } catch (error) {
    throw new ConfigError([`${key}: ${(error as Error).message.replace(/^Cannot use database\.url: /, "")}`]);
  }
}

async function opened(
  config: Config,
  { address, serving }: Addresses,
  stop: () => Promise<void>,
): Promise<NodeDatabase> {
  const database = openDatabase(serving, { connections: 3 });
  const close = async () => {
    await database.destroy();
    await stop();
  };
  try {
    await checkServer(database, config, "database.url");
    const migrated = address === serving
      ? await migrateToLatest(database)
      : await migratedByOwner(config, address, wireTarget(serving).user);
    return {
      address: serving,
      database,
      migrated,
      hasAccounts: async () =>
        await database.selectFrom("account").select("account_id").limit(1).executeTakeFirst() !== undefined,
      answers: () => serverVersion(database).then(() => true, () => false),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Brings the schema up to date as its owner, and gives the role that serves its rights. */
async function migratedByOwner(
  config: Config,
  address: DatabaseAddress,
  serving: string,
): Promise<readonly string[]> {
  const owner = openDatabase(address, { connections: 2 });
  try {
    await checkServer(owner, config, "database.owner_url");
    const migrated = await migrateToLatest(owner);
    await grantServing(owner, serving);
    return migrated;
  } finally {
    await owner.destroy();
  }
}

async function checkServer(database: Database, config: Config, key: string): Promise<void> {
  let version: number;
  try {
    version = await serverVersion(database);
  } catch (error) {
    if (config.database.url === undefined) throw error;
    const { message } = error as Error;
    // npm pg's words for it.
    const why = /client password must be a string/.test(message)
      ? "it asks for a password, and the URL has none"
      : message;
    throw new ConfigError([`${key}: cannot reach that PostgreSQL: ${why}`]);
  }
  if (version < OLDEST_SERVER) {
    throw new ConfigError([
      `${key}: that PostgreSQL is version ${version / 10_000 | 0}; 15 or later is needed`,
    ]);
  }
}

/** Keeps the embedded server running: one that ended on its own is started again. */
class EmbeddedKeeper {
  #server: Embedded;
  #stopping = false;

  private constructor(private readonly directory: string, server: Embedded, private readonly emit: Emit) {
    this.#server = server;
    void this.#keep();
  }

  static async start(config: Config, emit: Emit): Promise<EmbeddedKeeper> {
    const directory = join(config.data, "postgres");
    const began = performance.now();
    const server = await startEmbedded(directory);
    emit("node.database.started", { created: server.created, ms: Math.round(performance.now() - began) });
    return new EmbeddedKeeper(directory, server, emit);
  }

  get addresses(): Addresses {
    return this.#server;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#server.stop();
  }

  async #keep(): Promise<void> {
    while (!this.#stopping) {
      await this.#server.ended;
      if (this.#stopping) return;
      this.emit("node.database.died", {});
      for (let pause = 50; !this.#stopping; pause = Math.min(pause * 2, 5_000)) {
        await new Promise((wake) => setTimeout(wake, pause));
        const began = performance.now();
        try {
          this.#server = await startEmbedded(this.directory, SERVER_SETTINGS, false);
          this.emit("node.database.started", { created: false, ms: Math.round(performance.now() - began) });
          if (this.#stopping) await this.#server.stop();
          break;
        } catch { /* its log says why; we go on trying, mail waits at the senders' */ }
      }
    }
  }
}

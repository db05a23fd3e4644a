/**
 * The door to PostgreSQL for everything that is not on the hot path: npm `pg` behind Kysely. Directory,
 * administration, migrations, mailbox names. The hot path has its own door, `wire/`.
 */
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { EVERYBODY, SETTING } from "./fence.ts";
import type { Tables } from "./tables.ts";
import { wireTarget } from "./wire/address.ts";

/** Where a PostgreSQL server is. */
export type DatabaseAddress =
  /** `postgres://user:password@host:port/name?sslmode=…`. */
  | { readonly kind: "url"; readonly url: string }
  /** A unix socket in a directory. */
  | {
    readonly kind: "socket";
    readonly directory: string;
    readonly port: number;
    readonly user: string;
    readonly password?: string;
    readonly database: string;
  };

/** Kysely on our tables. */
export type Database = Kysely<Tables>;

// int8 as number: every one of ours (sizes, mod-sequences, ids) stays below 2^53. date as it is written.
pg.types.setTypeParser(20, (text: string) => Number(text));
pg.types.setTypeParser(1082, (text: string) => text);

/** Settings of every session: nothing may wait or run for ever (reference limits). */
export const SESSION_SETTINGS = {
  statement_timeout: 10_000,
  lock_timeout: 5_000,
  idle_in_transaction_session_timeout: 30_000,
  // For prepared statements (npm pg passes it over): planning a delivery anew costs 1.5 ms of CPU each time,
  // and PostgreSQL would go on doing so, since a plan for the array at hand looks cheaper.
  plan_cache_mode: "force_generic_plan",
} as const;

/** What one step of a SEARCH or SORT may take before it goes to the disk: a million rows to sort. */
const WORK_MEM = "64MB";

/** Opens the door; connections are made when they are needed. Close it with `destroy()`. */
export function openDatabase(address: DatabaseAddress, options: { readonly connections: number }): Database {
  const pool = new pg.Pool({
    ...clientConfig(address),
    max: options.connections,
    connectionTimeoutMillis: 5_000,
    // Kept: the first search of a new connection takes three times as long.
    min: options.connections,
    application_name: "malleposte",
    // This door is for administration and what looks across accounts; searches name theirs (`queryAs`).
    // Workers beside take longer to start than most searches take, and another account's processor.
    options: `-c work_mem=${WORK_MEM} -c max_parallel_workers_per_gather=0 -c ${SETTING}=${EVERYBODY}`,
    ...SESSION_SETTINGS,
  });
  // A server that restarts breaks idle connections: the pool drops them, the next query makes new ones.
  pool.on("error", () => {});
  // One that breaks while somebody holds it says so here too; whoever holds it hears it from its query.
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** The address as npm pg wants it; read by our own rules, since its own differ (sslmode=require, for one). */
export function clientConfig(address: DatabaseAddress): pg.ClientConfig {
  const { to, user, password, database, tls } = wireTarget(address);
  const socket = "path" in to ? /^(.*)\/\.s\.PGSQL\.(\d+)$/.exec(to.path)! : undefined;
  return {
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ...("path" in to ? { host: socket![1]!, port: Number(socket![2]) } : { host: to.host, port: to.port }),
    ssl: tls === "require" ? { rejectUnauthorized: false } : tls === "verify-full",
  };
}

/** The server's version as a number, e.g. 150018 for 15.18. */
export async function serverVersion(db: Database): Promise<number> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db);
  return Number(rows[0]?.server_version_num);
}

/**
 * A real PostgreSQL for tests: with MALLEPOSTE_TEST_DATABASE set to the URL of a server (of a user who may
 * create databases and roles) that one, otherwise importing this module starts a throw-away cluster of the embedded server for
 * the test file (a copy of one that was made and migrated once a schema); each `testDatabase()` is a fresh
 * database in it. The cluster ends with the test file.
 */
import { Kysely, sql } from "kysely";
import { join } from "node:path";
import { kill } from "node:process";
import { type Database, type DatabaseAddress, openDatabase } from "../../src/store/pg/database.ts";
import { startEmbedded } from "../../src/store/pg/embedded/cluster.ts";
import { SERVING, servingAddress } from "../../src/store/pg/embedded/owner.ts";
import { THROWAWAY_SETTINGS } from "../../src/store/pg/embedded/settings.ts";
import type { Door } from "../../src/store/pg/door.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { dial } from "../../src/net/mod.ts";
import { migrateToLatest } from "../../src/store/pg/migrate.ts";
import { grantServing } from "../../src/store/pg/roles.ts";

const TEMPLATE = "mail_template";
/** The role that serves on a given server. */
const GIVEN_SERVING = `${SERVING}_test`;
const root = join(Deno.env.get("TMPDIR") ?? "/tmp", `malleposte-tests-${Deno.uid()}`);

/** A server that test databases are made on. */
interface Host {
  /** A migrated database to copy. */
  readonly template: string;
  readonly addressOf: (database: string) => DatabaseAddress;
  /** As the role that serves, behind the fence of rows. */
  readonly servingOf: (database: string) => DatabaseAddress;
}

const url = Deno.env.get("MALLEPOSTE_TEST_DATABASE");
const host = url === undefined ? await ownCluster() : await givenServer(url);

let count = 0;

/** A fresh, migrated database. */
export interface TestDatabase extends AsyncDisposable {
  /** As its owner. */
  readonly address: DatabaseAddress;
  /** As the role that serves. */
  readonly serving: DatabaseAddress;
  /** Kysely on it, as its owner: what a test itself looks at. */
  readonly database: Database;
  /** Kysely on it, as the role that serves. */
  readonly served: Database;
  /** The hot path's door to it, as the role that serves. */
  readonly door: Door;
}

/** Makes a fresh database from the migrated template; dispose it at the end of the test. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = url === undefined ? `t${++count}` : `t${Deno.pid}_${++count}`;
  const admin = open("postgres");
  await sql.raw(`create database ${name} template ${host.template}`).execute(admin);
  const database = open(name);
  const served = openDatabase(host.servingOf(name), { connections: 4 });
  const door = openDoor(dial, host.servingOf(name), { shared: 2, exclusive: 4 });
  return {
    address: host.addressOf(name),
    serving: host.servingOf(name),
    database,
    served,
    door,
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await served.destroy();
      await database.destroy();
      await sql.raw(`drop database ${name} with (force)`).execute(admin);
      await admin.destroy();
    },
  };
}

/** An address as `database.url` has it; `serving`: as the role that serves. */
export function urlOf(address: DatabaseAddress, serving = false): string {
  if (address.kind === "url") return address.url;
  const { user, password, database, directory, port } = address;
  const who = serving || password === undefined ? serving ? SERVING : user : `${user}:${password}`;
  return `postgres://${who}@localhost:${port}/${database}?host=${encodeURIComponent(directory)}`;
}

function open(database: string): Kysely<any> {
  return openDatabase(host.addressOf(database), { connections: 4 });
}

/** A throw-away cluster of the embedded server, which ends with the test file. */
async function ownCluster(): Promise<Host> {
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  await removeLeftOvers();
  const made = await madeCluster();
  const home = join(root, `run-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`);
  await copyCluster(made, home);
  const { address, pid } = await startEmbedded(home, THROWAWAY_SETTINGS);
  // The file's end: at once and without waiting, nothing in there is worth a checkpoint.
  globalThis.addEventListener("unload", () => {
    try {
      kill(pid, "SIGQUIT");
    } catch { /* ended already */ }
    Deno.removeSync(home, { recursive: true });
  });
  if (address.kind !== "socket") throw new Error("the embedded server listens on a socket");
  return {
    template: TEMPLATE,
    addressOf: (database) => ({ ...address, database }),
    servingOf: (database) => servingAddress({ ...address, database }),
  };
}

/** A server that is there already; the template stays on it for the next test file. */
async function givenServer(url: string): Promise<Host> {
  const addressOf = (database: string) => {
    const at = new URL(url);
    at.pathname = `/${database}`;
    return { kind: "url" as const, url: at.href };
  };
  const password = (await sha256(url)).toHex();
  const servingOf = (database: string): DatabaseAddress => {
    const at = new URL(addressOf(database).url);
    if (at.searchParams.has("user")) at.searchParams.set("user", GIVEN_SERVING);
    else at.username = GIVEN_SERVING;
    if (at.searchParams.has("password")) at.searchParams.set("password", password);
    else at.password = password;
    return { kind: "url", url: at.href };
  };
  const template = `${TEMPLATE}_${await schemaHash()}`;
  const admin = openDatabase(addressOf("postgres"), { connections: 1 });
  // Test files begin at once: each makes what is not there, one after the other.
  await sql`select pg_advisory_lock(hashtext('malleposte tests'))`.execute(admin);
  const { rows: roles } = await sql`select from pg_roles where rolname = ${GIVEN_SERVING}`.execute(admin);
  await sql.raw(
    `${roles.length === 0 ? "create" : "alter"} role ${GIVEN_SERVING} login password '${password}'`,
  )
    .execute(admin);
  const { rows } = await sql`select from pg_database where datname = ${template}`.execute(admin);
  if (rows.length === 0) {
    await sql.raw(`create database ${template}`).execute(admin);
    const database = openDatabase(addressOf(template), { connections: 1 });
    await migrateToLatest(database);
    await grantServing(database, GIVEN_SERVING);
    await database.destroy();
  }
  await admin.destroy();
  return { template, addressOf, servingOf };
}

/** The cluster that all test files copy: made when this schema is seen for the first time. */
async function madeCluster(): Promise<string> {
  const path = join(root, `made-${await schemaHash()}`);
  if (await isThere(path)) return path;
  const fresh = `${path}.new-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
  {
    await using server = await startEmbedded(fresh, THROWAWAY_SETTINGS);
    const admin = openDatabase(server.address, { connections: 1 });
    await sql.raw(`create database ${TEMPLATE}`).execute(admin);
    await admin.destroy();
    if (server.address.kind !== "socket") throw new Error("the embedded server listens on a socket");
    const template = openDatabase({ ...server.address, database: TEMPLATE }, { connections: 1 });
    await migrateToLatest(template);
    await grantServing(template, SERVING);
    await template.destroy();
  }
  await Deno.rename(fresh, path).catch(async () => await Deno.remove(fresh, { recursive: true }));
  return path;
}

async function copyCluster(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const entry of Deno.readDir(from)) {
    if (entry.name.startsWith("pgsql-")) await Deno.symlink(join(from, entry.name), join(to, entry.name));
  }
  const copied = await new Deno.Command("cp", { args: ["-a", join(from, "data"), join(to, "data")] })
    .output();
  if (!copied.success) {
    throw new Error(`Cannot copy the test cluster: ${new TextDecoder().decode(copied.stderr)}`);
  }
}

async function schemaHash(): Promise<string> {
  const folder = new URL("../../migrations/", import.meta.url);
  const files = Array.from(Deno.readDirSync(folder), (entry) => new URL(entry.name, folder).href).sort();
  files.push(new URL("../../src/store/pg/roles.ts", import.meta.url).href);
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(new URL(file))));
  return (await sha256(texts.join("\0"))).slice(0, 6).toHex();
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Ends and removes clusters of test runs that were killed before they could do so. */
async function removeLeftOvers(): Promise<void> {
  for await (const entry of Deno.readDir(root)) {
    const owner = Number(/^run-(\d+)-/.exec(entry.name)?.[1] ?? NaN);
    if (Number.isNaN(owner) || await isThere(`/proc/${owner}`)) continue;
    const path = join(root, entry.name);
    const text = await Deno.readTextFile(join(path, "data", "postmaster.pid")).catch(() => "");
    const command = await Deno.readTextFile(`/proc/${text.split("\n")[0]}/cmdline`).catch(() => "");
    if (command.includes(path)) kill(Number(text.split("\n")[0]), "SIGQUIT");
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

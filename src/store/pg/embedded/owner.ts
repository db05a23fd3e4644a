/**
 * Who may do what on the embedded server. Its owner makes the schema, and needs a password that lies in a file
 * beside the data, which workers cannot read (`node/fence.ts`). Who serves mail is another role without one: it
 * reads and writes rows, and cannot change the schema, empty a table, or become the owner.
 */
import { join } from "node:path";
import { sql } from "kysely";
import { type DatabaseAddress, openDatabase } from "../database.ts";

/** The owner of everything: initdb makes it. */
export const OWNER = "malleposte";
/** The role that serves. */
export const SERVING = "malleposte_serve";

/** The owner without a password comes in only until it has one. */
const OPEN = `local all ${OWNER} trust\nlocal all ${SERVING} trust\n`;
const CLOSED = `local all ${OWNER} scram-sha-256\nlocal all ${SERVING} trust\n`;

type SocketAddress = Extract<DatabaseAddress, { kind: "socket" }>;

/** Where the server reads who may come in; made before it starts. */
export async function accessFile(home: string): Promise<string> {
  const file = join(home, "access.conf");
  // Without its password file the door is open again, as before the first start: who can remove files there can
  // change the server's settings as well.
  const closed = await Deno.readTextFile(file).catch(() => "") === CLOSED &&
    await secretOf(home) !== undefined;
  if (!closed) await write(file, OPEN, 0o644);
  return file;
}

/** The owner's address, with its password where it has one already. */
export async function ownerAddress(home: string, address: SocketAddress): Promise<SocketAddress> {
  const password = await secretOf(home);
  return { ...address, user: OWNER, ...(password === undefined ? {} : { password }) };
}

/** The address of the role that serves. */
export function servingAddress({ kind, directory, port, database }: SocketAddress): SocketAddress {
  return { kind, directory, port, database, user: SERVING };
}

/** Gives the owner its password and makes the role that serves, where that is still to do. */
export async function closeAccess(home: string, address: SocketAddress): Promise<SocketAddress> {
  const file = join(home, "access.conf");
  if (await Deno.readTextFile(file).catch(() => "") === CLOSED) return await ownerAddress(home, address);
  const password = crypto.getRandomValues(new Uint8Array(24)).toHex();
  const owner = openDatabase({ ...address, user: OWNER }, { connections: 1 });
  try {
    const { rows } = await sql`select from pg_roles where rolname = ${SERVING}`.execute(owner);
    if (rows.length === 0) await sql.raw(`create role ${SERVING} login`).execute(owner);
    await sql.raw(`alter role ${OWNER} password '${password}'`).execute(owner);
    // The password is on disk before the door is closed; whatever ends us between, the next start begins anew.
    await write(join(home, "owner.password"), password, 0o600);
    await write(file, CLOSED, 0o644);
    await sql`select pg_reload_conf()`.execute(owner);
  } finally {
    await owner.destroy();
  }
  return { ...address, user: OWNER, password };
}

async function secretOf(home: string): Promise<string | undefined> {
  return await Deno.readTextFile(join(home, "owner.password")).catch(() => undefined);
}

/** Whole or not at all. */
async function write(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.new`;
  await Deno.writeTextFile(fresh, text, { mode });
  await Deno.chmod(fresh, mode);
  await Deno.rename(fresh, file);
}

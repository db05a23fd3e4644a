/** What the administrative functions share. */
import type { Transaction } from "kysely";
import type { MailAddress } from "../core/directory.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { World } from "../core/world.ts";
import { opaqueString } from "../sasl/mod.ts";
import type { Database } from "../store/pg/database.ts";
import type { Tables } from "../store/pg/tables.ts";
import { formatAddress, parseAddress } from "./addresses.ts";
import type { Hasher } from "./hash.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";

/** Limits of an account or a domain; none where undefined. */
export interface Quota {
  readonly octets?: number | undefined;
  readonly messages?: number | undefined;
}

/** What administration needs. */
export interface AdminOptions {
  readonly database: Database;
  readonly hasher: Hasher;
  readonly world: World;
  /** Makes an account's rows in the store, within the directory's transaction (store/accounts.ts). */
  readonly insertAccountState: (
    trx: Transaction<Tables>,
    accountId: number,
    quota?: Quota,
    mailboxes?: "usual" | "bare",
  ) => Promise<void>;
  /** Removes an account's mail; may be run again (store/accounts.ts). */
  readonly deleteAccountRows: (database: Database, accountId: number) => Promise<void>;
}

/** An account that was found. */
export interface FoundAccount {
  readonly id: number;
  readonly address: MailAddress;
  /** The address as text. */
  readonly name: string;
}

/** Finds an account by the address that an administrator typed. */
export async function findAccount(db: Database, text: string): Promise<Outcome<FoundAccount>> {
  const address = parseAddress(text);
  if (!address.ok) return address;
  const { local, domain } = address.value;
  const row = await db.selectFrom("account").select("account_id")
    .where("domain", "=", domain).where("local_part", "=", local).executeTakeFirst();
  const name = formatAddress(address.value);
  if (row === undefined) return refused("NONEXISTENT", `There is no account ${name}`);
  return done({ id: row.account_id, address: address.value, name });
}

/** Whether addresses can be made in a domain: NONEXISTENT, CANNOT (it is another name for a domain). */
export async function ownDomain(db: Database, name: string): Promise<Outcome<void>> {
  const row = await db.selectFrom("domain").select("alias_of").where("name", "=", name).executeTakeFirst();
  if (row === undefined) return noDomain(name);
  return row.alias_of === null ? done(undefined) : refused("CANNOT", isOtherName(name, row.alias_of));
}

/** Why nothing can be made in a domain that is another name for one. */
export function isOtherName(name: string, aliasOf: string): string {
  return `${name} is another name for ${aliasOf}: its addresses are those of ${aliasOf}`;
}

/** The refusal of a domain that is not ours. */
export function noDomain(name: string): ReturnType<typeof refused> {
  return refused("NONEXISTENT", `There is no domain ${name}: add it first (mail domain add ${name})`);
}

/** Prepares a password as logins do (RFC 8265 §4.2), so that both compare the same. */
export function preparePassword(password: string): Outcome<string> {
  if (password.length > LIMITS.password) {
    return refused("LIMIT", `The password is longer than ${LIMITS.password} characters`);
  }
  const prepared = opaqueString(password);
  return prepared === undefined
    ? refused("CANNOT", "The password is empty or holds control characters")
    : done(prepared);
}

/** 32 characters that nobody takes for one another when reading aloud: no i, l, o, u. */
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** `groups` × `length` random characters of 5 bits each, with hyphens between the groups. */
export function randomWord(world: World, groups: number, length: number): string {
  const letters = Array.from(world.random(groups * length), (octet) => LETTERS[octet & 31]);
  return Array.from({ length: groups }, (_, i) => letters.slice(i * length, (i + 1) * length).join(""))
    .join("-");
}

/** True when PostgreSQL refused a row because its key is there already (SQLSTATE 23505). */
export function isDuplicate(thrown: unknown): boolean {
  return hasState(thrown, "23505");
}

/** True when a row is still referred to, or refers to one that is gone (SQLSTATE 23503, 23001). */
export function isReferred(thrown: unknown): boolean {
  return hasState(thrown, "23503") || hasState(thrown, "23001");
}

function hasState(thrown: unknown, state: string): boolean {
  return thrown instanceof Error && (thrown as { code?: unknown }).code === state;
}

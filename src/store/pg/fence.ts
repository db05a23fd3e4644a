/**
 * Whose rows a statement touches. PostgreSQL shows the role that serves those of the accounts that were named to it
 * (`migrations/0014_fence.ts`), besides what the statement itself asks for: a statement that forgot its condition
 * finds nobody else's.
 */
import { type RawBuilder, sql } from "kysely";
import type { AccountId } from "../../core/brands.ts";
import type { Database } from "./database.ts";
import type { Call, Param, PgType } from "./door.ts";

/** Which parameters of a statement, from 0, are accounts or arrays of them; or that it looks across all accounts. */
export type Whose = readonly number[] | "everybody";

/** Accounts as PostgreSQL is told: one, or several as text, or EVERYBODY; undefined: it does not matter. */
export type Named = number | string | undefined;

/** The setting's name. */
export const SETTING = "malleposte.accounts";
/** Its value that shows the rows of all accounts. */
export const EVERYBODY = "*";

/** Tables behind the fence. */
export const FENCED: readonly string[] = [
  "account_state",
  "acl",
  "annotation",
  "changed_range",
  "entry",
  "expunged",
  "mailbox",
  "mailbox_garbage",
  "maildrop_lock",
  "message",
  "message_garbage",
  "message_sort",
  "message_text",
  "metadata",
  "subscription",
  "url_key",
];

const READS_FENCED = new RegExp(
  `(?:\\b(?:from|join|into|update|using)|,)\\s+(?:${FENCED.join("|")})\\b`,
  "i",
);
const FIRST: Whose = [0];

/**
 * Whose rows a statement touches that does not say it: nobody's, or its first parameter's.
 *
 * @throws Error when that is no account.
 */
export function whoseOf(name: string, params: readonly PgType[], text: string): Whose | undefined {
  if (!READS_FENCED.test(text)) return undefined;
  if (params[0] === "int8" || params[0] === "int8[]") return FIRST;
  throw new Error(`Cannot use the statement ${name}: say whose rows it touches`);
}

/**
 * The accounts of calls that run together.
 *
 * @throws RangeError when one of them is none.
 */
export function namedBy(calls: readonly Call[]): Named {
  let one: number | undefined, several: Set<number> | undefined;
  for (const { statement: { name, whose }, values } of calls) {
    if (whose === undefined) continue;
    if (whose === "everybody") return EVERYBODY;
    for (const at of whose) {
      const value = values[at];
      if (typeof value === "number") {
        if (value === one) continue;
        if (one === undefined) one = accountOf(name, value);
        else (several ??= new Set([one])).add(accountOf(name, value));
        continue;
      }
      for (const account of accountsOf(name, value)) {
        if (account === one) continue;
        if (one === undefined) one = accountOf(name, account);
        else (several ??= new Set([one])).add(accountOf(name, account));
      }
    }
  }
  return several === undefined ? one : [...several].sort((a, b) => a - b).join();
}

function accountsOf(statement: string, value: Param | undefined): Iterable<unknown> {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return value as Iterable<unknown>;
  throw new RangeError(`Cannot run ${statement}: ${value} is no account`);
}

function accountOf(statement: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new RangeError(`Cannot run ${statement}: ${value} is no account`);
}

/** The setting's value. */
export function settingOf(named: number | string): string {
  return named === EVERYBODY ? named : `{${named}}`;
}

/** Runs a query that serves a session of an account, of whose rows alone it is shown. Only reads. */
export async function queryAs<T>(
  db: Database,
  account: AccountId,
  query: RawBuilder<T>,
): Promise<readonly T[]> {
  const named = settingOf(accountOf("a query", account));
  return await db.connection().execute(async (one) => {
    // Two statements in one round trip, which takes text without parameters: the account is a number.
    await sql.raw(`begin read only; set local ${SETTING} = '${named}'`).execute(one);
    try {
      return (await query.execute(one)).rows;
    } finally {
      // Where it fails the connection is gone, and the transaction with it.
      await sql.raw("rollback").execute(one).catch(() => {});
    }
  });
}

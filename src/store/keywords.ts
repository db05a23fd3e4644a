/** Keywords of mailboxes: their names in the mailbox row, their bits in the entries. */
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import type { StoreLimits } from "./limits.ts";
import { call, type Rows, type Transaction } from "./pg/door.ts";
import { lockAccount } from "./sql/account.ts";
import { mailboxKeywords, setMailboxKeywords } from "./sql/change.ts";
import { mailboxByName } from "./sql/mailbox.ts";

/**
 * Checks keywords and drops doubles (they are compared without case). CANNOT: not an atom (RFC 9051 §9
 * `flag-keyword`); LIMIT: too long or too many.
 */
export function checkKeywords(
  names: readonly string[],
  limits: Pick<StoreLimits, "keywords" | "keywordOctets">,
): Outcome<readonly string[]> {
  if (names.length > limits.keywords) return refused("LIMIT", "Too many keywords");
  const seen = new Map<string, string>();
  for (const name of names) {
    if (name.length > limits.keywordOctets) return refused("LIMIT", "Keyword too long");
    if (!isAtom(name)) return refused("CANNOT", "Not a keyword");
    if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name);
  }
  return done([...seen.values()]);
}

/** ATOM-CHAR = any CHAR except "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]" (RFC 9051 §9), at least one. */
function isAtom(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || '(){%*"\\]'.includes(name[i]!)) return false;
  }
  return name.length > 0;
}

/** What `planKeywords` found. */
export interface KeywordPlan {
  /** Index of each asked keyword, or -1 where it is missing and none may be added. */
  readonly indexes: readonly number[];
  /** The mailbox's keywords with what was added; undefined when nothing was. */
  readonly grown: readonly string[] | undefined;
}

/** Finds keywords in a mailbox's list and adds those that are missing. LIMIT: the list is full. */
export function planKeywords(
  known: readonly string[],
  asked: readonly string[],
  add: boolean,
  limits: Pick<StoreLimits, "keywords">,
): Outcome<KeywordPlan> {
  const places = new Map(known.map((name, i) => [name.toLowerCase(), i]));
  const grown = [...known];
  const indexes: number[] = [];
  for (const name of asked) {
    let index = places.get(name.toLowerCase());
    if (index === undefined && add) {
      index = grown.length;
      if (index >= limits.keywords) return refused("LIMIT", "The mailbox has too many keywords");
      grown.push(name);
      places.set(name.toLowerCase(), index);
    }
    indexes.push(index ?? -1);
  }
  return done({ indexes, grown: grown.length > known.length ? grown : undefined });
}

/** Reads what `mailboxKeywords` gives. */
export function keywordsOf(rows: Rows): readonly string[] | undefined {
  return rows.count === 0 ? undefined : rows.texts(0, 0);
}

/**
 * The indexes of keywords in a mailbox, adding those that are missing when `add` says so; part of a
 * transaction that holds the account's lock.
 */
export async function addKeywords(
  context: StoreContext,
  tx: Transaction,
  account: AccountId,
  mailbox: number,
  known: readonly string[],
  asked: readonly string[],
): Promise<Outcome<readonly number[]>> {
  const plan = planKeywords(known, asked, true, context.limits);
  if (!plan.ok) return plan;
  if (plan.value.grown !== undefined) {
    await tx.run(call(setMailboxKeywords, account, mailbox, plan.value.grown));
  }
  return done(plan.value.indexes);
}

/** Sees that a mailbox, by name, has some keywords; a mailbox that is gone is left to the next step. */
export function ensureKeywords(
  context: StoreContext,
  account: AccountId,
  name: string,
  keywords: readonly string[],
): Promise<Outcome<void>> {
  const asked = checkKeywords(keywords, context.limits);
  if (!asked.ok) return Promise.resolve(asked);
  return retrying(() =>
    context.door.transaction(async (tx): Promise<Outcome<void>> => {
      const [, box] = await tx.run(call(lockAccount, account), call(mailboxByName, account, name));
      if (box!.count === 0) return done(undefined);
      const added = await addKeywords(context, tx, account, box!.int(0, 0), box!.texts(0, 9), asked.value);
      return added.ok ? done(undefined) : added;
    })
  );
}

/**
 * The indexes of keywords in a mailbox, by id, adding missing ones when `add` says so; unknown ones are left
 * out otherwise. NONEXISTENT: no such mailbox.
 */
export async function keywordIndexesIn(
  context: StoreContext,
  account: AccountId,
  mailbox: number,
  keywords: readonly string[],
  add: boolean,
): Promise<Outcome<readonly number[]>> {
  const asked = checkKeywords(keywords, context.limits);
  if (!asked.ok) return asked;
  const known = keywordsOf(await retrying(() => context.door.query(mailboxKeywords, account, mailbox)));
  if (known === undefined) return refused("NONEXISTENT", "No such mailbox");
  const plan = planKeywords(known, asked.value, add, context.limits);
  if (!plan.ok) return plan;
  if (plan.value.grown === undefined) return done(plan.value.indexes.filter((index) => index >= 0));
  return await retrying(() =>
    context.door.transaction(async (tx): Promise<Outcome<readonly number[]>> => {
      const [, rows] = await tx.run(call(lockAccount, account), call(mailboxKeywords, account, mailbox));
      const now = keywordsOf(rows!);
      if (now === undefined) return refused("NONEXISTENT", "No such mailbox");
      return await addKeywords(context, tx, account, mailbox, now, asked.value);
    })
  );
}

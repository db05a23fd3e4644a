/** A SearchKey as one SQL condition with parameters, over `e` (entry) and `m` (message). */
import { type RawBuilder, sql } from "kysely";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import { matchesPattern } from "../../core/pattern.ts";
import type { SearchKey, TextMatch } from "../../core/search.ts";
import { countOf } from "../../core/uidset.ts";
import { foldOf, foldText } from "../../mime/mod.ts";
import type { StoreLimits } from "../limits.ts";
import { SHARED } from "../sql/annotation.ts";
import { escaped, inText, isTextOnly } from "./text_sql.ts";

/** What the condition stands on. */
export interface SearchGround {
  /** Milliseconds since the epoch, for OLDER and YOUNGER. */
  readonly now: number;
  /** The mailbox's keywords. */
  readonly keywords: readonly string[];
  /** Names of the annotations that there are, where a key asks for some. */
  readonly annotations: readonly string[];
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  /** Messages that the mailbox has. */
  readonly messages: number;
}

/** Up to so many messages their texts are read, which takes 1 µs each; of more, the index finds those that match. */
const FEW = 10_000;

interface Ground extends SearchGround {
  /** Selects the messages whose texts are to be read, where they are few. */
  readonly few?: RawBuilder<unknown>;
}

/** What a search needs beside the entries. */
export interface SearchNeeds {
  readonly message: boolean;
  /** Texts must be up to date. */
  readonly text: boolean;
}

type Condition = RawBuilder<boolean>;

/** True when a key has no more parts, and nests no deeper, than the limits say. Takes any depth. */
export function isWithin(
  key: SearchKey,
  limits: Pick<StoreLimits, "searchKeys" | "searchDepth">,
): boolean {
  let count = 0;
  const waiting: { readonly key: SearchKey; readonly depth: number }[] = [{ key, depth: 1 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (++count > limits.searchKeys || next.depth > limits.searchDepth) return false;
    for (const child of children(next.key)) waiting.push({ key: child, depth: next.depth + 1 });
  }
  return true;
}

/** Which tables a key looks at. */
export function needsOf(key: SearchKey): SearchNeeds {
  let message = false, text = false;
  const waiting: SearchKey[] = [key];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.key === "date" && next.of === "sent") message = true;
    if (next.key === "header" || next.key === "body" || next.key === "text") text = true;
    waiting.push(...children(next));
  }
  return { message, text };
}

function children(key: SearchKey): readonly SearchKey[] {
  switch (key.key) {
    case "and":
    case "or":
      return key.of;
    case "not":
      return [key.of];
    default:
      return [];
  }
}

/** The condition. Never null, so that NOT is right; `isWithin` bounds the recursion. */
export function searchCondition(key: SearchKey, ground: SearchGround): Condition {
  const must = key.key === "and" ? key.of.filter(isOfEntry) : [];
  if (Math.min(ground.messages, ...must.map(mostOf)) > FEW) return condition(key, ground);
  const few = sql`select e.message_id from entry e
    where e.account_id = ${ground.account} and e.mailbox_id = ${ground.mailbox}${
    sql.join(must.map((one) => sql` and ${condition(one, ground)}`), sql``)
  }`;
  return condition(key, { ...ground, few });
}

/** True when an entry's own columns answer a key. */
function isOfEntry(key: SearchKey): boolean {
  switch (key.key) {
    case "and":
    case "or":
    case "not":
      return children(key).every(isOfEntry);
    case "header":
    case "body":
    case "text":
    case "annotation":
      return false;
    case "date":
      return key.of !== "sent";
    default:
      return true;
  }
}

/** How many messages a key lets come into question by its UIDs. */
function mostOf(key: SearchKey): number {
  return key.key === "uid" ? countOf(key.set) : Infinity;
}

function condition(key: SearchKey, ground: Ground): Condition {
  if (isTextOnly(key)) return inText(key, ground.account, ground.few);
  switch (key.key) {
    case "all":
      return sql`true`;
    case "and":
      return key.of.length === 0 ? sql`true` : sql`(${joined(textsTogether(key.of), ground, sql` and `)})`;
    case "or":
      return sql`(${joined(textsTogether(key.of, "or"), ground, sql` or `)})`;
    case "not":
      return sql`(not ${condition(key.of, ground)})`;
    case "flag":
      return key.set ? sql`(e.flags & ${key.flag}::int2) <> 0` : sql`(e.flags & ${key.flag}::int2) = 0`;
    case "keyword":
      return keyword(key.name, key.set, ground.keywords);
    case "header":
    case "body":
    case "text":
      return inText(key, ground.account, ground.few);
    case "date":
      return date(key);
    case "age": {
      const then = new Date(ground.now - key.seconds * 1000);
      return key.is === "older" ? sql`e.internal_date <= ${then}` : sql`e.internal_date >= ${then}`;
    }
    case "size":
      return key.is === "larger" ? sql`e.size > ${key.octets}::int8` : sql`e.size < ${key.octets}::int8`;
    case "annotation":
      return annotation(key, ground.annotations);
    case "uid":
      return uids(key.set);
    case "message":
      return sql`e.message_id = ${key.message}::int8`;
    case "modseq":
      return sql`e.modseq >= ${key.atLeast}::int8`;
    default:
      return key satisfies never;
  }
}

/** Names are chosen here: what `*` and `%` mean in them (RFC 5257 §4.8), no pattern of PostgreSQL's says. */
function annotation(
  { user, entry, of, text, match }: Extract<SearchKey, { readonly key: "annotation" }>,
  known: readonly string[],
): Condition {
  const names = known.filter((name) => matchesPattern(entry, name, "/"));
  const users = of === "both" ? [SHARED, user] : of === "shared" ? [SHARED] : [user];
  return sql`exists (
    select from annotation a
     where a.account_id = e.account_id and a.mailbox_id = e.mailbox_id and a.uid = e.uid
       and a.entry = any (${names}::text[]) and a.user_id = any (${users}::int8[])
       and ${holds(text, match)})`;
}

/** Values that are text and hold another; folded ones are kept, the others are few enough to be read. */
function holds(text: string, match: TextMatch | undefined): Condition {
  if (match === undefined || match === "fuzzy") {
    return sql`a.folded like ${text === "" ? "%" : `%${escaped(foldText(text))}%`} escape '\\'`;
  }
  const value = sql`convert_from(a.value, 'UTF8')`;
  // The locale is C: nothing but a to z has another case (RFC 4790 §9.2).
  const folded = match === "i;octet" ? value : sql`upper(${value} collate "C")`;
  // Only what is UTF-8 has a folded text, and CASE looks no further where there is none.
  return sql`case when a.folded is null then false else strpos(${folded}, ${
    foldOf(match)(text)
  }::text) > 0 end`;
}

/** True when a key asks for annotations. */
export function asksAnnotations(key: SearchKey): boolean {
  const waiting: SearchKey[] = [key];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.key === "annotation") return true;
    waiting.push(...children(next));
  }
  return false;
}

/** The keys with those that ask for texts only as one of them. */
function textsTogether(keys: readonly SearchKey[], by: "and" | "or" = "and"): readonly SearchKey[] {
  const texts = keys.filter(isTextOnly);
  if (texts.length < 2) return keys;
  const others = keys.filter((key) => !isTextOnly(key));
  return [...others, { key: by, of: texts } as SearchKey];
}

function joined(keys: readonly SearchKey[], ground: Ground, by: RawBuilder<unknown>) {
  return sql.join(keys.map((key) => condition(key, ground)), by);
}

function keyword(name: string, set: boolean, known: readonly string[]): Condition {
  const index = known.findIndex((one) => one.toLowerCase() === name.toLowerCase());
  if (index < 0) return set ? sql`false` : sql`true`;
  const bit = sql<boolean>`coalesce(get_bit(e.keywords, ${index}::int4) = 1, false)`;
  return set ? bit : sql`(not ${bit})`;
}

/** Dates are days in UTC: internal dates are kept and shown without another zone. */
function date(key: Extract<SearchKey, { readonly key: "date" }>): Condition {
  const day = sql`${key.date}::date`;
  if (key.of === "sent") {
    const by = key.is === "before" ? sql`<` : key.is === "on" ? sql`=` : sql`>=`;
    return sql`coalesce(m.sent_on ${by} ${day}, false)`;
  }
  const column = key.of === "internal" ? sql`e.internal_date` : sql`e.save_date`;
  const start = sql`(${day}::timestamp at time zone 'UTC')`;
  const next = sql`((${day} + 1)::timestamp at time zone 'UTC')`;
  switch (key.is) {
    case "before":
      return sql`${column} < ${start}`;
    case "on":
      return sql`(${column} >= ${start} and ${column} < ${next})`;
    case "since":
      return sql`${column} >= ${start}`;
  }
}

/** A multirange is searched by halves; the outer bounds let the key of `entry` be used. */
function uids(set: readonly (readonly [number, number])[]): Condition {
  const first = set[0], last = set[set.length - 1];
  if (first === undefined || last === undefined) return sql`false`;
  const bounds = sql<boolean>`e.uid between ${first[0]}::int8 and ${last[1]}::int8`;
  if (set.length === 1) return bounds;
  const ranges = `{${set.map(([low, high]) => `[${low},${high}]`).join(",")}}`;
  return sql`(${bounds} and e.uid <@ ${ranges}::int8multirange)`;
}

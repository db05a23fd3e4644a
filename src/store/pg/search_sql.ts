/**
 * A SearchKey as one SQL condition with parameters, over `e` (entry) and `m` (message). What looks at texts begins with
 * the texts, for which there is an index: PostgreSQL finds the messages once, and then those of them in the mailbox.
 * Where few messages come into question it is the other way round.
 */
import { type RawBuilder, sql } from "kysely";
import type { AccountId } from "../../core/brands.ts";
import { matchesPattern } from "../../core/pattern.ts";
import type { SearchKey, TextMatch } from "../../core/search.ts";
import { foldOf, foldText } from "../../mime/mod.ts";
import type { StoreLimits } from "../limits.ts";
import { SHARED } from "../sql/annotation.ts";
import { searchable } from "../text.ts";
import { hashesOf } from "../text_filter.ts";
import { stemOf, type TextKey, wordsOf } from "./fuzzy_sql.ts";

/** What the condition stands on. */
export interface SearchGround {
  /** Milliseconds since the epoch, for OLDER and YOUNGER. */
  readonly now: number;
  /** The mailbox's keywords. */
  readonly keywords: readonly string[];
  /** Names of the annotations that there are, where a key asks for some. */
  readonly annotations: readonly string[];
  readonly account: AccountId;
  /** Messages that come into question at most. */
  readonly messages: number;
}

/** Messages whose texts are looked at one by one. */
const FEW = 2000;

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
export function condition(key: SearchKey, ground: SearchGround): Condition {
  if (isTextOnly(key)) return inText(key, ground);
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
      return inText(key, ground);
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

/** True when a key asks for nothing but texts, which one look at a message's text answers. */
function isTextOnly(key: SearchKey): boolean {
  switch (key.key) {
    case "and":
    case "or":
      return key.of.length > 0 && key.of.every(isTextOnly);
    default:
      return key.key === "header" || key.key === "body" || key.key === "text";
  }
}

/** The keys with those that ask for texts only as one of them. */
function textsTogether(keys: readonly SearchKey[], by: "and" | "or" = "and"): readonly SearchKey[] {
  const texts = keys.filter(isTextOnly);
  if (texts.length < 2) return keys;
  const others = keys.filter((key) => !isTextOnly(key));
  return [...others, { key: by, of: texts } as SearchKey];
}

function inText(key: SearchKey, { account, messages }: SearchGround): Condition {
  if (messages <= FEW) {
    return sql`exists (select from searched_text t
      where t.account_id = ${account} and t.message_id = e.message_id and ${textCondition(key, "reading")})`;
  }
  // An array, not IN: whatever PostgreSQL expects of the other conditions, it looks for the texts once.
  // What has trigrams is found by them, the rest is read.
  const of = sql`select t.message_id from searched_text t where t.account_id = ${account}`;
  return sql`(e.message_id = any (array(
    ${of} and t.grams and ${textCondition(key, "by index")} union all
    ${of} and not t.grams and ${textCondition(key, "reading")})))`;
}

/** How texts are looked at: what has an index is LIKE, what is quick to read is not. */
type Look = "by index" | "reading";

function textCondition(key: SearchKey, look: Look): Condition {
  switch (key.key) {
    case "and":
    case "or": {
      const by = key.key === "and" ? sql` and ` : sql` or `;
      return sql`(${sql.join(key.of.map((one) => textCondition(one, look)), by)})`;
    }
    case "header":
    case "body":
    case "text":
      return text(key, look);
    default:
      throw new Error(`Cannot look for ${key.key} in texts`);
  }
}

/** A text key, or all words of a fuzzy one. */
function text(key: TextKey, look: Look): Condition {
  if (key.match !== undefined && key.match !== "fuzzy") {
    throw new Error(`Cannot compile ${key.match}: see exact.ts`);
  }
  const words = key.match === "fuzzy" ? wordsOf(key.text).map(stemOf) : [];
  const parts = (words.length > 0 ? words : [key.text]).map((part) => containsText(key, part, look));
  return parts.length === 1 ? parts[0]! : sql`(${sql.join(parts, sql` and `)})`;
}

function containsText(key: TextKey, part: string, look: Look): Condition {
  switch (key.key) {
    case "header":
      return header(key.field, part, look);
    case "body":
      return inBody(key, part, look);
    case "text":
      return sql`(${inHeader(part, look)} or ${inBody(key, part, look)})`;
  }
}

function inHeader(part: string, look: Look): Condition {
  return look === "by index" ? sql`t.header like ${containing(part)}` : reads(sql`t.header`, part);
}

/**
 * CASE: PostgreSQL may look at conditions in another order, and takes reading the text for the cheaper one. The many words of
 * fuzzy keys would make more parameters than a statement may have (65,535).
 */
function inBody({ match }: TextKey, part: string, look: Look): Condition {
  if (look === "by index") return sql`t.body like ${containing(part)}`;
  const read = reads(sql`t.body`, part), hashes = match === "fuzzy" ? [] : hashesOf(searchable(part));
  if (hashes.length === 0) return read;
  const bits = hashes.map((hash) =>
    sql`get_bit(t.body_filter, ${hash}::int8 & (8 * octet_length(t.body_filter) - 1)) = 1`
  );
  return sql`case when t.body_filter is null or (${sql.join(bits, sql` and `)}) then ${read} else false end`;
}

/** Two to four times as quick as LIKE, where there is no index. */
function reads(text: RawBuilder<unknown>, part: string): Condition {
  return sql`strpos(${text}, ${searchable(part)}::text) > 0`;
}

function joined(keys: readonly SearchKey[], ground: SearchGround, by: RawBuilder<unknown>) {
  return sql.join(keys.map((key) => condition(key, ground)), by);
}

function keyword(name: string, set: boolean, known: readonly string[]): Condition {
  const index = known.findIndex((one) => one.toLowerCase() === name.toLowerCase());
  if (index < 0) return set ? sql`false` : sql`true`;
  const bit = sql<boolean>`coalesce(get_bit(e.keywords, ${index}::int4) = 1, false)`;
  return set ? bit : sql`(not ${bit})`;
}

/** One line of `header` is one field: the text must stand behind the name and in the same line. */
function header(field: string, text: string, look: Look): Condition {
  const pattern = escaped(searchable(`${field}:`)) + (text === "" ? "%" : containing(text));
  return sql`(${inHeader(text, look)} and exists (
    select from string_to_table(t.header, e'\\n') as l (line) where l.line like ${pattern}))`;
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

function containing(text: string): string {
  return text === "" ? "%" : `%${escaped(searchable(text))}%`;
}

/** LIKE's own signs, as themselves. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_");
}

/**
 * Keys that ask for texts as one SQL condition over `e` (entry). Where few messages come into question their texts are
 * read; of many, PostgreSQL finds the texts once by the index of their trigrams, and then those of them in the mailbox.
 */
import { type RawBuilder, sql } from "kysely";
import type { AccountId } from "../../core/brands.ts";
import type { SearchKey } from "../../core/search.ts";
import { searchable } from "../text.ts";
import { hashesOf } from "../text_filter.ts";
import { stemOf, type TextKey, wordsOf } from "./fuzzy_sql.ts";

type Condition = RawBuilder<boolean>;

/** True when a key asks for nothing but texts, which one look at a message's text answers. */
export function isTextOnly(key: SearchKey): boolean {
  switch (key.key) {
    case "and":
    case "or":
      return key.of.length > 0 && key.of.every(isTextOnly);
    default:
      return key.key === "header" || key.key === "body" || key.key === "text";
  }
}

/**
 * The condition of such a key. `few` selects the ids of the messages that come into question, where they are so few that
 * their texts are to be read.
 */
export function inText(key: SearchKey, account: AccountId, few: RawBuilder<unknown> | undefined): Condition {
  const of = sql`select t.message_id from searched_text t where t.account_id = ${account}`;
  // Arrays, neither EXISTS nor IN: whatever PostgreSQL expects of the other conditions, it looks for the texts once, and
  // never at those of others to join them with these.
  if (few !== undefined) {
    return sql`(e.message_id = any (array(
      ${of} and t.message_id = any (array(${few})) and ${textCondition(key, "reading")})))`;
  }
  // What has trigrams is found by them, the rest is read.
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

/** One line of `header` is one field: the text must stand behind the name and in the same line. */
function header(field: string, text: string, look: Look): Condition {
  const pattern = escaped(searchable(`${field}:`)) + (text === "" ? "%" : containing(text));
  return sql`(${inHeader(text, look)} and exists (
    select from string_to_table(t.header, e'\\n') as l (line) where l.line like ${pattern}))`;
}

function containing(text: string): string {
  return text === "" ? "%" : `%${escaped(searchable(text))}%`;
}

/** LIKE's own signs, as themselves. */
export function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_");
}

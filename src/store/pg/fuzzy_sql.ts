/** Fuzzy search (RFC 6203) as SQL, over `t` (searched_text): words in any order, their endings left open. */
import { type RawBuilder, sql } from "kysely";
import type { SearchKey } from "../../core/search.ts";
import { searchable } from "../text.ts";

/** A key that looks at texts. */
export type TextKey = Extract<SearchKey, { readonly key: "header" | "body" | "text" }>;

/** Words of a text that are looked for. */
const WORDS = 16;
/** Characters of a body whose words are weighed: what lies behind counts as being there, no more. */
const WEIGHED = 100_000;

/** The words of a search text, folded; none where it has no letter and no digit. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(searchable(text).match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])].slice(0, WORDS);
}

/** What must be there of a word: its begin, so that other endings and a slip in them match. */
export function stemOf(word: string): string {
  const characters = [...word];
  const { length } = characters;
  const dropped = length > 6 ? Math.ceil(length / 3) : length > 3 ? Math.floor(length / 3) : 0;
  return characters.slice(0, length - dropped).join("");
}

/**
 * How well a message matches, from 0 to 1: null where no part of the key is fuzzy. Of keys that must all match it is
 * the mean, of choices the best.
 */
export function relevance(key: SearchKey): RawBuilder<number> | undefined {
  switch (key.key) {
    case "and":
    case "or": {
      const parts = key.of.map(relevance).filter((part) => part !== undefined);
      if (parts.length === 0) return undefined;
      if (key.key === "or") return sql`greatest(${sql.join(parts)})`;
      return sql`((${sql.join(parts, sql` + `)}) / ${parts.length}::float8)`;
    }
    case "header":
    case "body":
    case "text":
      return key.match === "fuzzy" ? relevanceOf(key) : undefined;
    default:
      return undefined;
  }
}

/**
 * Whole words count more than begins, all words in a row more than apart, many more than few, headers most.
 * OFFSET 0 keeps PostgreSQL from making the document anew wherever it is named.
 */
function relevanceOf(key: TextKey): RawBuilder<number> {
  const words = wordsOf(key.text);
  if (words.length === 0) return sql`1.0::float8`;
  const each = words.map((word) =>
    sql`case when d.v @@ plainto_tsquery('simple', ${word}) then 1.0
             when d.v @@ to_tsquery('simple', ${`'${word}':*`}) then 0.7 else 0.35 end`
  );
  const any = words.map((word) => `'${stemOf(word)}':*`).join(" | ");
  return sql`(select 0.55 * (${sql.join(each, sql` + `)}) / ${words.length}::float8
      + case when d.v @@ phraseto_tsquery('simple', ${words.join(" ")}) then 0.15 else 0 end
      + 0.3 * least(1.0, 2 * ts_rank(d.v, to_tsquery('simple', ${any}), 32))
    from (select ${weighed(key)} as v offset 0) d)`;
}

function weighed(key: TextKey): RawBuilder<unknown> {
  switch (key.key) {
    case "header": {
      const name = searchable(`${key.field}:`);
      return sql`setweight(to_tsvector('simple', coalesce((
        select string_agg(substr(l.line, ${name.length + 1}::int4), ' ')
          from string_to_table(t.header, e'\\n') as l (line) where starts_with(l.line, ${name})), '')), 'A')`;
    }
    case "body":
      return sql`to_tsvector('simple', coalesce(left(t.body, ${WEIGHED}::int4), ''))`;
    case "text":
      return sql`setweight(to_tsvector('simple', coalesce(left(t.header, ${WEIGHED}::int4), '')), 'A') ||
        to_tsvector('simple', coalesce(left(t.body, ${WEIGHED}::int4), ''))`;
  }
}

/** The criteria of SORT as SQL, over `e` (entry) and `k` (message_sort). */
import { type RawBuilder, sql } from "kysely";
import type { SortBy, SortOrder } from "../../core/search.ts";
import { SHARED } from "../sql/annotation.ts";

/** Texts are folded and compared by code point, which is i;unicode-casemap (RFC 5051 §3). */
const COLUMNS: Readonly<Record<Exclude<SortBy, "annotation" | "relevancy">, RawBuilder<unknown>>> = {
  arrival: sql`e.internal_date`,
  cc: sql`coalesce(k.copied, '')`,
  date: sql`coalesce(k.sent_at, e.internal_date)`,
  displayfrom: sql`coalesce(k.display_sender, '')`,
  displayto: sql`coalesce(k.display_recipient, '')`,
  from: sql`coalesce(k.sender, '')`,
  modseq: sql`e.modseq`,
  size: sql`e.size`,
  subject: sql`coalesce(k.subject, '')`,
  to: sql`coalesce(k.recipient, '')`,
  uid: sql`e.uid`,
};

/** True when a criterion looks at the header. */
export function needsKeys(order: readonly SortOrder[]): boolean {
  return order.some(({ by }) => !ENTRY.has(by) && by !== "annotation");
}

/** True when a criterion compares texts, which comparators do (RFC 5255 §4.2, RFC 5957 §3). */
export function comparesTexts(order: readonly SortOrder[]): boolean {
  return order.some(({ by }) => !ENTRY.has(by) && by !== "date");
}

/** Criteria that are columns of the entry, or no column at all. */
const ENTRY: ReadonlySet<SortBy> = new Set(["arrival", "modseq", "relevancy", "size", "uid"]);

/** A list for ORDER BY that ends with a comma, or nothing. `relevance`: what relevancy is, where something has one. */
export function ordering(
  order: readonly SortOrder[],
  relevance: RawBuilder<number> | undefined,
): RawBuilder<unknown> {
  const terms: RawBuilder<unknown>[] = [];
  for (const one of order) {
    // RFC 6203 §6: the best comes first.
    const down = (one.by === "relevancy") !== one.reverse;
    const of = column(one, relevance);
    if (of !== undefined) terms.push(down ? sql`${of} desc, ` : sql`${of}, `);
  }
  return sql.join(terms, sql``);
}

/** A message without the annotation, or with one that is no text, is sorted as if it were empty. */
function column(
  { by, value }: SortOrder,
  relevance: RawBuilder<number> | undefined,
): RawBuilder<unknown> | undefined {
  if (by === "relevancy") return relevance;
  if (by !== "annotation") return COLUMNS[by];
  return sql`coalesce((
    select a.folded from annotation a
     where a.account_id = e.account_id and a.mailbox_id = e.mailbox_id and a.uid = e.uid
       and a.entry = ${value!.entry} and a.user_id = ${value!.user ?? SHARED}::int8), '')`;
}

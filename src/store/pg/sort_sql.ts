/** The criteria of SORT as SQL, over `e` (entry) and `k` (message_sort). */
import { type RawBuilder, sql } from "kysely";
import type { SortBy, SortOrder } from "../../core/search.ts";
import { SHARED } from "../sql/annotation.ts";

/** Texts are folded and compared by code point, which is i;unicode-casemap (RFC 5051 §3). */
const COLUMNS: Readonly<Record<Exclude<SortBy, "annotation">, RawBuilder<unknown>>> = {
  arrival: sql`e.internal_date`,
  cc: sql`coalesce(k.copied, '')`,
  date: sql`coalesce(k.sent_at, e.internal_date)`,
  displayfrom: sql`coalesce(k.display_sender, '')`,
  displayto: sql`coalesce(k.display_recipient, '')`,
  from: sql`coalesce(k.sender, '')`,
  size: sql`e.size`,
  subject: sql`coalesce(k.subject, '')`,
  to: sql`coalesce(k.recipient, '')`,
};

/** True when a criterion looks at the header. */
export function needsKeys(order: readonly SortOrder[]): boolean {
  return order.some(({ by }) => by !== "arrival" && by !== "size" && by !== "annotation");
}

/** A list for ORDER BY that ends with a comma, or nothing. */
export function ordering(order: readonly SortOrder[]): RawBuilder<unknown> {
  return sql.join(
    order.map((one) => one.reverse ? sql`${column(one)} desc, ` : sql`${column(one)}, `),
    sql``,
  );
}

/** A message without the annotation, or with one that is no text, is sorted as if it were empty. */
function column({ by, value }: SortOrder): RawBuilder<unknown> {
  if (by !== "annotation") return COLUMNS[by];
  return sql`coalesce((
    select a.folded from annotation a
     where a.account_id = e.account_id and a.mailbox_id = e.mailbox_id and a.uid = e.uid
       and a.entry = ${value!.entry} and a.user_id = ${value!.user ?? SHARED}::int8), '')`;
}

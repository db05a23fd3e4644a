/**
 * The charset in which an account's 8-bit text is read that declares none and is no UTF-8. What is derived of a message
 * (text for SEARCH, keys of SORT and THREAD) is each account's own, so two of them may read the same octets differently.
 */
import type { AccountId } from "../core/brands.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { statement } from "./pg/door.ts";

const charsetOfAccount = statement(
  "charset_of",
  ["int8"],
  "select charset from account_state where account_id = $1",
);

/** The account's own, else the server's. */
export async function charsetOf(context: StoreContext, account: AccountId): Promise<string> {
  const rows = await retrying(() => context.door.query(charsetOfAccount, account));
  return rows.count === 0 || rows.isNull(0, 0) ? context.charset : rows.text(0, 0);
}

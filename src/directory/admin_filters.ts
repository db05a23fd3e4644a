import { done, type Outcome, refused } from "../core/failure.ts";
import { SHARED_BY_ALL } from "../core/store.ts";
import { show } from "./addresses.ts";
import type { AdminOptions } from "./admin_common.ts";

/** A filter in a list. */
export interface FilterRow {
  /** In small letters. */
  readonly name: string;
  /** IMAP search keys. */
  readonly search: string;
}

/** Where they are kept: an annotation of the server for all accounts (RFC 5466 §3.2). */
const PREFIX = "/shared/filters/values/", SERVER = 0;
/** Filters that there may be. */
const FILTERS = 100;

/** What administrators do to the searches that every account may name. Names and searches are checked already. */
export class FilterAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Makes a filter, or another one of it. LIMIT. */
  async set(name: string, search: string): Promise<Outcome<FilterRow>> {
    const entry = PREFIX + name.toLowerCase();
    const value = new TextEncoder().encode(search);
    const others = (await this.list()).filter((row) => PREFIX + row.name !== entry);
    if (others.length >= FILTERS) return refused("LIMIT", `There are ${FILTERS} filters already`);
    await this.options.database.insertInto("metadata")
      .values({ account_id: SHARED_BY_ALL, mailbox_id: SERVER, entry, value })
      .onConflict((conflict) =>
        conflict.columns(["account_id", "mailbox_id", "entry"]).doUpdateSet({ value })
      )
      .execute();
    return done({ name: name.toLowerCase(), search });
  }

  /** All of them, by name. */
  async list(): Promise<readonly FilterRow[]> {
    const rows = await this.options.database.selectFrom("metadata").select(["entry", "value"])
      .where("account_id", "=", SHARED_BY_ALL).where("mailbox_id", "=", SERVER)
      .where("entry", "like", `${PREFIX}%`).orderBy("entry").execute();
    return rows.map(({ entry, value }) => ({
      name: entry.slice(PREFIX.length),
      search: new TextDecoder().decode(value),
    }));
  }

  /** Removes one. NONEXISTENT. */
  async remove(name: string): Promise<Outcome<void>> {
    const removed = await this.options.database.deleteFrom("metadata")
      .where("account_id", "=", SHARED_BY_ALL).where("mailbox_id", "=", SERVER)
      .where("entry", "=", PREFIX + name.toLowerCase()).executeTakeFirst();
    return removed.numDeletedRows > 0n
      ? done(undefined)
      : refused("NONEXISTENT", `There is no filter ${show(name)}`);
  }
}

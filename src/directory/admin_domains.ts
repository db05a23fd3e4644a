import { sql } from "kysely";
import { done, type Outcome, refused } from "../core/failure.ts";
import { parseDomain } from "./addresses.ts";
import { type AdminOptions, isReferred, noDomain, ownDomain, type Quota } from "./admin_common.ts";

/** A domain in a list. */
export interface DomainRow {
  readonly name: string;
  readonly accounts: number;
  readonly aliases: number;
  readonly quota: Quota;
  /** The domain that this one is another name for. */
  readonly aliasOf: string | undefined;
}

/** What administrators do to domains. */
export class DomainAdmin {
  constructor(private readonly options: AdminOptions) {}

  /**
   * Adds a domain and gives its canonical name; with `aliasOf` as another name for a domain that is there, all of
   * whose addresses it then has. ALREADYEXISTS, NONEXISTENT, CANNOT (that one is another name itself).
   */
  async add(
    text: string,
    quota: Quota = {},
    aliasOf?: string,
  ): Promise<Outcome<{ readonly name: string; readonly aliasOf?: string }>> {
    const domain = parseDomain(text);
    if (!domain.ok) return domain;
    const of = aliasOf === undefined ? undefined : parseDomain(aliasOf);
    if (of !== undefined) {
      if (!of.ok) return of;
      const own = await ownDomain(this.options.database, of.value);
      if (!own.ok) return own;
    }
    const added = await this.options.database.insertInto("domain")
      .values({
        name: domain.value,
        quota_octets: quota.octets ?? null,
        quota_messages: quota.messages ?? null,
        alias_of: of?.value ?? null,
      })
      .onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
    if (added.numInsertedOrUpdatedRows === 0n) {
      return refused("ALREADYEXISTS", `The domain ${domain.value} is there already`);
    }
    return done({ name: domain.value, ...(of === undefined ? {} : { aliasOf: of.value }) });
  }

  /** All domains, by name. */
  async list(): Promise<readonly DomainRow[]> {
    const rows = await this.options.database.selectFrom("domain as d")
      .select(["d.name", "d.quota_octets", "d.quota_messages", "d.alias_of"])
      .select(sql<number>`(select count(*) from account a where a.domain = d.name)`.as("accounts"))
      .select(sql<number>`(select count(*) from alias l where l.domain = d.name)`.as("aliases"))
      .orderBy("d.name").execute();
    return rows.map((row) => ({
      name: row.name,
      accounts: row.accounts,
      aliases: row.aliases,
      quota: { octets: row.quota_octets ?? undefined, messages: row.quota_messages ?? undefined },
      aliasOf: row.alias_of ?? undefined,
    }));
  }

  /** Sets or lifts the limits for the sum over a domain's accounts. NONEXISTENT. */
  async setQuota(text: string, quota: Quota): Promise<Outcome<void>> {
    const domain = parseDomain(text);
    if (!domain.ok) return domain;
    const changed = await this.options.database.updateTable("domain")
      .set({ quota_octets: quota.octets ?? null, quota_messages: quota.messages ?? null })
      .where("name", "=", domain.value).executeTakeFirst();
    return changed.numUpdatedRows === 0n ? noDomain(domain.value) : done(undefined);
  }

  /** Removes a domain that nobody has an address in. NONEXISTENT, INUSE. */
  async remove(text: string): Promise<Outcome<void>> {
    const domain = parseDomain(text);
    if (!domain.ok) return domain;
    try {
      const removed = await this.options.database.deleteFrom("domain").where("name", "=", domain.value)
        .executeTakeFirst();
      if (removed.numDeletedRows === 0n) {
        return refused("NONEXISTENT", `There is no domain ${domain.value}`);
      }
      return done(undefined);
    } catch (thrown) {
      if (!isReferred(thrown)) throw thrown;
      return refused(
        "INUSE",
        `The domain ${domain.value} has accounts, aliases or other names: remove those first`,
      );
    }
  }
}

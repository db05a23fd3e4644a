import { SHARED_OWNER } from "../core/acl.ts";
import type { Outcome } from "../core/failure.ts";
import { parseDomain } from "./addresses.ts";
import { type AdminOptions, findAccount, type FoundAccount, isDuplicate, ownDomain } from "./admin_common.ts";

/** The accounts that hold the mailboxes of a domain that belong to nobody. */
export class SharedAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** The one of a domain. NONEXISTENT: it has no such mailboxes yet. */
  async find(domain: string): Promise<Outcome<FoundAccount>> {
    const name = parseDomain(domain);
    return name.ok ? await findAccount(this.options.database, `${SHARED_OWNER}@${name.value}`) : name;
  }

  /** The same, made when it is missing: it gets no mail, and nobody can log in to it. NONEXISTENT. */
  async findOrMake(domain: string): Promise<Outcome<FoundAccount>> {
    const { database, insertAccountState } = this.options;
    const name = parseDomain(domain);
    if (!name.ok) return name;
    const found = await this.find(name.value);
    if (found.ok) return found;
    const own = await ownDomain(database, name.value);
    if (!own.ok) return own;
    try {
      await database.transaction().execute(async (trx) => {
        const row = { domain: name.value, local_part: SHARED_OWNER, disabled: true };
        const { account_id } = await trx.insertInto("account").values(row).returning("account_id")
          .executeTakeFirstOrThrow();
        await insertAccountState(trx, account_id, {}, "bare");
      });
    } catch (thrown) {
      // Somebody else has just made it.
      if (!isDuplicate(thrown)) throw thrown;
    }
    return await this.find(name.value);
  }

  /** Any account, by its address; by a domain the one that holds what belongs to nobody there. NONEXISTENT. */
  async owner(text: string): Promise<Outcome<FoundAccount>> {
    return text.includes("@") ? await findAccount(this.options.database, text) : await this.find(text);
  }

  /** Domains that have such mailboxes. */
  async domains(): Promise<readonly FoundAccount[]> {
    const rows = await this.options.database.selectFrom("account").select(["account_id", "domain"])
      .where("local_part", "=", SHARED_OWNER).orderBy("domain").execute();
    return rows.map(({ account_id, domain }) => ({
      id: account_id,
      address: { local: SHARED_OWNER, domain },
      name: `${SHARED_OWNER}@${domain}`,
    }));
  }
}

import { domainToASCII } from "node:url";
import { done, type Outcome, refused } from "../core/failure.ts";
import { type DkimKey, dkimRecord, makeDkimKey } from "../trust/dkim_keys.ts";
import { PgKeys } from "../trust/pg.ts";
import { parseDomain } from "./addresses.ts";
import { type AdminOptions, noDomain } from "./admin_common.ts";

/** A DKIM key as an administrator sees it: what to publish, and whether it signs. */
export interface DkimRow {
  readonly selector: string;
  readonly algorithm: string;
  readonly state: DkimKey["state"];
  /** Name and text of its TXT record. */
  readonly name: string;
  readonly text: string;
}

const ALGORITHMS = ["rsa-sha256", "ed25519-sha256"] as const;

/** What administrators do to the keys that sign a domain's mail. */
export class DkimAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Makes the keys that a domain lacks to sign at all, and lists all of its keys. NONEXISTENT. */
  async ensure(text: string): Promise<Outcome<readonly DkimRow[]>> {
    return await this.#with(text, async (domain) => {
      const keys = await new PgKeys(this.options.database).all(domain);
      const lacking = ALGORITHMS.filter((algorithm) =>
        !keys.some((key) => key.algorithm === algorithm && key.state !== "retired")
      );
      await this.#make(domain, lacking, "signing");
      return done(await this.#rows(domain));
    });
  }

  /** Makes new keys that do not sign yet, so that their records can be published first. NONEXISTENT, ALREADYEXISTS. */
  async prepare(text: string): Promise<Outcome<readonly DkimRow[]>> {
    return await this.#with(text, async (domain) => {
      const keys = await new PgKeys(this.options.database).all(domain);
      if (keys.some(({ state }) => state === "ready")) {
        return refused(
          "ALREADYEXISTS",
          `There are new keys of ${domain} already: publish their records, then mail domain dkim ${domain} --use`,
        );
      }
      await this.#make(domain, ALGORITHMS, "ready");
      return done(await this.#rows(domain));
    });
  }

  /** Signs with the new keys from now on, and no more with those that did. NONEXISTENT. */
  async use(text: string): Promise<Outcome<readonly DkimRow[]>> {
    return await this.#with(text, async (domain) => {
      const ready = await this.options.database.transaction().execute(async (trx) => {
        const rows = await trx.selectFrom("dkim_key").select("selector").where("domain", "=", domain)
          .where("state", "=", "ready").forUpdate().execute();
        if (rows.length === 0) return false;
        await trx.updateTable("dkim_key").set({ state: "retired" }).where("domain", "=", domain)
          .where("state", "=", "signing").execute();
        await trx.updateTable("dkim_key").set({ state: "signing" }).where("domain", "=", domain)
          .where("state", "=", "ready").execute();
        return true;
      });
      if (!ready) {
        return refused(
          "NONEXISTENT",
          `There are no new keys of ${domain}: make them first (mail domain dkim ${domain} --new)`,
        );
      }
      return done(await this.#rows(domain));
    });
  }

  /** Removes keys that sign no more. NONEXISTENT. */
  async removeRetired(text: string): Promise<Outcome<readonly DkimRow[]>> {
    return await this.#with(text, async (domain) => {
      await this.options.database.deleteFrom("dkim_key").where("domain", "=", domain)
        .where("state", "=", "retired").execute();
      return done(await this.#rows(domain));
    });
  }

  async #with<T>(text: string, work: (domain: string) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const domain = parseDomain(text);
    if (!domain.ok) return domain;
    // A domain that is another name for one has keys of its own: its users may write under both.
    const row = await this.options.database.selectFrom("domain").select("name").where(
      "name",
      "=",
      domain.value,
    )
      .executeTakeFirst();
    return row === undefined ? noDomain(domain.value) : await work(domain.value);
  }

  async #make(
    domain: string,
    algorithms: readonly (typeof ALGORITHMS[number])[],
    state: DkimKey["state"],
  ): Promise<void> {
    const taken = new Set(
      (await new PgKeys(this.options.database).all(domain)).map(({ selector }) => selector),
    );
    const day = new Date(this.options.world.now()).toISOString().slice(0, 10).replaceAll("-", "");
    for (const algorithm of algorithms) {
      // `r20261128`, and `r20261128-2` for a second one on that day.
      const base = `${algorithm[0]}${day}`;
      let selector = base;
      for (let count = 2; taken.has(selector); count++) selector = `${base}-${count}`;
      const key = await makeDkimKey(algorithm, selector, state);
      await this.options.database.insertInto("dkim_key").values({
        domain,
        selector,
        algorithm,
        state,
        private_key: key.privateKey,
        public_key: key.publicKey,
      }).execute();
    }
  }

  async #rows(domain: string): Promise<readonly DkimRow[]> {
    const keys = await new PgKeys(this.options.database).all(domain);
    return keys.map((key) => ({
      selector: key.selector,
      algorithm: key.algorithm,
      state: key.state,
      ...dkimRecord(key, domainToASCII(domain)),
    }));
  }
}

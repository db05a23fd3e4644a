import { sql } from "kysely";
import type { MailAddress } from "../core/directory.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import {
  DETAIL_SEPARATOR,
  formatAddress,
  lowerCase,
  parseAddress,
  parseDomain,
  parseWritten,
  show,
  splitDetail,
} from "./addresses.ts";
import { type AdminOptions, isOtherName, ownDomain } from "./admin_common.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";
import { lookUp } from "./lookup.ts";

/** An alias in a list; `from` is `*@domain` for a catch-all. */
export interface AliasRow {
  readonly from: string;
  readonly targets: readonly string[];
}

/** What administrators do to aliases. `from` may be `*@domain` or `@domain`: whatever nobody else has. */
export class AliasAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Makes an alias, or adds targets to it, here or elsewhere. NONEXISTENT, ALREADYEXISTS, CANNOT, LIMIT. */
  async add(text: string, targets: readonly string[]): Promise<Outcome<AliasRow>> {
    const { database } = this.options;
    const from = parseFrom(text);
    if (!from.ok) return from;
    const { local, domain } = from.value;
    const name = formatFrom(from.value);
    if (targets.length === 0) return refused("CANNOT", `The alias ${name} must lead to at least one address`);
    const own = await ownDomain(database, domain);
    if (!own.ok) return own;
    const account = await database.selectFrom("account").select("account_id")
      .where("domain", "=", domain).where("local_part", "=", local).executeTakeFirst();
    if (account !== undefined) {
      return refused("ALREADYEXISTS", `${name} is an account: its mail cannot go elsewhere by an alias`);
    }
    const wanted = await this.#targets(name, targets);
    if (!wanted.ok) return wanted;
    if (wanted.value.includes(`${local}@${domain}`)) {
      return refused("CANNOT", `The alias ${name} cannot lead to itself`);
    }
    const merged = sql<string[]>`array(select distinct t from unnest(alias.targets || excluded.targets) t
      order by t)`;
    const row = await database.insertInto("alias")
      .values({ domain, local_part: local, targets: [...wanted.value] })
      .onConflict((conflict) =>
        conflict.columns(["domain", "local_part"]).doUpdateSet({ targets: merged })
          .where(sql<boolean>`cardinality(${merged}) <= ${LIMITS.aliasTargets}`)
      )
      .returning("targets").executeTakeFirst();
    if (row === undefined || row.targets.length > LIMITS.aliasTargets) return tooMany(name);
    return done({ from: name, targets: row.targets.map(formatTarget) });
  }

  /** Aliases by domain and name; all, or those of one domain. */
  async list(domain?: string): Promise<readonly AliasRow[]> {
    const rows = await this.options.database.selectFrom("alias").select(["domain", "local_part", "targets"])
      .$if(domain !== undefined, (query) => query.where("domain", "=", domain!))
      .orderBy("domain").orderBy("local_part").execute();
    return rows.map((row) => ({
      from: formatFrom({ local: row.local_part, domain: row.domain }),
      targets: row.targets.map(formatTarget),
    }));
  }

  /** Removes an alias. NONEXISTENT. */
  async remove(text: string): Promise<Outcome<void>> {
    const from = parseFrom(text);
    if (!from.ok) return from;
    const { local, domain } = from.value;
    const removed = await this.options.database.deleteFrom("alias")
      .where("domain", "=", domain).where("local_part", "=", local).executeTakeFirst();
    if (removed.numDeletedRows === 0n) {
      return refused("NONEXISTENT", `There is no alias ${formatFrom(from.value)}`);
    }
    return done(undefined);
  }

  /**
   * Targets as they are kept, each once. Those of ours are canonical, and somebody gets their mail; a local part
   * elsewhere keeps its letters as written (RFC 5321 §2.4).
   */
  async #targets(name: string, texts: readonly string[]): Promise<Outcome<readonly string[]>> {
    const written: MailAddress[] = [];
    if (texts.length > LIMITS.aliasTargets) return tooMany(name);
    for (const text of texts) {
      const address = parseWritten(text);
      if (!address.ok) return address;
      written.push(address.value);
    }
    const addresses = written.map(({ local, domain }) => ({ local: lowerCase(local), domain }));
    const ways = (address: MailAddress) => {
      const user = splitDetail(address.local, DETAIL_SEPARATOR)?.user;
      const locals = user === undefined ? [address.local, ""] : [address.local, user, ""];
      return locals.map((local) => ({ domain: address.domain, local }));
    };
    const found = await lookUp(this.options.database, addresses.flatMap(ways));
    const targets = new Set<string>();
    for (const [i, address] of addresses.entries()) {
      const domain = found.domains.get(address.domain);
      const kept = domain === undefined ? written[i]! : address;
      targets.add(`${kept.local}@${kept.domain}`);
      if (domain === undefined) continue;
      if (domain.aliasOf !== null) return refused("CANNOT", isOtherName(address.domain, domain.aliasOf));
      const names = ways(address).map((way) => `${way.local}@${way.domain}`);
      if (!names.some((one) => found.accounts.has(one) || found.aliases.has(one))) {
        return refused("NONEXISTENT", `There is no account or alias ${formatAddress(address)}`);
      }
    }
    return done([...targets].sort());
  }
}

function tooMany(name: string): ReturnType<typeof refused> {
  return refused("LIMIT", `The alias ${name} would lead to more than ${LIMITS.aliasTargets} addresses`);
}

/** An alias's address; the empty local part is the catch-all's. */
function parseFrom(text: string): Outcome<MailAddress> {
  const catchAll = /^\*?@(.*)$/s.exec(text);
  if (catchAll === null) return parseAddress(text);
  const domain = parseDomain(catchAll[1]!);
  return domain.ok
    ? done({ local: "", domain: domain.value })
    : refused("CANNOT", `${show(text)} is no alias: ${show(catchAll[1]!)} is not a domain name`);
}

function formatFrom(from: MailAddress): string {
  return from.local === "" ? `*@${from.domain}` : formatAddress(from);
}

function formatTarget(target: string): string {
  const at = target.lastIndexOf("@");
  return formatAddress({ local: target.slice(0, at), domain: target.slice(at + 1) });
}

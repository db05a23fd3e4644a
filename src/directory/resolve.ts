/**
 * Who gets the mail for an address: account, then alias, then both without the `+detail`, then the domain's
 * catch-all. Aliases lead to aliases and to other servers; a circle adds nobody and costs nothing. A domain may be
 * another name for a domain: each address of it is the other's.
 */
import { domainToASCII } from "node:url";
import type { AccountId } from "../core/brands.ts";
import type { Directory, LocalTarget, MailAddress, Resolution } from "../core/directory.ts";
import type { World } from "../core/world.ts";
import type { Database } from "../store/pg/database.ts";
import {
  canonicalDomain,
  DETAIL_SEPARATOR,
  formatAddress,
  lowerCase,
  normalLocal,
  splitDetail,
} from "./addresses.ts";
import { looksLikeSrs, Srs } from "../trust/srs.ts";
import { BoundedMap } from "./bounded_map.ts";
import { withDatabase } from "./failures.ts";
import { DIRECTORY_LIMITS, type DirectoryLimits } from "./limits.ts";
import { type AccountRow, type Asking, type Found, Lookups, type Name, type Usage } from "./lookup.ts";
import { sharedSecret } from "./secret.ts";

/** How a resolver is set up. */
export interface ResolverOptions {
  /** For recipients. */
  readonly door: Asking;
  readonly database: Database;
  readonly world: World;
  /** Our name: mail for `postmaster` without a domain goes to its domain. */
  readonly hostname: string;
  /** What stands between user and detail; `""` for none. */
  readonly detailSeparator?: string | undefined;
  readonly limits?: Partial<DirectoryLimits> | undefined;
}

/** What an address leads to, before the size of a message is known. */
type Answer =
  | { readonly kind: "unknown" | "loop" }
  | { readonly kind: "foreign"; readonly domain?: string }
  | { readonly kind: "found"; readonly copies: readonly Copy[]; readonly remote: readonly string[] };

interface Copy {
  readonly row: AccountRow;
  readonly target: LocalTarget;
}

/** An address on its way: `local` with its letters as written, `detail` handed down by an alias. */
interface Step {
  readonly local: string;
  readonly domain: string;
  readonly detail: string | undefined;
}

/** What a walk has come to. */
interface Reached {
  readonly copies: Map<number, Copy>;
  readonly remote: Set<string>;
}

/** Domains asked for a postmaster without a domain. */
const POSTMASTER_DOMAINS = 100;

/** Answers from the database, each for at most `resolveAgeMs`. */
export class Resolver implements Directory {
  readonly #limits: DirectoryLimits;
  readonly #separator: string;
  readonly #lookups: Lookups;
  readonly #answers: BoundedMap<string, { readonly until: number; readonly answer: Promise<Answer> }>;

  #srsReady: Promise<Srs> | undefined;

  constructor(private readonly options: ResolverOptions) {
    this.#limits = { ...DIRECTORY_LIMITS, ...options.limits };
    this.#separator = options.detailSeparator ?? DETAIL_SEPARATOR;
    this.#lookups = new Lookups(options.door);
    this.#answers = new BoundedMap(this.#limits.resolveEntries);
  }

  async resolve(address: MailAddress, size: number): Promise<Resolution> {
    const answer = await this.#remembered(address);
    if (answer.kind !== "found") return answer;
    const { copies, remote } = answer;
    const active = copies.filter((copy) => !copy.row.disabled);
    if (active.length === 0 && remote.length === 0) return { kind: "disabled" };
    // One full mailbox behind an alias holds the mail for all: the sender tries again, or hears of it. To
    // leave that copy out would lose it without anybody knowing.
    if (active.some((copy) => copy.row.usages.some((usage) => isOver(usage, size)))) {
      return { kind: "over-quota" };
    }
    return { kind: "local", targets: active.map((copy) => copy.target), remote };
  }

  /** A burst to one recipient asks once: also those who come while the question is under way. */
  #remembered(address: MailAddress): Promise<Answer> {
    const key = `${address.local}@${address.domain}`;
    const now = this.options.world.ticks();
    const known = this.#answers.get(key);
    if (known !== undefined && now < known.until) return known.answer;
    // Counted from the question, not from the answer: a new account is seen within resolveAgeMs.
    const entry = { until: now + this.#limits.resolveAgeMs, answer: this.#ask(address) };
    this.#answers.set(key, entry);
    entry.answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    return entry.answer;
  }

  async #ask(address: MailAddress): Promise<Answer> {
    const local = normalLocal(address.local);
    const isPostmaster = local !== undefined && lowerCase(local) === "postmaster";
    if (address.domain === "") return isPostmaster ? await this.#postmaster() : { kind: "unknown" };
    const domain = canonicalDomain(address.domain);
    if (domain === undefined) return { kind: "foreign" };
    if (local !== undefined && looksLikeSrs(local)) {
      const sender = await this.#returning(local, domain);
      if (sender !== undefined) return { kind: "found", copies: [], remote: [sender] };
    }
    // A local part that nobody can have still tells whether the domain is ours.
    const answer = await this.#walk({ local: local ?? "", domain, detail: undefined });
    if (answer.kind === "foreign" && isPostmaster && domain === canonicalDomain(this.options.hostname)) {
      return await this.#postmaster();
    }
    return answer;
  }

  async forwarding(sender: MailAddress, through: string): Promise<MailAddress> {
    const domain = canonicalDomain(sender.domain);
    if (domain === undefined || await this.#isOurs(domain)) return sender;
    return (await this.#srs()).forward({ ...sender, domain: domainToASCII(domain) }, through) ?? sender;
  }

  /** Whom an address stands for that we made when we forwarded mail; `local@domain`. */
  async #returning(local: string, domain: string): Promise<string | undefined> {
    const sender = (await this.#srs()).reverse(local);
    const home = sender && canonicalDomain(sender.domain);
    if (home === undefined || !await this.#isOurs(domain)) return undefined;
    return `${sender!.local}@${home}`;
  }

  async #isOurs(domain: string): Promise<boolean> {
    return (await this.#lookups.find([{ domain, local: "" }])).domains.has(domain);
  }

  #srs(): Promise<Srs> {
    const { database, world } = this.options;
    this.#srsReady ??= withDatabase(() => sharedSecret(database, world, "srs_secret"))
      .then((secret) => new Srs(secret, world.now));
    this.#srsReady.catch(() => this.#srsReady = undefined);
    return this.#srsReady;
  }

  /**
   * RFC 5321 §4.5.1: `postmaster` without a domain must be heard. Our name's own domain first, then every
   * other that has a postmaster.
   */
  async #postmaster(): Promise<Answer> {
    const rows = await withDatabase(() =>
      this.options.database.selectFrom("domain").select("name").orderBy("name").limit(POSTMASTER_DOMAINS)
        .execute()
    );
    const hostname = canonicalDomain(this.options.hostname) ?? "";
    const isNear = (name: string) => hostname === name || hostname.endsWith(`.${name}`);
    const names = rows.map((row) => row.name);
    // Of the domains above our name the nearest, which is the longest, comes first.
    const near = names.filter(isNear).sort((a, b) => b.length - a.length);
    for (const domain of [...near, ...names.filter((name) => !isNear(name))]) {
      const answer = await this.#walk({ local: "postmaster", domain, detail: undefined });
      if (answer.kind === "found") return answer;
    }
    return { kind: "unknown" };
  }

  /** Level by level, one question each; whoever was met before is left out. */
  async #walk(start: Step): Promise<Answer> {
    const reached: Reached = { copies: new Map(), remote: new Set() };
    const met = new Set([nameOf(start)]);
    let circle = false;
    let level: readonly Step[] = [start];
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > this.#limits.aliasDepth || met.size - 1 > this.#limits.aliasTargets) {
        return { kind: "loop" };
      }
      const found = await this.#lookups.find(level.flatMap((step) => this.#candidates(step)));
      if (depth === 0 && !found.domains.has(start.domain)) return { kind: "foreign", domain: start.domain };
      const next: Step[] = [];
      for (const step of level) {
        for (const onward of this.#follow(step, found, reached)) {
          const name = nameOf(onward);
          if (met.has(name)) circle = true;
          else {
            met.add(name);
            next.push(onward);
          }
        }
      }
      level = next;
    }
    const { copies, remote } = reached;
    if (copies.size === 0 && remote.size === 0) return { kind: circle ? "loop" : "unknown" };
    return { kind: "found", copies: [...copies.values()], remote: [...remote] };
  }

  #candidates(step: Step): readonly Name[] {
    const locals = [lowerCase(step.local), ""];
    const split = splitDetail(step.local, this.#separator);
    if (split !== undefined) locals.push(lowerCase(split.user));
    return locals.map((local) => ({ domain: step.domain, local }));
  }

  /** Notes the account that the address is, or where else its mail goes; gives the addresses that it leads to. */
  #follow(step: Step, found: Found, { copies, remote }: Reached): readonly Step[] {
    const other = found.domains.get(step.domain);
    if (other === undefined) {
      // Only an alias leads here: of the address that was asked for, the caller knows it already.
      remote.add(`${step.local}@${step.domain}`);
      return [];
    }
    if (other.aliasOf !== null) return [{ ...step, domain: other.aliasOf }];
    const split = splitDetail(step.local, this.#separator);
    const ways: { readonly local: string; readonly detail: string | undefined }[] = [
      { local: lowerCase(step.local), detail: step.detail },
    ];
    if (split !== undefined) ways.push({ local: lowerCase(split.user), detail: split.detail });
    for (const { local, detail } of ways) {
      if (local === "") continue;
      const name = `${local}@${step.domain}`;
      const row = found.accounts.get(name);
      if (row !== undefined) {
        if (!copies.has(row.account_id)) {
          const address = formatAddress({ local, domain: step.domain });
          const target = { account: row.account_id as AccountId, address, detail };
          copies.set(row.account_id, { row, target });
        }
        return [];
      }
      const targets = found.aliases.get(name);
      if (targets !== undefined) return targets.map((target) => stepOf(target, detail));
    }
    return (found.aliases.get(`@${step.domain}`) ?? []).map((target) => stepOf(target, undefined));
  }
}

/** An alias's target as it is stored: `local@domain`, both canonical, nothing quoted. */
function stepOf(target: string, detail: string | undefined): Step {
  const at = target.lastIndexOf("@");
  return { local: target.slice(0, at), domain: target.slice(at + 1), detail };
}

function nameOf(step: Step): string {
  return `${lowerCase(step.local)}@${step.domain}`;
}

/** A size of 0 is unknown: then only a quota that is used up refuses. */
function isOver(usage: Usage, size: number): boolean {
  return (usage.octetLimit !== null && usage.octets + Math.max(size, 1) > usage.octetLimit) ||
    (usage.messageLimit !== null && usage.messages + 1 > usage.messageLimit);
}

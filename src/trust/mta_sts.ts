import type { World } from "../core/world.ts";
import { TtlCache } from "../dns/cache.ts";
import type { Dns } from "../dns/mod.ts";
import { type FetchFault, type FetchOptions, fetchPolicy } from "./fetch_policy.ts";
import { TRUST_LIMITS } from "./limits.ts";
import { stsId, type StsPolicy } from "./sts_policy.ts";

/** A policy that was fetched, as it is kept. */
export interface KeptPolicy {
  readonly id: string;
  readonly policy: StsPolicy;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Where policies survive a restart. Implemented in trust/pg. */
export interface PolicyStore {
  load(domain: string): Promise<KeptPolicy | undefined>;
  save(domain: string, kept: KeptPolicy): Promise<void>;
}

/** What MTA-STS works with. */
export interface StsOptions {
  readonly dns: Dns;
  readonly fetch: FetchOptions;
  readonly store: PolicyStore;
  readonly world: World;
}

/** What holds for a domain now. `fault`: a new policy is there and could not be had, for the TLS report. */
export interface StsAnswer {
  readonly policy: StsPolicy | undefined;
  readonly fault: FetchFault | undefined;
}

/**
 * The MTA-STS policies of others (RFC 8461 §3.3, §5.1): the TXT record says when there is a new one; as long as
 * the old one has not run out it holds, whatever DNS and HTTPS say meanwhile.
 */
export class MtaSts {
  readonly #known = new TtlCache<StsAnswer>(TRUST_LIMITS.policies);
  readonly #paused = new TtlCache<FetchFault>(TRUST_LIMITS.policies);
  readonly #underway = new Map<string, Promise<StsAnswer>>();

  constructor(private readonly options: StsOptions) {}

  /** The policy of a domain, in A-labels. Rejects only when the store does. */
  policy(domain: string): Promise<StsAnswer> {
    const known = this.#known.get(domain, this.options.world.ticks());
    if (known !== undefined) return Promise.resolve(known);
    const before = this.#underway.get(domain);
    if (before !== undefined) return before;
    const asking = this.#find(domain).then((answer) => {
      this.#known.set(domain, answer, this.options.world.ticks() + TRUST_LIMITS.policyFresh);
      return answer;
    }).finally(() => this.#underway.delete(domain));
    this.#underway.set(domain, asking);
    return asking;
  }

  async #find(domain: string): Promise<StsAnswer> {
    const { dns, store, world } = this.options;
    const [answer, found] = await Promise.all([dns.query(`_mta-sts.${domain}`, "TXT"), store.load(domain)]);
    const kept = found !== undefined && found.expiresAt > world.now() ? found : undefined;
    const held: StsAnswer = { policy: kept?.policy, fault: undefined };
    const id = answer.kind === "records" ? stsId(answer.records) : undefined;
    if (id === undefined || id === kept?.id) return held;
    const paused = this.#paused.get(domain, world.ticks());
    if (paused !== undefined) return { ...held, fault: paused };
    const fetched = await fetchPolicy(domain, this.options.fetch);
    if ("type" in fetched) {
      this.#paused.set(domain, fetched, world.ticks() + TRUST_LIMITS.policyPause);
      return { ...held, fault: fetched };
    }
    await store.save(domain, { id, policy: fetched, expiresAt: world.now() + fetched.maxAge * 1000 });
    return { policy: fetched, fault: undefined };
  }
}

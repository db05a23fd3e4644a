import type { Dial } from "../core/conn.ts";
import type { World } from "../core/world.ts";
import { TtlCache } from "./cache.ts";
import { ask, type DnsServer } from "./exchange.ts";
import { DNS_LIMITS, type DnsLimits } from "./limits.ts";
import type { Dns, DnsAnswer, RecordOf, RecordType } from "./types.ts";
import { contentOf, hostName, question, type WireAnswer } from "./wire.ts";

/** What a resolver works with. */
export interface ResolverOptions {
  /** Recursive servers, asked in this order; at least one. */
  readonly servers: readonly DnsServer[];
  /** True when the servers validate and nobody sits between them and us: only then AD means anything. */
  readonly trustAd: boolean;
  readonly dial: Dial;
  readonly world: World;
  readonly limits?: Partial<DnsLimits>;
}

/** A stub resolver: asks recursive servers, remembers what they say for as long as they say. */
export function createResolver(options: ResolverOptions): Dns {
  return new StubResolver(options);
}

interface Known {
  readonly answer: DnsAnswer<unknown>;
  /** Seconds. */
  readonly ttl: number;
}

class StubResolver implements Dns {
  readonly #limits: DnsLimits;
  readonly #cache: TtlCache<DnsAnswer<unknown>>;
  /** Questions under way, so that a hundred deliveries to one domain ask once. */
  readonly #underway = new Map<string, Promise<DnsAnswer<unknown>>>();
  readonly #waiting: (() => void)[] = [];
  #sockets = 0;

  constructor(private readonly options: ResolverOptions) {
    this.#limits = { ...DNS_LIMITS, ...options.limits };
    this.#cache = new TtlCache(this.#limits.cached);
  }

  query<T extends RecordType>(name: string, type: T): Promise<DnsAnswer<RecordOf[T]>> {
    const host = hostName(name);
    const key = `${type} ${host}`;
    const known = this.#cache.get(key, this.options.world.ticks());
    if (known !== undefined) return Promise.resolve(known as DnsAnswer<RecordOf[T]>);
    const before = this.#underway.get(key);
    if (before !== undefined) return before as Promise<DnsAnswer<RecordOf[T]>>;
    const asking = this.#find(host, type).then(({ answer, ttl }) => {
      this.#cache.set(key, answer, this.options.world.ticks() + ttl * 1000);
      return answer;
    }).finally(() => this.#underway.delete(key));
    this.#underway.set(key, asking);
    return asking as Promise<DnsAnswer<RecordOf[T]>>;
  }

  /** Asks, and where an alias's end was left out of the answer, asks for that. */
  async #find(host: string, type: RecordType): Promise<Known> {
    if (!isName(host)) {
      return { answer: { kind: "nxdomain", secure: false }, ttl: this.#limits.longestNegative };
    }
    let name = host;
    let secure = true;
    let ttl: number = this.#limits.longest;
    let aliases = 0;
    for (;;) {
      const wire = await this.#ask(name, type);
      if (typeof wire === "string") return { answer: { kind: "fault", text: wire }, ttl: this.#limits.fault };
      secure &&= wire.authentic && this.options.trustAd;
      const asked = name;
      const hops = new Map(
        wire.answers.filter((record) => record.type === "CNAME").map((record) => [record.name, record]),
      );
      for (let hop = hops.get(name); hop !== undefined; hop = hops.get(name)) {
        if (++aliases > this.#limits.aliases) {
          return {
            answer: { kind: "fault", text: `${host} has too many aliases` },
            ttl: this.#limits.negative,
          };
        }
        ttl = Math.min(ttl, hop.ttl);
        name = hostName(String(hop.data));
      }
      const found = wire.answers.filter((record) => record.type === type && record.name === name);
      const records = found.slice(0, this.#limits.records).map(({ data }) => contentOf(type, data))
        .filter((content) => content !== undefined);
      if (records.length > 0) {
        ttl = Math.min(ttl, ...found.slice(0, this.#limits.records).map((record) => record.ttl));
        return { answer: { kind: "records", records, name, secure }, ttl: Math.max(1, ttl) };
      }
      if (wire.rcode === "NXDOMAIN" || name === asked) {
        const negative = Math.min(
          wire.negativeTtl ?? this.#limits.negative,
          this.#limits.longestNegative,
          ttl,
        );
        const kind = wire.rcode === "NXDOMAIN" ? "nxdomain" : "nodata";
        return { answer: { kind, secure }, ttl: Math.max(1, negative) };
      }
    }
  }

  /** One question to whichever server answers it; a sentence when none did. */
  async #ask(name: string, type: RecordType): Promise<WireAnswer | string> {
    if (this.#sockets >= this.#limits.underway) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#sockets++;
    try {
      let fault = "There is no name server to ask";
      for (let round = 0; round < this.#limits.rounds; round++) {
        for (const server of this.options.servers) {
          const asked = question(name, type, this.options.world.random);
          const answer = await ask(server, asked, this.options.dial, this.#limits.timeout);
          if (typeof answer === "object" && (answer.rcode === "NOERROR" || answer.rcode === "NXDOMAIN")) {
            return answer;
          }
          fault = typeof answer === "string" ? answer : `${server.host} says ${answer.rcode}`;
        }
      }
      return `Cannot look up ${type} of ${name}: ${fault}`;
    } finally {
      this.#sockets--;
      this.#waiting.shift()?.();
    }
  }
}

/** True for what fits a question: labels of 1 to 63 octets, 253 in all, in ASCII. */
function isName(host: string): boolean {
  return host.length <= 253 && /^[!-~]{1,253}$/.test(host) &&
    host.split(".").every((label) => label.length >= 1 && label.length <= 63);
}

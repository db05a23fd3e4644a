import type { WireReply } from "./reply_parser.ts";

/** What a next hop said it can, in its reply to EHLO or LHLO. */
export class Extensions {
  readonly #offered: ReadonlyMap<string, readonly string[]>;

  /** @param reply the greeting's; undefined for a host that knows HELO only */
  constructor(reply: WireReply | undefined) {
    const offered = new Map<string, readonly string[]>();
    // The first line is the host's name (RFC 5321 §4.1.1.1).
    for (const line of reply?.lines.slice(1) ?? []) {
      const [keyword = "", ...parameters] = line.trim().toUpperCase().split(/[ =]+/);
      // "AUTH=LOGIN" of old servers adds to "AUTH PLAIN", a keyword named twice to itself.
      offered.set(keyword, [...offered.get(keyword) ?? [], ...parameters]);
    }
    this.#offered = offered;
  }

  /** True when the keyword was there. */
  has(keyword: string): boolean {
    return this.#offered.has(keyword);
  }

  /** The keyword's parameters in upper case; none where it was not there. */
  parameters(keyword: string): readonly string[] {
    return this.#offered.get(keyword) ?? [];
  }

  /** Octets of the largest message the host takes (RFC 1870 §4); undefined where it does not say. */
  get size(): number | undefined {
    return positive(this.parameters("SIZE")[0]);
  }

  /** A limit by its name (RFC 9422 §2); undefined where there is none. */
  limit(name: "MAILMAX" | "RCPTMAX" | "RCPTDOMAINMAX"): number | undefined {
    // "LIMITS RCPTMAX=100 MAILMAX=5": the equals signs were cut with the spaces.
    const words = this.parameters("LIMITS");
    const at = words.indexOf(name);
    return at < 0 ? undefined : positive(words[at + 1]);
  }
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number === 0 ? undefined : number;
}

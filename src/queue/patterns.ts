/** Patterns for domains and addresses in `routes`, `relay` and `tls_policy`. */
import { domainToASCII } from "node:url";

/** A list of rules, searched by an address or domain. The most special pattern wins, whatever the order. */
export class PatternMap<T> {
  readonly #exact = new Map<string, T>();

  /**
   * @param entries pattern and value; of two with one pattern the first counts. `*` is everybody, `*.d` or `.d`
   *   what is below d, `d` or `@d` the domain itself, `local@d` one address.
   */
  constructor(entries: Iterable<readonly [pattern: string, value: T]>) {
    for (const [pattern, value] of entries) {
      const key = keyOf(pattern);
      if (!this.#exact.has(key)) this.#exact.set(key, value);
    }
  }

  /** The value for `local@domain`, a domain alone, or "" (the null reverse-path). */
  find(text: string): T | undefined {
    const at = text.lastIndexOf("@");
    const domain = asciiDomain(text.slice(at + 1));
    if (at > 0) {
      const found = this.#exact.get(`${text.slice(0, at).toLowerCase()}@${domain}`);
      if (found !== undefined) return found;
    }
    const found = this.#exact.get(domain);
    if (found !== undefined && domain !== "") return found;
    for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1)) {
      const found = this.#exact.get(domain.slice(dot));
      if (found !== undefined) return found;
    }
    return this.#exact.get("*");
  }
}

function keyOf(pattern: string): string {
  if (pattern === "*") return pattern;
  if (pattern.startsWith("*.")) return `.${asciiDomain(pattern.slice(2))}`;
  if (pattern.startsWith(".")) return `.${asciiDomain(pattern.slice(1))}`;
  const at = pattern.lastIndexOf("@");
  const domain = asciiDomain(pattern.slice(at + 1));
  return at > 0 ? `${pattern.slice(0, at).toLowerCase()}@${domain}` : domain;
}

/** A domain in A-labels and lower case; as it is where that cannot be made. */
export function asciiDomain(domain: string): string {
  const bare = domain.endsWith(".") ? domain.slice(0, -1) : domain;
  return isAscii(bare) ? bare.toLowerCase() : domainToASCII(bare) || bare;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

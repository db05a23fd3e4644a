import ipaddr from "ipaddr.js";
import type { Endpoint } from "../core/conn.ts";

/** Where to listen or connect to: a unix socket's path, or host and port. */
export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Reads `host:port`, `[v6]:port` (`*` as a host is every address, v4 and v6) or `unix:/path`.
 *
 * @throws TypeError when it is none of these.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice(5);
    if (path === "") throw new TypeError(`Cannot use "${text}" as an address: the path is missing`);
    return { path };
  }
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : NaN;
  let host = text.slice(0, Math.max(0, colon));
  if (host.startsWith("[") && host.endsWith("]")) host = host.slice(1, -1);
  else if (host.includes(":")) host = "";
  if (colon < 0 || host === "" || !(port <= 65_535)) {
    throw new TypeError(
      `Cannot use "${text}" as an address: wanted host:port, [IPv6 address]:port or unix:/path`,
    );
  }
  return { host: host === "*" ? "::" : host, port };
}

/** Writes an endpoint as `parseAddress` reads it. */
export function formatAddress(end: Endpoint): string {
  if (end.address.startsWith("/") || end.address === "") return `unix:${end.address}`;
  return end.address.includes(":") ? `[${end.address}]:${end.port}` : `${end.address}:${end.port}`;
}

/**
 * An IP address in its canonical text form: IPv4-mapped IPv6 as IPv4, IPv6 as RFC 5952 §4 writes it, without
 * a zone. Undefined when the text is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  // What the kernel says of an IPv4 peer is canonical already; this is the hot path of accepting.
  if (!text.includes(":")) return ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined;
  const zone = text.indexOf("%");
  const bare = zone === -1 ? text : text.slice(0, zone);
  if (bare.length > 45 || !ipaddr.IPv6.isValid(bare)) return undefined;
  const parsed = ipaddr.IPv6.parse(bare);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}

/** The network whose members share a limit: the /24 of a canonical IPv4 address, the /64 of an IPv6 one. */
export function groupOf(address: string): string {
  if (!address.includes(":")) return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
  const parts = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(":")}::/64`;
}

/** A list of networks that can be asked whether it holds an address. */
export class Networks {
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** @param list `address` or `address/bits`; throws TypeError for anything else. */
  constructor(list: readonly string[]) {
    this.#ranges = list.map((text) => {
      try {
        const [net, bits] = ipaddr.parseCIDR(
          text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`,
        );
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8: peers are compared in their canonical form.
        if (net instanceof ipaddr.IPv6 && net.isIPv4MappedAddress() && bits >= 96) {
          return [net.toIPv4Address(), bits - 96];
        }
        return [net, bits];
      } catch {
        throw new TypeError(`Cannot use "${text}" as a network: wanted an address or address/bits`);
      }
    });
  }

  /** True when a canonical address lies in one of the networks. */
  has(address: string): boolean {
    if (this.#ranges.length === 0 || !ipaddr.isValid(address)) return false;
    const parsed = ipaddr.parse(address);
    return this.#ranges.some(([net, bits]) => net.kind() === parsed.kind() && parsed.match(net, bits));
  }
}

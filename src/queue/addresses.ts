import ipaddr from "ipaddr.js";

/** An IP address in its canonical text form (IPv4-mapped IPv6 as IPv4); undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(":")) return ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined;
  if (!ipaddr.IPv6.isValid(text)) return undefined;
  const parsed = ipaddr.IPv6.parse(text);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}

/** Ranges, by ipaddr.js's names, that carry no public IPv4 or IPv6 host, nor a way around to one. */
const PUBLIC = new Set(["unicast", "amt", "as112", "as112v6"]);

/**
 * True for an address that mail may be sent to because DNS says so. Loopback, private, link-local, shared,
 * multicast and documentation ranges are ours or nobody's: a foreign domain's MX must not reach into them.
 */
export function isPublic(address: string): boolean {
  return PUBLIC.has(ipaddr.parse(address).range());
}

/** The address in an address literal (RFC 5321 §4.1.3), or undefined for anything else. */
export function literalAddress(domain: string): string | undefined {
  if (!domain.startsWith("[") || !domain.endsWith("]")) return undefined;
  const inside = domain.slice(1, -1);
  return canonicalIp(/^ipv6:/i.test(inside) ? inside.slice(5) : inside);
}

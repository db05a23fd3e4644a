import type { HopResult } from "../core/outbound.ts";
import type { Dns } from "../dns/mod.ts";
import { canonicalIp, isPublic, literalAddress } from "./addresses.ts";

/** What the search for a domain's mail hosts works with. */
export interface MxOptions {
  readonly dns: Dns;
  /** Our name, in ASCII and lower case. */
  readonly hostname: string;
  /** True for an address of ours. */
  readonly isOurs: (address: string) => boolean;
  /** False: hosts are reached over IPv4 only. */
  readonly ipv6: boolean;
  /** True: private and loopback addresses are taken from DNS too. For tests and closed networks. */
  readonly privateAddresses: boolean;
  readonly random: (n: number) => Uint8Array;
  /** Hosts that are looked at. */
  readonly hosts: number;
}

/** One host that a domain's mail may go to. */
export interface MxHost {
  /** Its name, in A-labels; of an address literal the address. */
  readonly name: string;
  readonly preference: number;
}

/** The hosts of a domain, best first, or why there is none. */
export type MxHosts =
  /** `secure`: the MX records are validated (RFC 7672 §2.2.1). `implicit`: there are none. */
  | {
    readonly ok: true;
    readonly hosts: readonly MxHost[];
    readonly secure: boolean;
    readonly implicit: boolean;
  }
  | { readonly ok: false; readonly result: HopResult };

/** A host's addresses, IPv6 first, or why there is none. */
export type HostAddresses =
  /** `name`: the host's name after aliases. */
  | {
    readonly ok: true;
    readonly addresses: readonly string[];
    readonly name: string;
    readonly secure: boolean;
  }
  | { readonly ok: false; readonly result: HopResult };

/**
 * Looks up a domain's mail exchangers (RFC 5321 §5.1): by preference, in random order within one; the domain
 * itself where it has none; nobody where it says so (RFC 7505).
 */
export async function mxHosts(domain: string, options: MxOptions): Promise<MxHosts> {
  const literal = literalAddress(domain);
  if (literal !== undefined) {
    return { ok: true, hosts: [{ name: literal, preference: 0 }], secure: false, implicit: true };
  }
  const answer = await options.dns.query(domain, "MX");
  switch (answer.kind) {
    case "fault":
      return no("deferred", "4.4.3", answer.text);
    case "nxdomain":
      return no("failed", "5.1.2", `The domain ${domain} does not exist`);
    case "nodata":
      return {
        ok: true,
        hosts: [{ name: domain, preference: 0 }],
        secure: answer.secure,
        implicit: true,
      };
    case "records": {
      if (answer.records.length === 1 && answer.records[0]!.exchange === "") {
        return no("failed", "5.1.10", `The domain ${domain} takes no mail (null MX)`);
      }
      const hosts = shuffled(answer.records, options.random)
        .map(({ exchange, preference }) => ({ name: exchange, preference }))
        // An exchange that is the root beside others, or an address, is a mistake (RFC 7505 §3, RFC 5321 §5.1).
        .filter(({ name }) => name !== "" && canonicalIp(name) === undefined)
        .sort((a, b) => a.preference - b.preference);
      if (hosts.length === 0) return no("failed", "5.4.4", `The domain ${domain} names no mail host`);
      return { ok: true, hosts: hosts.slice(0, options.hosts), secure: answer.secure, implicit: false };
    }
    default:
      return answer satisfies never;
  }
}

/** Looks up where a host is. Both families are asked at once; one that fails does not spoil the other. */
export async function hostAddresses(host: string, options: MxOptions): Promise<HostAddresses> {
  const literal = canonicalIp(host);
  if (literal !== undefined) return usable(host, [literal], host, false, options);
  const [v6, v4] = await Promise.all([
    options.ipv6 ? options.dns.query(host, "AAAA") : undefined,
    options.dns.query(host, "A"),
  ]);
  const found = [v6, v4].filter((answer) => answer?.kind === "records");
  if (found.length > 0) {
    const addresses = found.flatMap((answer) => shuffled(answer!.records, options.random))
      .map(canonicalIp).filter((address) => address !== undefined);
    return usable(host, addresses, found[0]!.name, found.every((answer) => answer!.secure), options);
  }
  for (const answer of [v4, v6]) if (answer?.kind === "fault") return no("deferred", "4.4.3", answer.text);
  return no("failed", "5.4.4", `The mail host ${host} has no address`);
}

/** True when the host is this server: mail for it would come back (RFC 5321 §5.1). */
export function isUs(host: MxHost, addresses: readonly string[], options: MxOptions): boolean {
  return host.name === options.hostname || addresses.some(options.isOurs);
}

function usable(
  host: string,
  addresses: readonly string[],
  name: string,
  secure: boolean,
  options: MxOptions,
): HostAddresses {
  const reachable = addresses.filter((address) =>
    options.privateAddresses || isPublic(address) || options.isOurs(address)
  ).filter((address) => options.ipv6 || !address.includes(":"));
  if (reachable.length === 0) {
    return no("failed", "5.4.4", `The mail host ${host} has no address on the Internet`);
  }
  return { ok: true, addresses: reachable, name, secure };
}

function no(outcome: "deferred" | "failed", status: string, text: string) {
  return { ok: false, result: { outcome, step: "dns", reply: { code: 0, status, text } } } as const;
}

/** The same in random order (Fisher and Yates). */
function shuffled<T>(list: readonly T[], random: (n: number) => Uint8Array): T[] {
  const out = [...list];
  const bits = random(out.length * 2);
  for (let at = out.length - 1; at > 0; at--) {
    const other = (bits[2 * at]! << 8 | bits[2 * at + 1]!) % (at + 1);
    [out[at], out[other]] = [out[other]!, out[at]!];
  }
  return out;
}

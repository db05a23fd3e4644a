import type { Destination, HopResult, OutboundEnvelope, Router, TlsLevel } from "../core/outbound.ts";
import { defaultTls, type NextHop, parseNextHop } from "./next_hop.ts";
import { asciiDomain, PatternMap } from "./patterns.ts";

/** How a next hop is used, beside where it is. */
export interface HopUse {
  /** See parseNextHop. */
  readonly to: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsLevel | undefined;
}

/** Where mail goes before DNS is asked, as the configuration has it. */
export interface RouteRules {
  /** By the recipient's domain; see PatternMap for patterns. */
  readonly routes: readonly (HopUse & { readonly domain: string })[];
  /** Smarthosts, for what no route takes: the first whose sender and recipient both match. */
  readonly relay: readonly (HopUse & { readonly sender: string; readonly recipient: string })[];
  /** The least TLS for domains that go by their MX records. */
  readonly tlsPolicy: readonly { readonly domain: string; readonly level: TlsLevel }[];
}

/** A domain name in A-labels, as it stands in mail: at least one label, none empty or too long. */
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const LITERAL = /^\[[0-9a-f:.]+\]$|^\[ipv6:[0-9a-f:.]+\]$/;

/**
 * Makes a Router: routes by the recipient's domain, then relays by sender and recipient, then the domain's MX.
 *
 * @throws TypeError for a next hop that cannot be read (the configuration has checked them)
 */
export function createRouter(rules: RouteRules): Router {
  const routes = new PatternMap(rules.routes.map((use) => [use.domain, destination(use)] as const));
  const relays = rules.relay.map((use) => ({
    sender: new PatternMap([[use.sender, true] as const]),
    recipient: new PatternMap([[use.recipient, true] as const]),
    to: destination(use),
  }));
  const policy = new PatternMap(rules.tlsPolicy.map(({ domain, level }) => [domain, level] as const));
  return {
    route(envelope: OutboundEnvelope, recipient: string): Destination | HopResult {
      const at = recipient.lastIndexOf("@");
      const domain = asciiDomain(recipient.slice(at + 1));
      if (at < 1 || !(DOMAIN.test(domain) || LITERAL.test(domain))) return noDomain(recipient);
      const route = routes.find(domain);
      if (route !== undefined) return route;
      for (const relay of relays) {
        if (relay.sender.find(envelope.reversePath) && relay.recipient.find(recipient)) return relay.to;
      }
      return {
        key: `mx:${domain}`,
        protocol: "smtp",
        by: { kind: "mx", domain },
        tls: policy.find(domain) ?? "may",
        implicitTls: false,
        login: undefined,
      };
    },
  };
}

function destination(use: HopUse): Destination {
  const hop = parseNextHop(use.to);
  if (hop === undefined) throw new TypeError(`Cannot use ${use.to} as a next hop`);
  const login = use.user === undefined ? undefined : { user: use.user, password: use.password ?? "" };
  return {
    ...hop,
    key: keyOf(hop, login?.user),
    tls: use.tls ?? defaultTls(hop, login !== undefined),
    login,
  };
}

function keyOf({ by, protocol, implicitTls }: NextHop, user: string | undefined): string {
  const scheme = protocol === "smtp" && implicitTls ? "smtps" : protocol;
  const where = by.kind === "unix" ? by.path : by.kind === "host" ? `${by.host}:${by.port}` : by.domain;
  return `${scheme}:${user === undefined ? "" : `${user}@`}${where}`;
}

function noDomain(recipient: string): HopResult {
  const text = recipient.includes("@")
    ? "The domain of the address cannot exist"
    : "The address has no domain";
  return { outcome: "failed", step: "dns", reply: { code: 0, status: "5.1.2", text } };
}

/** Next hops as an operator writes them: `smtp://host:port`, `smtps://…`, `lmtp://…`, `unix:/path`. */
import type { Destination, TlsLevel } from "../core/outbound.ts";

/** What a next hop is, but for TLS and login. */
export type NextHop = Pick<Destination, "protocol" | "by" | "implicitTls">;

const PORTS = { smtp: 25, smtps: 465, lmtp: 24 } as const;

/** scheme "://" host [ ":" port ] [ "/" ]; the host a name, an IPv4 address or an IPv6 address in brackets. */
const URL_FORM =
  /^(smtp|smtps|lmtp):\/\/(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9])?))(?::(\d{1,5}))?\/?$/i;

/** Reads a next hop; undefined when it is none. A unix socket speaks LMTP. */
export function parseNextHop(text: string): NextHop | undefined {
  if (text.startsWith("unix:/")) {
    return { protocol: "lmtp", by: { kind: "unix", path: text.slice(5) }, implicitTls: false };
  }
  const match = URL_FORM.exec(text);
  if (match === null) return undefined;
  const scheme = match[1]!.toLowerCase() as keyof typeof PORTS;
  const port = match[4] === undefined ? PORTS[scheme] : Number(match[4]);
  if (port < 1 || port > 65_535) return undefined;
  return {
    protocol: scheme === "lmtp" ? "lmtp" : "smtp",
    by: { kind: "host", host: (match[2] ?? match[3]!).toLowerCase(), port },
    implicitTls: scheme === "smtps",
  };
}

/**
 * TLS with a next hop where the operator says nothing: with a password never but to the host that was meant;
 * none over a unix socket, which does not leave the machine.
 */
export function defaultTls(hop: NextHop, withLogin: boolean): TlsLevel {
  if (hop.by.kind === "unix") return "none";
  return withLogin || hop.implicitTls ? "verify" : "may";
}

/** The parts of the configuration that say how mail leaves: routes, relays, TLS, DNS. */
import { z } from "zod";
import { parseNextHop } from "../queue/next_hop.ts";

const nextHop = z.string().refine((text) => parseNextHop(text) !== undefined, {
  error: "write smtp://host:port, smtps://host:port, lmtp://host:port or unix:/path",
});

const level = z.enum(["dane", "verify", "encrypt", "may", "none"]);

/** A domain, `*.domain` for what is below it, `*` for all. */
const pattern = z.string().regex(/^(\*|(\*?\.)?[\p{L}\p{N}_][\p{L}\p{N}._-]{0,252})$/u, {
  error: 'write a domain, *.domain for those below it, or "*"',
});

/** A pattern of domains, or an address. */
const addressPattern = z.string().regex(
  /^(\*|(\*?\.|@|[^@\s]{1,255}@)?[\p{L}\p{N}_][\p{L}\p{N}._-]{0,252}|)$/u,
  {
    error: 'write an address, a domain, *.domain for those below it, or "*"',
  },
);

const use = {
  to: nextHop.describe("smtp://host:port, smtps:// (TLS from the first octet), lmtp:// or unix:/path (LMTP)"),
  user: z.string().optional().describe("name to log in with there; with its password, TLS must be verified"),
  password: z.string().optional().describe("its password"),
  tls: level.optional().describe(
    "the least that must be: dane, verify, encrypt, may, none; may when left out, verify with a password",
  ),
};

/** Keys of the configuration's first level. */
export const outboundShape = {
  routes: z.array(z.strictObject({
    domain: pattern.describe("recipients' domain; *.domain for those below it; * for all"),
    ...use,
  })).default([]).describe("where mail for a domain goes, before DNS; the most special one counts"),
  relay: z.array(z.strictObject({
    sender: addressPattern.default("*").describe(
      'whose mail: an address, a domain, *.domain, *; "" is bounces',
    ),
    recipient: addressPattern.default("*").describe("to whom: an address, a domain, *.domain, *"),
    ...use,
  })).default([]).describe("smarthosts, for what no route takes; the first whose sender and recipient match"),
  tls_policy: z.array(z.strictObject({
    domain: pattern.describe("recipients' domain; *.domain for those below it; * for all"),
    level: level.describe(
      "the least that must be: dane, verify, encrypt, may, none; DANE and MTA-STS of the domain may ask for more",
    ),
  })).default([]).describe("TLS with mail hosts that DNS names"),
  dns: z.strictObject({
    servers: z.array(
      z.string().regex(/^([0-9a-fA-F:.]+|\[[0-9a-fA-F:.]+\]:\d{1,5}|[0-9.]+:\d{1,5})$/, {
        error: "write an address, or address:port, e.g. 127.0.0.1 or [::1]:5353",
      }),
    ).default([]).describe("recursive name servers; those of /etc/resolv.conf when left out"),
    trust_ad: z.enum(["auto", "yes", "no"]).default("auto").describe(
      "believe that they validated DNSSEC, which DANE needs; auto: on loopback, or with trust-ad in resolv.conf",
    ),
  }).prefault({}).describe("how names are looked up"),
  outbound: z.strictObject({
    ipv6: z.boolean().default(true).describe("reach mail hosts over IPv6 first, then over IPv4"),
    dane: z.boolean().default(true).describe("heed TLSA records of mail hosts (RFC 7672)"),
    mta_sts: z.boolean().default(true).describe("heed MTA-STS policies of domains (RFC 8461)"),
    ca: z.string().optional().describe("PEM file of authorities to trust instead of the system's"),
    own_addresses: z.array(z.ipv4().or(z.ipv6())).default([]).describe(
      "addresses under which the world reaches this server, beside those it has: mail is never sent to them",
    ),
    private_addresses: z.boolean().default(false).describe(
      "let DNS lead mail into private networks too; routes and relays always may",
    ),
  }).prefault({}).describe("how mail leaves"),
};

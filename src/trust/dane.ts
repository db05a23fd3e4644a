/** DANE for SMTP (RFC 7672): which certificate a host must show, by TLSA records that DNSSEC protects. */
import { createHash, X509Certificate } from "node:crypto";
import type { Dns, Tlsa } from "../dns/mod.ts";

/** What a host's TLSA records ask for. */
export type DaneNeed =
  /** There are none, or DNS does not protect them: nothing. */
  | { readonly kind: "none" }
  /** A certificate that one of these names. */
  | { readonly kind: "records"; readonly records: readonly Tlsa[] }
  /** TLS, whoever it is: none of the records is of a kind that counts here (RFC 7672 §2.2). */
  | { readonly kind: "unusable" }
  /** They could not be looked up: then the host must not be used (RFC 7672 §2.2). */
  | { readonly kind: "fault"; readonly text: string };

/**
 * Looks up TLSA records of a host whose own address records were secure. `name` is the host's name after
 * aliases, which is asked for first (RFC 7672 §2.2.2).
 */
export async function daneNeed(dns: Dns, host: string, name: string, port: number): Promise<DaneNeed> {
  for (const base of name === host ? [host] : [name, host]) {
    const answer = await dns.query(`_${port}._tcp.${base}`, "TLSA");
    if (answer.kind === "fault") return { kind: "fault", text: answer.text };
    if (answer.kind !== "records" || !answer.secure) continue;
    const records = answer.records.filter(isUsable);
    return records.length === 0 ? { kind: "unusable" } : { kind: "records", records };
  }
  return { kind: "none" };
}

/** Usages 2 and 3 only (RFC 7672 §3.1.3), selectors and digests that are known, digests of the right length. */
function isUsable({ usage, selector, matchingType, data }: Tlsa): boolean {
  return (usage === 2 || usage === 3) && (selector === 0 || selector === 1) &&
    (matchingType === 0 && data.length > 0 || matchingType === 1 && data.length === 32 ||
      matchingType === 2 && data.length === 64);
}

/**
 * Holds what a host showed against its TLSA records. Undefined when it will do, else a sentence.
 *
 * @param chain DER, the host's own certificate first
 * @param names what the certificate may be for where an authority is named (RFC 7672 §3.2.2)
 * @param now milliseconds since the epoch
 */
export function daneRefusal(
  chain: readonly Uint8Array[],
  records: readonly Tlsa[],
  names: readonly string[],
  now: number,
): string | undefined {
  const certificates = chain.map(parse);
  const own = certificates[0];
  if (own === undefined) return "The host showed no certificate that can be read";
  // RFC 7672 §3.1.1: with DANE-EE neither the name nor the dates of the certificate count.
  if (records.some((record) => record.usage === 3 && matches(record, own))) return undefined;
  const authorities = records.filter(({ usage }) => usage === 2);
  if (authorities.length === 0) return "No TLSA record names the host's certificate";
  if (!names.some((name) => own.checkHost(name) !== undefined)) return "The certificate is for another host";
  return chainRefusal(certificates, authorities, now);
}

/** Follows the chain up to a certificate that a record names as an authority. */
function chainRefusal(
  certificates: readonly (X509Certificate | undefined)[],
  authorities: readonly Tlsa[],
  now: number,
): string | undefined {
  // An authority whose whole certificate stands in the record need not be sent (RFC 7671 §5.2.2).
  const known = authorities.filter(({ selector, matchingType }) => selector === 0 && matchingType === 0)
    .map(({ data }) => parse(data)).filter((one) => one !== undefined);
  for (let at = 0; at < certificates.length; at++) {
    const one = certificates[at];
    if (one === undefined) return "A certificate in the chain cannot be read";
    if (Date.parse(one.validFrom) > now || Date.parse(one.validTo) < now) {
      return "A certificate in the chain is out of date";
    }
    if (known.some((issuer) => issued(one, issuer))) return undefined;
    const issuer = certificates[at + 1];
    if (issuer === undefined) break;
    if (!issued(one, issuer)) return "The certificates do not make a chain";
    if (authorities.some((record) => matches(record, issuer))) return undefined;
  }
  return "No TLSA record names an authority of the host's certificate";
}

function issued(one: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
  } catch {
    return false; // a key of a kind that is not known here
  }
}

/** RFC 6698 §2.1.2, §2.1.3. */
function matches(record: Tlsa, certificate: X509Certificate): boolean {
  let octets: Uint8Array;
  try {
    octets = record.selector === 0
      ? certificate.raw
      : certificate.publicKey.export({ type: "spki", format: "der" });
  } catch {
    return false;
  }
  const data = record.matchingType === 0
    ? octets
    : createHash(record.matchingType === 1 ? "sha256" : "sha512").update(octets).digest();
  return data.length === record.data.length && record.data.every((octet, at) => octet === data[at]);
}

function parse(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

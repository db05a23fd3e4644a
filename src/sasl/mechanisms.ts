import type { TlsInfo } from "../core/conn.ts";

/** Hash functions that SCRAM is defined with, by their IANA names. */
export type ScramHash = "SHA-1" | "SHA-256";

/** What one mechanism is and needs. */
export interface Mechanism {
  readonly family: "scram" | "plain" | "login" | "oauth" | "external";
  /** True when the secret itself crosses the connection: TLS first, unless the operator allows it. */
  readonly plaintext: boolean;
  /** True for the -PLUS forms: the exchange is bound to the TLS connection. */
  readonly channelBinding: boolean;
  /** SCRAM's hash; undefined for the others. */
  readonly hash: ScramHash | undefined;
  readonly rfc: string;
}

/** Every mechanism that we speak, best first: the order in which they are announced. */
export const MECHANISMS = {
  "EXTERNAL": other("external", false, "4422 appendix A"),
  "SCRAM-SHA-256-PLUS": scram("SHA-256", true, "7677"),
  "SCRAM-SHA-1-PLUS": scram("SHA-1", true, "5802"),
  "SCRAM-SHA-256": scram("SHA-256", false, "7677"),
  "SCRAM-SHA-1": scram("SHA-1", false, "5802"),
  "OAUTHBEARER": other("oauth", true, "7628"),
  "XOAUTH2": other("oauth", true, ""),
  "PLAIN": { family: "plain", plaintext: true, channelBinding: false, hash: undefined, rfc: "4616" },
  "LOGIN": {
    family: "login",
    plaintext: true,
    channelBinding: false,
    hash: undefined,
    rfc: "draft-murchison-sasl-login-00",
  },
} as const satisfies Record<string, Mechanism>;

/** A mechanism that we speak. */
export type MechanismName = keyof typeof MECHANISMS;

/** The names, best first. */
export const MECHANISM_NAMES = Object.keys(MECHANISMS) as readonly MechanismName[];

/** Those of them by which a password is proven: all that a client of ours can speak. */
export const PASSWORD_MECHANISMS: readonly MechanismName[] = MECHANISM_NAMES.filter((name) => {
  const { family } = MECHANISMS[name];
  return family !== "oauth" && family !== "external";
});

/**
 * The mechanism of that name, whatever its case (RFC 4422 §3.1: names are upper-case ASCII; `\u017F` is not,
 * but upper-cases to `S`).
 */
export function mechanismNamed(name: string): MechanismName | undefined {
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 0x7f) return undefined;
  const upper = name.toUpperCase();
  // Not `upper in MECHANISMS`: the name comes from the network, and objects have a `constructor`.
  return Object.hasOwn(MECHANISMS, upper) ? upper as MechanismName : undefined;
}

/**
 * What a connection can be asked to prove, best first: -PLUS only where TLS gives the binding that every client
 * knows, plain passwords only under TLS or where the operator allows them without, tokens only where somebody issues them
 * and under TLS (RFC 7628 §3), EXTERNAL only for a client whose certificate says who it is.
 *
 * RFC 9266 §3 makes tls-exporter the one for TLS 1.3, as tls-unique was before (RFC 5802 §6.1). A server that
 * announces -PLUS with nothing but tls-server-end-point locks clients out: NeoMutt and others that stand on GNU
 * SASL take the best name they see, fail, and try no other; and who sees no binding of theirs and says `y` is
 * told that somebody hid -PLUS from them.
 */
export function mechanismsFor(
  tls: TlsInfo | undefined,
  options: { readonly allowPlaintext: boolean; readonly tokens?: boolean },
): readonly MechanismName[] {
  const binds = tls?.exporter !== undefined;
  return MECHANISM_NAMES.filter((name) => {
    const mechanism: Mechanism = MECHANISMS[name];
    if (mechanism.channelBinding) return binds;
    if (mechanism.family === "external") return (tls?.clientAddresses?.length ?? 0) > 0;
    if (mechanism.family === "oauth") return tls !== undefined && options.tokens === true;
    return !mechanism.plaintext || tls !== undefined || options.allowPlaintext;
  });
}

function scram(hash: ScramHash, channelBinding: boolean, rfc: string) {
  return { family: "scram", plaintext: false, channelBinding, hash, rfc } as const;
}

function other<Family extends "oauth" | "external">(family: Family, plaintext: boolean, rfc: string) {
  return { family, plaintext, channelBinding: false, hash: undefined, rfc } as const;
}

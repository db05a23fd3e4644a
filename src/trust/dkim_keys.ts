/** DKIM keys of our domains: made, kept as PKCS #8, and shown as DNS records (RFC 6376 §3.6, RFC 8463 §4). */
import { TtlCache } from "../dns/cache.ts";
import type { World } from "../core/world.ts";
import type { SigningKey } from "./dkim_sign.ts";
import { TRUST_LIMITS } from "./limits.ts";

/** A key as it is kept. */
export interface DkimKey {
  readonly selector: string;
  readonly algorithm: SigningKey["algorithm"];
  /** PKCS #8. */
  readonly privateKey: Uint8Array;
  /** What DNS shows: SubjectPublicKeyInfo of RSA, 32 octets of Ed25519. */
  readonly publicKey: Uint8Array;
  /**
   * `ready`: its record is to be published first · `signing` · `retired`: it signs no more, and its record stays
   * until mail that it signed has arrived everywhere.
   */
  readonly state: "ready" | "signing" | "retired";
}

/** Where keys are kept. Implemented in trust/pg. */
export interface KeyStore {
  /** Of a domain in U-labels; those that sign. */
  signing(domain: string): Promise<readonly DkimKey[]>;
}

const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const;

/** Makes a key. */
export async function makeDkimKey(
  algorithm: SigningKey["algorithm"],
  selector: string,
  state: DkimKey["state"],
): Promise<DkimKey> {
  const isRsa = algorithm === "rsa-sha256";
  const pair = await crypto.subtle.generateKey(isRsa ? RSA : { name: "Ed25519" }, true, ["sign", "verify"]);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  return {
    selector,
    algorithm,
    privateKey: new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)),
    publicKey: new Uint8Array(await crypto.subtle.exportKey(isRsa ? "spki" : "raw", publicKey)),
    state,
  };
}

/** The name and text of a key's TXT record. `domain` in A-labels. */
export function dkimRecord(key: DkimKey, domain: string): { readonly name: string; readonly text: string } {
  const type = key.algorithm === "rsa-sha256" ? "rsa" : "ed25519";
  return {
    name: `${key.selector}._domainkey.${domain}`,
    text: `v=DKIM1; h=sha256; k=${type}; p=${key.publicKey.toBase64()}`,
  };
}

/** Keys ready to sign with, held for a while. */
export class SigningKeys {
  readonly #held = new TtlCache<Promise<readonly SigningKey[]>>(TRUST_LIMITS.keyDomains);

  constructor(private readonly store: KeyStore, private readonly world: World) {}

  /** @param domain in U-labels, as the directory has it; `ascii` the same in A-labels. Rejects when the store does. */
  of(domain: string, ascii: string): Promise<readonly SigningKey[]> {
    const held = this.#held.get(domain, this.world.ticks());
    if (held !== undefined) return held;
    const loading = this.#load(domain, ascii);
    this.#held.set(domain, loading, this.world.ticks() + TRUST_LIMITS.keysFresh);
    loading.catch(() => this.#held.set(domain, loading, 0));
    return loading;
  }

  async #load(domain: string, ascii: string): Promise<readonly SigningKey[]> {
    const keys = await this.store.signing(domain);
    return await Promise.all(keys.map(async ({ selector, algorithm, privateKey }) => ({
      domain: ascii,
      selector,
      algorithm,
      key: await crypto.subtle.importKey(
        "pkcs8",
        new Uint8Array(privateKey),
        algorithm === "rsa-sha256" ? RSA : { name: "Ed25519" },
        false,
        ["sign"],
      ),
    })));
  }
}

/** Certificates for tests: an authority, and hosts that it vouches for. */
import "reflect-metadata";
import { createHash, X509Certificate } from "node:crypto";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { CertificatePair } from "../../src/net/mod.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;

/** An authority of a test. */
export class TestAuthority {
  private constructor(
    /** Its certificate. */
    readonly pem: string,
    private readonly name: string,
    private readonly keys: CryptoKeyPair,
  ) {}

  static async make(name: string): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: "01",
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 10 * DAY),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 2, true)],
    });
    return new TestAuthority(certificate.toString("pem"), name, keys);
  }

  /** A certificate for a host, with the authority's own behind it. */
  async issue(host: string, own: { readonly expired?: boolean } = {}): Promise<CertificatePair> {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: "02",
      subject: `CN=${host}`,
      issuer: `CN=${this.name}`,
      notBefore: new Date(Date.now() - 5 * DAY),
      notAfter: new Date(Date.now() + (own.expired === true ? -1 : 5) * DAY),
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
    });
    const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
    return { cert: `${certificate.toString("pem")}\n${this.pem}`, key };
  }
}

/** DER of the first certificate in PEM. */
export function der(pem: string): Uint8Array {
  return new Uint8Array(new X509Certificate(pem).raw);
}

/** A TLSA record's `certificate` for the first certificate in PEM. */
export function tlsa(pem: string, usage: number, selector: number, matchingType: number) {
  const certificate = new X509Certificate(pem);
  const octets = selector === 0
    ? certificate.raw
    : certificate.publicKey.export({ type: "spki", format: "der" });
  const data = matchingType === 0
    ? octets
    : createHash(matchingType === 1 ? "sha256" : "sha512").update(octets).digest();
  return { usage, selector, matchingType, certificate: data };
}

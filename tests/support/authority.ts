/** An authority that vouches for clients, made for a test. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY = 86_400_000;
const USES = { client: "1.3.6.1.5.5.7.3.2", server: "1.3.6.1.5.5.7.3.1" } as const;

/** What a certificate says. */
export interface Wish {
  /** Its rfc822Names. */
  readonly addresses: readonly string[];
  /** Until when it is good, from now; may be over. */
  readonly days?: number;
  readonly use?: keyof typeof USES;
}

/** Makes certificates. */
export interface Authority {
  readonly pem: string;
  issue(wish: Wish): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Makes an authority. */
export async function authority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: EC,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    pem: own.toString("pem"),
    async issue({ addresses, days = 10, use = "client" }) {
      const pair = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]);
      const made = await x509.X509CertificateGenerator.create({
        subject: "CN=client",
        issuer: own.subject,
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: EC,
        notBefore: new Date(Date.now() - 20 * DAY),
        notAfter: new Date(Date.now() + days * DAY),
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.ExtendedKeyUsageExtension([USES[use]]),
          new x509.SubjectAlternativeNameExtension(
            addresses.map((value) => ({ type: "email" as const, value })),
          ),
        ],
      });
      const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
      return {
        cert: made.toString("pem"),
        key: `-----BEGIN PRIVATE KEY-----\n${key.toBase64()}\n-----END PRIVATE KEY-----\n`,
      };
    },
  };
}

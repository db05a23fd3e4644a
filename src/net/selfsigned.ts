import type { CertificatePair } from "./tls.ts";

const EC_P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/**
 * Makes an EC P-256 key and a certificate for it, signed by itself, good for ten years: for `hostname`,
 * `localhost`, 127.0.0.1 and ::1. Clients must be told to trust it. P-256, because an RSA-2048 handshake
 * costs the server 2.4 times as much.
 *
 * @param now milliseconds since the epoch; the certificate begins a day earlier, for clocks that are behind
 */
export async function selfSigned(hostname: string, now: number = Date.now()): Promise<CertificatePair> {
  // Loaded here and not at the start: they take time and memory, and are used once in a server's life.
  // reflect-metadata goes first, @peculiar/x509 cannot be loaded without it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(EC_P256, true, ["sign", "verify"]);
  const names = [...new Set([hostname, "localhost"])].map((value) => ({ type: "dns" as const, value }));
  const addresses = ["127.0.0.1", "::1"].map((value) => ({ type: "ip" as const, value }));
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // RFC 5280 §A.1 allows 64 characters in a common name; the full name is in the SAN.
    name: [{ CN: [hostname.slice(0, 64)] }],
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + 3652 * 86_400_000),
    keys,
    signingAlgorithm: EC_P256,
    extensions: [
      // Not a CA: rustls takes no CA's certificate from a server, and any client can still trust this one.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...names, ...addresses]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    cert: certificate.toString("pem") + "\n",
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY") + "\n",
  };
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets, from a random source. */
function serialNumber(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return octets.toHex();
}

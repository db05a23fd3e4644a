import { assert, assertEquals } from "@std/assert";
import { createHash, X509Certificate } from "node:crypto";
import { serverEndPoint } from "./binding.ts";

await import("reflect-metadata");
const x509 = await import("@peculiar/x509");

type Signing = EcdsaParams & EcKeyGenParams | { name: "Ed25519" } | RsaHashedKeyGenParams;

async function certificate(algorithm: Signing): Promise<X509Certificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=a.test",
    keys,
    signingAlgorithm: algorithm,
  });
  return new X509Certificate(made.toString("pem"));
}

const rsa = (name: string, hash: string): RsaHashedKeyGenParams => ({
  name,
  hash,
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
});

Deno.test("RFC 5929 §4.1: the hash is that of the certificate's signature, SHA-256 in place of SHA-1", async () => {
  const cases: readonly [Signing, string][] = [
    [{ name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }, "sha256"],
    [{ name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" }, "sha384"],
    [{ name: "ECDSA", namedCurve: "P-256", hash: "SHA-512" }, "sha512"],
    [rsa("RSASSA-PKCS1-v1_5", "SHA-1"), "sha256"],
    [rsa("RSASSA-PKCS1-v1_5", "SHA-512"), "sha512"],
  ];
  for (const [algorithm, hash] of cases) {
    const made = await certificate(algorithm);
    const want = new Uint8Array(createHash(hash).update(made.raw).digest());
    assertEquals(serverEndPoint(made), want, JSON.stringify(algorithm));
  }
});

Deno.test("no binding where the signature has no hash of its own", async () => {
  const made = await certificate({ name: "Ed25519" });
  assert(made.raw.length > 0);
  assertEquals(serverEndPoint(made), undefined);
});

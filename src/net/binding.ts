import { createHash, type X509Certificate } from "node:crypto";

/**
 * The hash of each signature algorithm, by OID (RFC 4055, RFC 5758, RFC 3279). MD5 and SHA-1 become SHA-256
 * (RFC 5929 §4.1). Algorithms with no hash of their own (Ed25519) are not here: the binding is undefined.
 */
const HASH_OF: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.1.1.4", "sha256"], // md5WithRSAEncryption
  ["1.2.840.113549.1.1.5", "sha256"], // sha1WithRSAEncryption
  ["1.2.840.113549.1.1.14", "sha224"],
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.2.840.10045.4.1", "sha256"], // ecdsa-with-SHA1
  ["1.2.840.10045.4.3.1", "sha224"],
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
]);

/**
 * RFC 5929 §4.1, tls-server-end-point: the server's certificate (DER), hashed with the hash of its own
 * signature. Undefined where that hash is not defined or, for RSASSA-PSS, stands in parameters that the
 * runtime does not give.
 */
export function serverEndPoint(certificate: X509Certificate): Uint8Array | undefined {
  const oid = (certificate as { signatureAlgorithmOid?: string }).signatureAlgorithmOid;
  const hash = HASH_OF.get(oid ?? "");
  if (hash === undefined) return undefined;
  return new Uint8Array(createHash(hash).update(certificate.raw).digest());
}

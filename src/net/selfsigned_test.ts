import { assert, assertEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { selfSigned } from "./selfsigned.ts";
import { TlsContextHolder } from "./tls.ts";

Deno.test("a self-signed certificate carries its names, fits its key and lasts ten years", async () => {
  const now = Date.UTC(2030, 0, 1);
  const pair = await selfSigned("mail.example.test", now);
  const certificate = new X509Certificate(pair.cert);
  assertEquals(
    certificate.subjectAltName,
    "DNS:mail.example.test, DNS:localhost, IP Address:127.0.0.1, IP Address:::1",
  );
  assertEquals(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert(certificate.verify(certificate.publicKey));
  assertEquals(Date.parse(certificate.validFrom), now - 86_400_000);
  const years = (Date.parse(certificate.validTo) - now) / (365.25 * 86_400_000);
  assert(years > 9.9 && years < 10.1);
  const [loaded] = new TlsContextHolder([pair]).pairs;
  assertEquals(loaded?.names, ["mail.example.test", "localhost"]);
  assertEquals(loaded?.expires, Date.parse(certificate.validTo));
});

Deno.test("two certificates have different serial numbers and keys; localhost and long names work", async () => {
  const first = await selfSigned("localhost");
  const second = await selfSigned("localhost");
  const serial = (pem: string) => new X509Certificate(pem).serialNumber;
  assert(serial(first.cert) !== serial(second.cert));
  assert(first.key !== second.key);
  const long = `${"a".repeat(60)}.${"b".repeat(60)}.test`;
  assertEquals(new TlsContextHolder([await selfSigned(long)]).pairs[0]?.names[0], long);
});

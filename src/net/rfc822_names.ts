/**
 * The rfc822Names of a certificate in DER (RFC 5280 §4.2.1.6). Read from the extension itself: in the runtime's text
 * of it a name with a comma could pass for two. The library is loaded when the first certificate comes.
 */
export async function rfc822Names(certificate: Uint8Array): Promise<readonly string[]> {
  await import("reflect-metadata");
  const { SubjectAlternativeNameExtension, X509Certificate } = await import("@peculiar/x509");
  try {
    const read = new X509Certificate(certificate.slice().buffer);
    const names = read.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
    return names.filter(({ type }) => type === "email").map(({ value }) => value);
  } catch {
    return [];
  }
}

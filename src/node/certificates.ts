/** The certificates that the configuration names, or a self-signed one that we make and keep. */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { type Config, ConfigError } from "../config/mod.ts";
import { type CertificatePair, selfSigned, TlsContextHolder } from "../net/mod.ts";

/**
 * Reads and checks the certificates, the default one first. Without any in the configuration: the self-signed one of
 * the data folder, made when it is missing.
 *
 * @throws ConfigError naming the file that cannot be read, or the pair that cannot be used.
 */
export async function readCertificates(
  config: Config,
  now: () => number,
): Promise<readonly CertificatePair[]> {
  const { certificate, key, also } = config.tls;
  const named = [...(certificate === undefined || key === undefined ? [] : [{ certificate, key }]), ...also];
  const pairs = await Promise.all(named.map(readPair));
  const all = certificate === undefined ? [await ownCertificate(config, now), ...pairs] : pairs;
  const { client_ca } = config.auth;
  if (client_ca === undefined) return all;
  const clientCa = await readPem(client_ca, "authorities for clients");
  try {
    new X509Certificate(clientCa);
  } catch (error) {
    throw new ConfigError([`auth.client_ca: cannot use ${client_ca}: ${(error as Error).message}`]);
  }
  return all.map((pair) => ({ ...pair, clientCa }));
}

async function ownCertificate(config: Config, now: () => number): Promise<CertificatePair> {
  const [certFile, keyFile] = [join(config.data, "self-signed.pem"), join(config.data, "self-signed.key")];
  const cert = await Deno.readTextFile(certFile).catch(() => undefined);
  const key = await Deno.readTextFile(keyFile).catch(() => undefined);
  if (cert !== undefined && key !== undefined) return { cert, key };
  const made = await selfSigned(config.hostname, now());
  await Deno.writeTextFile(keyFile, made.key, { mode: 0o600 });
  await Deno.writeTextFile(certFile, made.cert);
  return made;
}

async function readPair(
  { certificate, key }: { readonly certificate: string; readonly key: string },
): Promise<CertificatePair> {
  const pair = { cert: await readPem(certificate, "certificate"), key: await readPem(key, "private key") };
  try {
    new TlsContextHolder([pair]);
  } catch (error) {
    throw new ConfigError([`tls: cannot use ${certificate} with ${key}: ${(error as Error).message}`]);
  }
  return pair;
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    throw new ConfigError([`tls: cannot read the ${what} ${file}: ${(error as Error).message}`]);
  }
}

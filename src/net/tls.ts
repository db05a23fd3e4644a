import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { serverEndPoint } from "./binding.ts";

/** A certificate (with its chain, leaf first) and its private key, both PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
  /** PEM of the authorities that may vouch for clients; without it no client is asked for a certificate. */
  readonly clientCa?: string;
}

/** A pair that was checked and is ready for handshakes. */
export interface LoadedPair {
  readonly context: SecureContext;
  /** DNS names in lower case, some with `*` as their first label. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** RFC 5929 §4.1; undefined where the certificate's signature has no hash of its own. */
  readonly serverEndPoint: Uint8Array | undefined;
  /** Clients can be asked for a certificate. */
  readonly knowsClients: boolean;
}

/**
 * The certificates that a server shows, chosen by SNI. Listeners hold on to the holder and ask it at each
 * handshake, so that a reload reaches STARTTLS and implicit TLS alike and touches no open connection.
 */
export class TlsContextHolder {
  #pairs: readonly LoadedPair[];
  #byName: ReadonlyMap<string, LoadedPair>;

  /**
   * @param pairs the first is the default, for clients that send no name or one that we do not have
   * @throws Error when a pair cannot be used, see `reload`
   */
  constructor(pairs: readonly CertificatePair[]) {
    this.#pairs = loadAll(pairs);
    this.#byName = index(this.#pairs);
  }

  /**
   * Takes new pairs for all handshakes from now on. All are checked first; when one cannot be used, the old
   * ones stay.
   *
   * @throws Error that says which pair is wrong and how: unreadable, or a key that does not fit.
   */
  reload(pairs: readonly CertificatePair[]): void {
    const loaded = loadAll(pairs);
    this.#pairs = loaded;
    this.#byName = index(loaded);
  }

  /** The pairs in use, the default first. */
  get pairs(): readonly LoadedPair[] {
    return this.#pairs;
  }

  /** The pair for a client that asked for `serverName` (RFC 6066 §3); the default when none fits. */
  choose(serverName: string | undefined): LoadedPair {
    const fallback = this.#pairs[0]!;
    if (serverName === undefined || serverName === "") return fallback;
    const name = serverName.toLowerCase();
    const exact = this.#byName.get(name);
    if (exact !== undefined) return exact;
    // RFC 6125 §6.4.3: a wildcard stands for exactly one label, the first.
    const dot = name.indexOf(".");
    return (dot > 0 ? this.#byName.get("*" + name.slice(dot)) : undefined) ?? fallback;
  }
}

function loadAll(pairs: readonly CertificatePair[]): readonly LoadedPair[] {
  if (pairs.length === 0) throw new Error("Cannot use TLS: no certificate is given");
  return pairs.map(load);
}

/** The first pair that carries a name keeps it, so that the order of the list decides. */
function index(pairs: readonly LoadedPair[]): ReadonlyMap<string, LoadedPair> {
  const byName = new Map<string, LoadedPair>();
  for (const pair of pairs) {
    for (const name of pair.names) if (!byName.has(name)) byName.set(name, pair);
  }
  return byName;
}

/** The runtime takes any text as a certificate and any key with it, and fails at each handshake: so look first. */
function load(pair: CertificatePair, at: number): LoadedPair {
  const which = `certificate ${at + 1}`;
  const certificate = attempt(`Cannot read ${which}`, () => new X509Certificate(pair.cert));
  const key = attempt(`Cannot read the key of ${which}`, () => createPrivateKey(pair.key));
  if (!certificate.checkPrivateKey(key)) {
    throw new Error(`Cannot use ${which} (${certificate.subject}): the key is not its key`);
  }
  const context = attempt(
    `Cannot use ${which}`,
    () =>
      createSecureContext({
        cert: pair.cert,
        key: pair.key,
        minVersion: "TLSv1.2",
        ...(pair.clientCa === undefined ? {} : { ca: pair.clientCa }),
      }),
  );
  return {
    context,
    names: dnsNames(certificate),
    expires: Date.parse(certificate.validTo),
    serverEndPoint: serverEndPoint(certificate),
    knowsClients: pair.clientCa !== undefined,
  };
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new Error(`${what}: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

/** The DNS names of the SAN; the common name where a certificate has no SAN at all (RFC 6125 §6.4.4). */
function dnsNames(certificate: X509Certificate): readonly string[] {
  const san = certificate.subjectAltName;
  if (san === undefined || san === "") {
    const common = certificate.subject.split("\n").find((line) => line.startsWith("CN="));
    return common === undefined ? [] : [common.slice(3).toLowerCase()];
  }
  return san.split(", ").filter((name) => name.startsWith("DNS:")).map((name) => name.slice(4).toLowerCase());
}

/** The ways out of this node, as the configuration has them: router, reacher, signer. */
import { networkInterfaces } from "node:os";
import type { Config } from "../config/mod.ts";
import type { Emit } from "../core/events.ts";
import type { Reacher, Router, Signer } from "../core/outbound.ts";
import { realWorld } from "../core/world.ts";
import { createResolver, type DnsServer, parseResolvConf } from "../dns/mod.ts";
import { dialer, parseAddress } from "../net/mod.ts";
import { canonicalIp } from "../queue/addresses.ts";
import { hostAddresses, type MxOptions } from "../queue/mx.ts";
import { asciiDomain } from "../queue/patterns.ts";
import { createReacher } from "../queue/reach.ts";
import { createRouter } from "../queue/route.ts";
import type { Database } from "../store/pg/database.ts";
import { SigningKeys } from "../trust/dkim_keys.ts";
import { MtaSts } from "../trust/mta_sts.ts";
import { PgKeys, PgPolicies, PgReports } from "../trust/pg.ts";
import { createSigner } from "../trust/signer.ts";
import { TlsReporter } from "../trust/tls_report.ts";

/** What the queue sends mail with. Disposing it writes what the TLS report still holds. */
export interface Ways extends AsyncDisposable {
  readonly router: Router;
  readonly reacher: Reacher;
  readonly signer: Signer;
  /** Removes policies that ran out and rows of old days; for one worker of a node, now and then. */
  sweep(): Promise<void>;
}

/**
 * Builds the ways of a configuration; a new configuration has new ones.
 *
 * @throws Error when a file that it names cannot be read
 */
export async function openWays(config: Config, database: Database, emit: Emit): Promise<Ways> {
  const { outbound, limits, hostname } = config;
  const ca = outbound.ca === undefined ? undefined : await Deno.readTextFile(outbound.ca);
  const dial = dialer({
    ...limits.net,
    writeStallMs: limits.client.dataBlock,
    dialMs: limits.client.connect,
  });
  const { servers, trustAd } = await nameServers(config.dns);
  const dns = createResolver({ servers, trustAd, dial, world: realWorld, limits: limits.dns });
  const ours = new Set(outbound.own_addresses.map(canonicalIp));
  const name = asciiDomain(hostname);
  const mx: MxOptions = {
    dns,
    hostname: name,
    isOurs: (address) => ours.has(address) || interfaceAddresses().has(address),
    ipv6: outbound.ipv6,
    privateAddresses: outbound.private_addresses,
    random: realWorld.random,
    hosts: limits.reach.hosts,
  };
  const policies = new PgPolicies(database);
  const reports = new PgReports(database);
  const reporter = new TlsReporter(reports, realWorld, emit);
  const sts = new MtaSts({
    dns,
    world: realWorld,
    store: policies,
    fetch: {
      dial,
      port: 443,
      ca,
      addresses: async (host) => {
        const found = await hostAddresses(host, mx);
        return found.ok ? found.addresses : [];
      },
    },
  });
  return {
    router: createRouter({ routes: config.routes, relay: config.relay, tlsPolicy: config.tls_policy }),
    reacher: createReacher({
      dial,
      hostname: name,
      world: realWorld,
      client: limits.client,
      limits: limits.reach,
      ca,
      mx: {
        ...mx,
        port: 25,
        dane: outbound.dane,
        sts: outbound.mta_sts ? sts : undefined,
        report: (note) => reporter.note(note),
        now: realWorld.now,
      },
    }),
    signer: createSigner(new SigningKeys(new PgKeys(database), realWorld), realWorld.now),
    sweep: async () => {
      await policies.sweep(realWorld.now());
      await reports.sweep(realWorld.now());
    },
    [Symbol.asyncDispose]: () => reporter[Symbol.asyncDispose](),
  };
}

/** How long the machine's addresses are believed to stay what they are. */
const INTERFACES_MS = 60_000;
let interfaces: { readonly until: number; readonly addresses: ReadonlySet<string> } | undefined;

/** The addresses of this machine, loopback too. */
function interfaceAddresses(): ReadonlySet<string> {
  const now = performance.now();
  if (interfaces === undefined || interfaces.until < now) {
    const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const addresses = new Set(all.map(({ address }) => canonicalIp(address.split("%")[0]!) ?? ""));
    interfaces = { until: now + INTERFACES_MS, addresses };
  }
  return interfaces.addresses;
}

/** Port of a name server that is named without one. */
const DNS_PORT = 53;

async function nameServers(
  { servers, trust_ad }: Config["dns"],
): Promise<{ readonly servers: readonly DnsServer[]; readonly trustAd: boolean }> {
  const system = servers.length > 0
    ? { servers, trustAd: false }
    : parseResolvConf(await Deno.readTextFile("/etc/resolv.conf").catch(() => ""));
  const all = system.servers.map(serverOf).filter((server) => server !== undefined);
  const local = all.length > 0 && all.every(({ host }) => host === "::1" || host.startsWith("127."));
  return { servers: all, trustAd: trust_ad === "yes" || trust_ad === "auto" && (system.trustAd || local) };
}

function serverOf(text: string): DnsServer | undefined {
  if (canonicalIp(text.split("%")[0]!) !== undefined) return { host: text, port: DNS_PORT };
  try {
    const address = parseAddress(text);
    return "host" in address ? address : undefined;
  } catch {
    return undefined;
  }
}

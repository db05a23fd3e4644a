/** What the configuration allows to some SMTP clients, in the form in which sessions ask for it. */
import type { Config } from "../config/mod.ts";
import { parseAddress, parseDomain } from "../directory/mod.ts";
import { Networks } from "../net/mod.ts";
import type { SmtpPolicy } from "../smtp/mod.ts";

const policies = new WeakMap<Config, SmtpPolicy>();

/** The policy of a configuration; made once for each, as every connection asks for it. */
export function smtpPolicy(config: Config): SmtpPolicy {
  let policy = policies.get(config);
  if (policy === undefined) {
    policy = policyOf(config);
    policies.set(config, policy);
  }
  return policy;
}

function policyOf({ smtp }: Config): SmtpPolicy {
  return {
    relays: peers(smtp.relay_from),
    backupMx: new Set(smtp.backup_mx.flatMap((text) => {
      const domain = parseDomain(text);
      return domain.ok ? [domain.value] : [];
    })),
    xclient: peers(smtp.xclient_from),
    xforward: peers(smtp.xforward_from),
    administrators: new Set(smtp.administrators.flatMap((text) => {
      const address = parseAddress(text);
      return address.ok ? [`${address.value.local}@${address.value.domain}`] : [];
    })),
    noSoliciting: smtp.no_soliciting,
  };
}

function peers(networks: readonly string[]): (remote: string) => boolean {
  if (networks.length === 0) return () => false;
  const listed = new Networks(networks);
  return (remote) => listed.has(remote);
}

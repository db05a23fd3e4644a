import type { Destination, HopResult, TlsLevel } from "../core/outbound.ts";
import type { Dns } from "../dns/mod.ts";
import { daneNeed, daneRefusal } from "../trust/dane.ts";
import type { MtaSts, StsAnswer } from "../trust/mta_sts.ts";
import { listsHost } from "../trust/sts_policy.ts";
import type { TlsNote } from "../trust/tls_report.ts";
import { type HostAddresses, hostAddresses, isUs, type MxHost, mxHosts, type MxOptions } from "./mx.ts";
import { planFor, type PlanNote, publicJudge, reportedPlan, type TlsPlan } from "./tls_plan.ts";

/** What the way to a domain's own mail hosts works with. */
export interface MxWays extends MxOptions {
  readonly dns: Dns;
  /** 25 but in tests. */
  readonly port: number;
  /** True: TLSA records that are secure are heeded (RFC 7672). */
  readonly dane: boolean;
  /** MTA-STS (RFC 8461); undefined: not heeded. */
  readonly sts: Pick<MtaSts, "policy"> | undefined;
  readonly report: (note: TlsNote) => void;
  readonly now: () => number;
}

/** A destination; with `ignoresPolicies`, what DNS asks of TLS does not count (RFC 8689 §5). */
export type Way = Destination & { readonly ignoresPolicies?: boolean };

/** One address of one host, and how TLS is done there. */
export interface MxCandidate {
  readonly host: string;
  readonly to: { readonly host: string; readonly port: number };
  readonly plan: TlsPlan;
}

/**
 * A domain's hosts, best first, each with its addresses and with what DANE, MTA-STS and our own policy ask of
 * it. A result stands for a host that must not be used.
 */
export async function* mxCandidates(
  domain: string,
  to: Way,
  requireTls: boolean,
  ways: MxWays,
): AsyncGenerator<MxCandidate | HopResult> {
  const found = await mxHosts(domain, ways);
  if (!found.ok) return yield found.result;
  const isName = !domain.startsWith("[");
  const sts: StsAnswer = ways.sts === undefined || !isName || to.tls === "none" || to.ignoresPolicies === true
    ? { policy: undefined, fault: undefined }
    : await ways.sts.policy(domain);
  const rules: HostRules = {
    domain,
    to,
    requireTls,
    ways,
    sts,
    secureMx: found.secure,
    implicit: found.implicit,
  };
  if (sts.fault !== undefined) {
    ways.report({ domain, policyType: "sts", policy: [], mx: [], host: "", result: sts.fault.type });
  }
  let ceiling = Infinity;
  for (const host of found.hosts) {
    // Behind a host that is ourselves there is only the way back (RFC 5321 §5.1).
    if (host.preference >= ceiling) break;
    const at = await hostAddresses(host.name, ways);
    if (host.name === ways.hostname || at.ok && isUs(host, at.addresses, ways)) {
      ceiling = host.preference;
      yield result(
        "failed",
        "5.4.6",
        `The mail of ${domain} is to come to this server, which does not take it`,
      );
      continue;
    }
    if (!at.ok) {
      yield at.result;
      continue;
    }
    const plan = await planForHost(host, at, rules);
    if ("outcome" in plan) {
      yield plan;
      continue;
    }
    for (const address of at.addresses) {
      yield { host: host.name, to: { host: address, port: ways.port }, plan };
    }
  }
}

interface HostRules {
  readonly domain: string;
  readonly to: Way;
  readonly requireTls: boolean;
  readonly ways: MxWays;
  readonly sts: StsAnswer;
  readonly secureMx: boolean;
  readonly implicit: boolean;
}

/** DANE goes before MTA-STS (RFC 8461 §2), both before what we would do by ourselves. */
async function planForHost(
  host: MxHost,
  at: Extract<HostAddresses, { ok: true }>,
  rules: HostRules,
): Promise<TlsPlan | HopResult> {
  const { ways, domain, to, requireTls, sts: { policy } } = rules;
  const note = (
    policyType: PlanNote["policyType"],
    lines: readonly string[],
    mx: readonly string[],
  ): PlanNote => ({
    domain,
    policyType,
    policy: lines,
    mx,
    host: host.name,
  });
  let level: TlsLevel = to.tls;
  if (ways.dane && level !== "none" && to.ignoresPolicies !== true && rules.secureMx && at.secure) {
    const need = await daneNeed(ways.dns, host.name, at.name, ways.port);
    if (need.kind === "fault") {
      ways.report({ ...note("tlsa", [], []), result: "dnssec-invalid" });
      return result("deferred", "4.7.5", need.text);
    }
    if (need.kind === "records") {
      const lines = need.records.map((one) =>
        `${one.usage} ${one.selector} ${one.matchingType} ${one.data.toHex()}`
      );
      const names = rules.implicit ? [host.name, at.name] : [host.name, at.name, domain];
      return reportedPlan(
        { mode: "required", verify: false, trust: "dane" },
        note("tlsa", lines, []),
        (peer) => {
          const text = daneRefusal(peer.chain, need.records, names, ways.now());
          return text === undefined ? undefined : { result: "validation-failure", text };
        },
        true,
        ways.report,
      );
    }
    if (need.kind === "unusable" && level === "may") level = "encrypt";
  }
  if (level === "dane") {
    ways.report({ ...note("tlsa", [], []), result: "dane-required" });
    return result("deferred", "4.7.5", `There are no TLSA records for ${host.name} that DNSSEC protects`);
  }
  const listed = policy !== undefined && policy.mode !== "none" && listsHost(policy, host.name);
  const lines = policy === undefined ? [] : [
    "version: STSv1",
    `mode: ${policy.mode}`,
    ...policy.mx.map((mx) => `mx: ${mx}`),
    `max_age: ${policy.maxAge}`,
  ];
  if (policy?.mode === "enforce" && !listed) {
    ways.report({ ...note("sts", lines, policy.mx), result: "validation-failure" });
    return result("deferred", "4.7.5", `The MTA-STS policy of ${domain} does not list ${host.name}`);
  }
  if (requireTls && !rules.secureMx && !listed) {
    // RFC 8689 §4.2.1: without DNSSEC or a policy nobody knows that this is the domain's host at all.
    return result("failed", "5.7.10", `Nothing vouches for ${host.name} as the mail host of ${domain}`);
  }
  const strict = policy?.mode === "enforce" || requireTls || level === "verify";
  const plan = planFor(strict ? "verify" : level, false);
  const type = policy === undefined || policy.mode === "none" ? "no-policy-found" : "sts";
  const trust = policy?.mode === "enforce" ? "mta-sts" : plan.trust;
  const judge = strict || policy?.mode === "testing"
    ? (peer: Parameters<typeof publicJudge>[0]) =>
      policy?.mode === "testing" && !listed && !strict
        ? { result: "validation-failure" as const, text: "The policy does not list the host" }
        : publicJudge(peer, ways.now())
    : undefined;
  return reportedPlan(
    { mode: plan.mode, verify: false, trust },
    note(type, type === "sts" ? lines : [], type === "sts" ? policy!.mx : []),
    judge,
    strict,
    ways.report,
  );
}

function result(outcome: "deferred" | "failed", status: string, text: string): HopResult {
  return { outcome, step: "dns", reply: { code: 0, status, text } };
}

/** What a MTA-STS policy and its TXT record say (RFC 8461 §3). */
import { TRUST_LIMITS } from "./limits.ts";

/** A policy. */
export interface StsPolicy {
  readonly mode: "enforce" | "testing" | "none";
  /** Host names in lower case; `*.` at the beginning stands for one label. */
  readonly mx: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

/**
 * The `id` of a domain's TXT records (§3.1): undefined unless exactly one begins with `v=STSv1;` and has one.
 */
export function stsId(records: readonly string[]): string | undefined {
  const ours = records.filter((record) => /^v=STSv1[ \t]*;/.test(record));
  if (ours.length !== 1) return undefined;
  const fields = ours[0]!.split(";").map((field) => field.trim());
  const id = fields.find((field) => /^id[ \t]*=/.test(field))?.replace(/^id[ \t]*=[ \t]*/, "");
  return id !== undefined && /^[A-Za-z0-9]{1,32}$/.test(id) ? id : undefined;
}

const HOST =
  /^(\*\.)?(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Reads a policy (§3.2); undefined when it is none. Fields that are not known are passed over. */
export function parseStsPolicy(text: string): StsPolicy | undefined {
  const mx: string[] = [];
  const first = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    if (name === "mx") mx.push(value.toLowerCase());
    else if (!first.has(name)) first.set(name, value);
  }
  const mode = first.get("mode");
  const age = first.get("max_age") ?? "";
  if (first.get("version") !== "STSv1" || !/^[0-9]{1,10}$/.test(age)) return undefined;
  if (mode !== "enforce" && mode !== "testing" && mode !== "none") return undefined;
  if (mx.length > TRUST_LIMITS.policyMx || mx.some((pattern) => !HOST.test(pattern))) return undefined;
  if (mx.length === 0 && mode !== "none") return undefined;
  return { mode, mx, maxAge: Math.min(Number(age), TRUST_LIMITS.policyAge) };
}

/** True when the policy lists the host (§4.1). */
export function listsHost(policy: StsPolicy, host: string): boolean {
  const dot = host.indexOf(".");
  return policy.mx.some((pattern) =>
    pattern.startsWith("*.") ? dot > 0 && host.slice(dot + 1) === pattern.slice(2) : pattern === host
  );
}

/** What goes into reports on TLS (RFC 8460): counts per day, domain, policy and result. */
import { X509Certificate } from "node:crypto";
import type { PeerCertificates } from "../core/conn.ts";
import { type Emit, emitBug } from "../core/events.ts";
import type { World } from "../core/world.ts";
import type { FetchFault } from "./fetch_policy.ts";
import { TRUST_LIMITS } from "./limits.ts";

/** RFC 8460 §4.3. */
export type TlsResult =
  | "success"
  | "starttls-not-supported"
  | "certificate-host-mismatch"
  | "certificate-expired"
  | "certificate-not-trusted"
  | "validation-failure"
  | "tlsa-invalid"
  | "dnssec-invalid"
  | "dane-required"
  | FetchFault["type"];

/** One session with a host. */
export interface TlsNote {
  /** Whose mail it was, in A-labels. */
  readonly domain: string;
  readonly policyType: "tlsa" | "sts" | "no-policy-found";
  /** The policy's lines or records (§4.4 `policy-string`). */
  readonly policy: readonly string[];
  /** Its patterns (§4.4 `mx-host`). */
  readonly mx: readonly string[];
  /** The host that was spoken to; "" where it did not come to that. */
  readonly host: string;
  readonly result: TlsResult;
}

/** A row of the table. */
export interface TlsRow extends TlsNote {
  /** `2026-11-28`, UTC. */
  readonly day: string;
  readonly sessions: number;
}

/** Where rows are kept. Implemented in trust/pg. */
export interface ReportStore {
  /** Adds the sessions to those that are there. */
  add(rows: readonly TlsRow[]): Promise<void>;
}

/** Counts in memory, writes every few seconds: a crash may lose counts, never mail. */
export class TlsReporter implements AsyncDisposable {
  #rows = new Map<string, { readonly row: TlsRow; sessions: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: ReportStore,
    private readonly world: World,
    private readonly emit: Emit,
  ) {}

  /** Counts one session; drops it when too many different ones wait. */
  note(note: TlsNote): void {
    const day = new Date(this.world.now()).toISOString().slice(0, 10);
    const key = JSON.stringify([day, note.domain, note.policyType, note.host, note.result]);
    const before = this.#rows.get(key);
    if (before !== undefined) before.sessions++;
    else if (this.#rows.size < TRUST_LIMITS.reportRows) {
      this.#rows.set(key, { row: { ...note, day, sessions: 0 }, sessions: 1 });
    }
    this.#timer ??= setTimeout(() => void this.flush(), TRUST_LIMITS.reportFlush);
  }

  /** Writes what waits. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = [...this.#rows.values()].map(({ row, sessions }) => ({ ...row, sessions }));
    this.#rows = new Map();
    if (rows.length === 0) return this.#writing;
    return this.#writing = this.#writing.then(() => this.store.add(rows)).catch((error) =>
      emitBug(this.emit, "tls report", error)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }
}

/**
 * What a certificate's defect is called in a report (RFC 8460 §4.3.1). The runtime (2.9.6) has no name of its
 * own for one that is out of date, so its dates are looked at.
 */
export function certificateResult({ chain, error }: PeerCertificates, now: number): TlsResult | undefined {
  if (error === undefined) return undefined;
  if (/ALTNAME|HOST/i.test(error)) return "certificate-host-mismatch";
  return chain.some((der) => isOutOfDate(der, now)) ? "certificate-expired" : "certificate-not-trusted";
}

function isOutOfDate(der: Uint8Array, now: number): boolean {
  try {
    const { validFrom, validTo } = new X509Certificate(der);
    return Date.parse(validFrom) > now || Date.parse(validTo) < now;
  } catch {
    return false;
  }
}

/** One domain's report of a day as RFC 8460 §4.4 writes it. */
export function reportJson(
  rows: readonly TlsRow[],
  about: {
    readonly day: string;
    readonly domain: string;
    readonly organization: string;
    readonly contact: string;
  },
): Record<string, unknown> {
  const policies = Map.groupBy(rows, ({ policyType }) => policyType);
  return {
    "organization-name": about.organization,
    "date-range": {
      "start-datetime": `${about.day}T00:00:00Z`,
      "end-datetime": `${about.day}T23:59:59Z`,
    },
    "contact-info": about.contact,
    "report-id": `${about.day}_${about.domain}@${about.organization}`,
    policies: [...policies].map(([type, all]) => {
      const sum = (good: boolean) =>
        all.filter(({ result }) => (result === "success") === good).reduce(
          (sum, row) => sum + row.sessions,
          0,
        );
      const latest = all[0]!;
      return {
        policy: {
          "policy-type": type,
          ...(latest.policy.length > 0 ? { "policy-string": latest.policy } : {}),
          "policy-domain": about.domain,
          ...(latest.mx.length > 0 ? { "mx-host": latest.mx } : {}),
        },
        summary: { "total-successful-session-count": sum(true), "total-failure-session-count": sum(false) },
        "failure-details": all.filter(({ result }) => result !== "success").map((
          { result, host, sessions },
        ) => ({
          "result-type": result,
          ...(host === "" ? {} : { "receiving-mx-hostname": host }),
          "failed-session-count": sessions,
        })),
      };
    }),
  };
}

import type { PeerCertificates } from "../core/conn.ts";
import type { HopResult, TlsLevel } from "../core/outbound.ts";
import type { HopOptions } from "../smtp/client.ts";
import { certificateResult, type TlsNote, type TlsResult } from "../trust/tls_report.ts";

/** How TLS is done with one host, and what it is called afterwards. */
export interface TlsPlan {
  readonly mode: HopOptions["tls"];
  readonly verify: boolean;
  /** Looks at the peer's certificates; a sentence when they will not do. */
  readonly check?: (peer: PeerCertificates) => string | undefined;
  /** For HopConnection.security. */
  readonly trust: string;
  /** Told once the try is over: undefined when TLS came up, or was not wanted. */
  readonly over?: (failed: HopResult | undefined) => void;
}

/** The plan for a level that needs nothing from DNS. `dane` without TLSA records is `verify`. */
export function planFor(level: TlsLevel, implicit: boolean): TlsPlan {
  const strict = level === "dane" || level === "verify";
  return {
    mode: level === "none" ? "none" : implicit ? "implicit" : level === "may" ? "wanted" : "required",
    verify: strict,
    trust: strict ? "verified" : "not verified",
  };
}

/** What is reported of one try with a host, whichever policy it was under. */
export type PlanNote = Omit<TlsNote, "result">;

/**
 * A plan that looks at the certificate itself, and reports how it went (RFC 8460 §4.3).
 *
 * @param judge says what is wrong with the peer
 * @param enforced false: what is wrong is only reported
 */
export function reportedPlan(
  plan: Omit<TlsPlan, "check" | "over">,
  about: PlanNote,
  judge:
    | ((peer: PeerCertificates) => { readonly result: TlsResult; readonly text: string } | undefined)
    | undefined,
  enforced: boolean,
  note: (note: TlsNote) => void,
): TlsPlan {
  let wrong: TlsResult | undefined;
  return {
    ...plan,
    ...(judge === undefined ? {} : {
      check: (peer: PeerCertificates) => {
        const found = judge(peer);
        wrong = found?.result;
        return enforced ? found?.text : undefined;
      },
    }),
    over: (failed) => {
      // What came before TLS, or has nothing to do with it, is no session in the sense of the report.
      if (failed !== undefined && failed.step !== "starttls") return;
      const missing: TlsResult = failed?.reply.status === "4.7.4" || failed?.reply.code !== 0
        ? "starttls-not-supported"
        : "validation-failure";
      note({ ...about, result: wrong ?? (failed === undefined ? "success" : missing) });
    },
  };
}

/** Judges a peer as the public authorities do. */
export function publicJudge(
  peer: PeerCertificates,
  now: number,
): { readonly result: TlsResult; readonly text: string } | undefined {
  const result = certificateResult(peer, now);
  return result && { result, text: `The certificate is not vouched for: ${peer.error}` };
}

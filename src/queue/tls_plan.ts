import type { TlsLevel } from "../core/outbound.ts";
import type { HopOptions } from "../smtp/client.ts";

/** How TLS is done with one host, and what it is called afterwards. */
export interface TlsPlan {
  readonly mode: HopOptions["tls"];
  readonly verify: boolean;
  /** Names that the certificate may have; the host's own when left out. */
  readonly serverName?: string;
  /** Looks at the peer's certificates (DER, its own first); a sentence when they will not do. */
  readonly check?: (chain: readonly Uint8Array[]) => string | undefined;
  /** For HopConnection.security. */
  readonly trust: string;
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

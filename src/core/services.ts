import type { Authenticator } from "./auth.ts";
import type { Conn } from "./conn.ts";
import type { Directory } from "./directory.ts";
import type { Emit } from "./events.ts";
import type { OutboundDoor } from "./outbound.ts";
import type { Referrals } from "./referral.ts";
import type { MailStore } from "./store.ts";
import type { AuthorizedUrls } from "./urlauth.ts";
import type { World } from "./world.ts";

/** What a protocol's `serve` function is given beside its connection. */
export interface Services<Limits> {
  /** Our name in greetings and trace headers. */
  readonly hostname: string;
  readonly store: MailStore;
  readonly directory: Directory;
  readonly auth: Authenticator;
  /** Gives messages by URL (RFC 4467), for BURL; undefined where nothing does. */
  readonly urls?: AuthorizedUrls;
  /** What is on other servers, for IMAP; undefined where nothing can be. */
  readonly referrals?: Referrals;
  readonly world: World;
  readonly emit: Emit;
  /** Mail for other servers; without it there is none. */
  readonly queue?: OutboundDoor;
  readonly limits: Limits;
  /** True when this connection may be upgraded by STARTTLS/STLS (a certificate is there, TLS is not up). */
  readonly startTlsOffered: boolean;
  /** Fires when the server drains: finish what runs, then 421 / BYE and close. */
  readonly draining: AbortSignal;
}

/** Serves one connection to its end. Never rejects; closes the connection. */
export type Serve<Limits> = (conn: Conn, services: Services<Limits>) => Promise<void>;

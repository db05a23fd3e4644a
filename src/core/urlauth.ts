/**
 * URLs that carry their own authorization (RFC 4467): what they say, who may redeem them, and the interface by
 * which IMAP's URLFETCH and submission's BURL (RFC 4468) do so. Implemented in `imap/`, handed out by `node/`.
 */
import type { Identity } from "./auth.ts";
import type { AccountId, MailboxId } from "./brands.ts";
import type { Outcome } from "./failure.ts";

/** Who presents a URL. */
export interface UrlBearer {
  /**
   * `session`: an IMAP session of that user · `submission`: a submission service, which has made sure that it
   * acts for that user (RFC 4467 §3: `submit+`).
   */
  readonly as: "session" | "submission";
  readonly identity: Identity;
}

/** Octets that a URL gave access to. */
export interface UrlContent {
  readonly size: number;
  /**
   * Exactly `size` octets, in pieces, read as they are taken; stop iterating to stop reading. Throws Unavailable,
   * and {@link UrlContentLost} when the message is removed meanwhile.
   */
  octets(): AsyncIterable<Uint8Array>;
}

/** The message went away while its octets were being read. */
export class UrlContentLost extends Error {
  override name = "UrlContentLost";
}

/**
 * What came of presenting a URL. `malformed`: no URL of this kind, whoever asks · `refused`: anything else, on
 * purpose without saying what, since that would tell strangers what is there (RFC 4467 §6).
 */
export type UrlOpening =
  | { readonly ok: true; readonly content: UrlContent }
  | { readonly ok: false; readonly reason: "malformed" | "refused" };

/** Redeems URLs. */
export interface AuthorizedUrls {
  /** Opens `imap://user@host/mailbox/;UID=n…;URLAUTH=access:mechanism:token`. Throws Unavailable. */
  open(url: string, bearer: UrlBearer): Promise<UrlOpening>;
}

/** Whom a URL serves (RFC 4467 §3). Users are as written, percent-decoded. */
export type UrlAccess =
  | { readonly kind: "submit" | "user"; readonly user: string }
  | { readonly kind: "authuser" | "anonymous"; readonly user?: never };

/** A URL taken apart where RFC 4467 §6 wants it. */
export interface AuthorizedUrl {
  /** What the token vouches for: the URL as it was written, up to before `:mechanism:token`. */
  readonly rump: string;
  /** `rump` without `;EXPIRE=…` and `;URLAUTH=…`. */
  readonly bare: string;
  /** Milliseconds since the epoch; Infinity: never. NaN: a date that is none. */
  readonly expires: number;
  readonly access: UrlAccess;
  /** In capitals; undefined for a rump, which has neither. */
  readonly mechanism: string | undefined;
  /** Hexadecimal digits, as written. */
  readonly token: string | undefined;
}

/** Octets of a URL that are looked at. */
export const URL_OCTETS = 4096;

const AUTHORIZATION =
  /^([^\r\n\0]*?)(?:;EXPIRE=([0-9T:.Z+-]{1,40}))?;URLAUTH=(anonymous|authuser|(?:submit|user)\+[^;:@/?#]{1,1000})(?::([A-Z0-9.-]{1,32}):([0-9A-F]{32,512}))?$/i;

/** `[expire] ";URLAUTH=" access [":" mechanism ":" enc-urlauth]` at a URL's end; undefined without (§9). */
export function authorizedUrl(url: string): AuthorizedUrl | undefined {
  if (url.length > URL_OCTETS) return undefined;
  const match = AUTHORIZATION.exec(url);
  if (match === null) return undefined;
  const [, bare, expire, identifier, mechanism, token] = match;
  const access = accessOf(identifier!);
  if (access === undefined) return undefined;
  const tail = mechanism === undefined ? 0 : mechanism.length + token!.length + 2;
  return {
    rump: url.slice(0, url.length - tail),
    bare: bare!,
    expires: expire === undefined ? Infinity : dateTime(expire),
    access,
    mechanism: mechanism?.toUpperCase(),
    token,
  };
}

function accessOf(identifier: string): UrlAccess | undefined {
  const plus = identifier.indexOf("+");
  const kind = (plus < 0 ? identifier : identifier.slice(0, plus)).toLowerCase();
  if (kind === "authuser" || kind === "anonymous") return { kind };
  const user = percentDecoded(identifier.slice(plus + 1));
  return user === undefined ? undefined : { kind: kind as "submit" | "user", user };
}

/** RFC 3339 date-time; NaN for anything else. */
function dateTime(text: string): number {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text)
    ? Date.parse(text.toUpperCase())
    : NaN;
}

/** Percent-encoded UTF-8 (RFC 3986 §2.1); undefined when it is none. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // URIError
  }
}

/** A mailbox, whoever it belongs to. */
export interface KeyedMailbox {
  readonly owner: AccountId;
  readonly mailbox: MailboxId;
}

/**
 * Each user's table of mailbox access keys (RFC 4467 §2.2): one key for a user and a mailbox, 256 random bits.
 * Implemented in `store/`. All throw Unavailable.
 */
export interface UrlKeys {
  /** Undefined: there is none, and no URL is valid. */
  key(user: AccountId, of: KeyedMailbox): Promise<Uint8Array | undefined>;
  /** The key; made if there is none. NONEXISTENT: no such mailbox. */
  keyFor(user: AccountId, of: KeyedMailbox): Promise<Outcome<Uint8Array>>;
  /** A new key, whatever was there. NONEXISTENT. */
  reset(user: AccountId, of: KeyedMailbox): Promise<Outcome<void>>;
  /** Takes away all keys of a user. */
  removeAll(user: AccountId): Promise<void>;
}

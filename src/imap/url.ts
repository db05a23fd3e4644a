/**
 * IMAP URLs of messages and their parts (RFC 5092 §5, §6): relative to the session, as CATENATE has them, and
 * absolute, as URLAUTH has them.
 */
import { percentDecoded } from "../core/urlauth.ts";
import type { Partial, SectionSpec } from "./command.ts";
import { Cursor } from "./grammar/cursor.ts";
import { section } from "./grammar/section.ts";
import type { ImapLimits } from "./limits.ts";
import { canonicalName } from "./mailbox_name.ts";

/** What a URL points to. */
export interface MessageUrl {
  /** Undefined: the selected mailbox. */
  readonly mailbox: string | undefined;
  readonly uidValidity: number | undefined;
  readonly uid: number;
  readonly section: SectionSpec;
  readonly partial: Partial | undefined;
}

const WHOLE: SectionSpec = { part: [], text: "", fields: [] };
const ENCODER = new TextEncoder();

/**
 * imessagepart = imailbox-ref iuid [isection] [ipartial], relative to `imap://user@server/` (RFC 4469 §3).
 * Undefined for anything else: an absolute URL, or one of something that is no message.
 */
export function messageUrl(url: string, limits: ImapLimits): MessageUrl | undefined {
  // icommand = enc-mailbox [uidvalidity] iuid [isection] [ipartial]; every part behind a slash has its name.
  const match =
    /^(?:\/?([^;?#]*?))?(?:;UIDVALIDITY=(\d{1,10}))?\/?;UID=(\d{1,10})(?:\/;SECTION=([^;/?#][^;?#]*))?(?:\/;PARTIAL=(\d{1,15})(?:\.(\d{1,15}))?)?$/i
      .exec(url);
  if (match === null || url.startsWith("//")) return undefined;
  const [, name, validity, uid, spec, start, length] = match;
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return undefined;
  const mailbox = name === undefined || name === "" ? undefined : mailboxOf(name);
  if (mailbox === null) return undefined;
  const part = spec === undefined ? WHOLE : sectionOf(spec, limits);
  if (part === undefined || !inRange(uid!) || validity !== undefined && !inRange(validity)) return undefined;
  return {
    mailbox,
    uidValidity: validity === undefined ? undefined : Number(validity),
    uid: Number(uid),
    section: part,
    partial: start === undefined
      ? undefined
      : { start: Number(start), length: length === undefined ? Number.MAX_SAFE_INTEGER : Number(length) },
  };
}

/** An absolute URL: whose mailboxes, and what in them. */
export interface UserUrl {
  /** As written, percent-decoded. */
  readonly user: string;
  readonly message: MessageUrl & { readonly mailbox: string };
}

/**
 * authimapurl = "imap://" enc-user [iauth] "@" hostport "/" imessagepart (RFC 4467 §9)
 *
 * Which host it names does not matter: clients know this server by names that it never heard, and a token is good
 * for no URL but its own.
 */
export function userUrl(url: string, limits: ImapLimits): UserUrl | undefined {
  const match = /^imap:\/\/([^/;@:?#]+)(?:;AUTH=[^/;@:?#]+)?@[^/;@?#]+(\/.+)$/i.exec(url);
  const user = match === null ? undefined : percentDecoded(match[1]!);
  const message = match === null ? undefined : messageUrl(match[2]!, limits);
  if (user === undefined || message?.mailbox === undefined) return undefined;
  return { user, message: { ...message, mailbox: message.mailbox } };
}

function inRange(digits: string): boolean {
  return Number(digits) >= 1 && Number(digits) <= 0xffff_ffff;
}

/** enc-mailbox: UTF-8, percent-encoded; null when it cannot be a mailbox's name. */
function mailboxOf(encoded: string): string | null {
  const name = percentDecoded(encoded);
  return name === undefined ? null : canonicalName(name) ?? null;
}

function sectionOf(encoded: string, limits: ImapLimits): SectionSpec | undefined {
  const text = percentDecoded(encoded);
  if (text === undefined) return undefined;
  const c = new Cursor(ENCODER.encode(`[${text}]`), limits, { utf8: false });
  const spec = section(c);
  return spec !== undefined && c.pos === c.end ? spec : undefined;
}

/** IMAP URLs of messages and their parts (RFC 5092 §5, §6), as CATENATE uses them: relative to the session. */
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

function inRange(digits: string): boolean {
  return Number(digits) >= 1 && Number(digits) <= 0xffff_ffff;
}

/** enc-mailbox: UTF-8, percent-encoded; null when it cannot be a mailbox's name. */
function mailboxOf(encoded: string): string | null {
  const name = decoded(encoded);
  return name === undefined ? null : canonicalName(name) ?? null;
}

function sectionOf(encoded: string, limits: ImapLimits): SectionSpec | undefined {
  const text = decoded(encoded);
  if (text === undefined) return undefined;
  const c = new Cursor(ENCODER.encode(`[${text}]`), limits, { utf8: false });
  const spec = section(c);
  return spec !== undefined && c.pos === c.end ? spec : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // URIError: not percent-encoded UTF-8
  }
}

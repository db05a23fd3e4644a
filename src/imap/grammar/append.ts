/** APPEND up to its message: RFC 9051 §6.3.12, RFC 3516 §4.4, RFC 9755 §4. */
import type { FlagList } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { dateTime } from "./date.ts";
import { flagList } from "./flags.ts";
import type { AppendCommand } from "./item.ts";
import { type LiteralHead, sizeRefusal } from "./literal_head.ts";
import { mailbox } from "./mailbox.ts";

/** What an APPEND says before its message. */
export interface AppendPrefix {
  readonly mailbox: string;
  readonly flags: FlagList;
  readonly internalDate: number | undefined;
  readonly utf8: boolean;
}

/**
 * append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP append-data
 * append-data = literal / literal8 / "UTF8" SP "(" literal8 ")"
 *
 * Behind APPEND; stops where the literal must begin, which the parser reads.
 */
export function appendPrefix(c: Cursor): AppendPrefix | undefined {
  if (!c.sp()) return undefined;
  const name = mailbox(c);
  if (name === undefined) return undefined;
  let flags: FlagList | undefined = { flags: 0, keywords: [] };
  if (c.peek() === 0x20 && c.peekAt(1) === 0x28) {
    c.pos++;
    flags = flagList(c);
    if (flags === undefined) return undefined;
  }
  let internalDate: number | undefined;
  if (c.peek() === 0x20 && c.peekAt(1) === 0x22) {
    c.pos++;
    internalDate = dateTime(c);
    if (internalDate === undefined) return undefined;
  }
  if (!c.sp()) return undefined;
  const utf8 = c.keyword("UTF8");
  if (utf8 && (!c.sp() || !c.expect(0x28))) return undefined;
  return { mailbox: name, flags, internalDate, utf8 };
}

/**
 * The APPEND whose message `head` announces; `c` stands behind the command's name and ends before the head.
 * Undefined after a fault, and the message is not welcome then.
 */
export function appendBefore(c: Cursor, head: LiteralHead): AppendCommand | undefined {
  if (c.limits.append === 0) return c.fail("append", "Log in first");
  const prefix = appendPrefix(c);
  if (prefix === undefined || !c.atEnd()) return undefined;
  if (prefix.utf8 && !head.binary) return c.fail("append", "UTF8 needs a literal8");
  const refusal = sizeRefusal(head, c.limits, c.tag!);
  if (refusal !== undefined) {
    c.fault = refusal;
    return undefined;
  }
  if (head.size > c.limits.append) {
    return c.fail("message too large", "The message is too large", "NO", { code: "TOOBIG" });
  }
  return { name: "APPEND", ...prefix, size: head.size, binary: head.binary };
}

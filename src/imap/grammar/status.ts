/** STATUS: RFC 9051 §6.3.11, RFC 3501 (RECENT), RFC 7162 §3.1.8, RFC 8438, RFC 7889 §4, RFC 8474 §4.3, RFC 9208 §4.1.4. */
import type { Command, StatusItem } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";

/** status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
export function status(c: Cursor): Command | undefined {
  if (!c.sp()) return undefined;
  const name = mailbox(c);
  if (name === undefined || !c.sp()) return undefined;
  const items = statusAttList(c);
  return items === undefined ? undefined : { name: "STATUS", mailbox: name, items };
}

/** "(" status-att *(SP status-att) ")"; an item that comes twice counts once. */
export function statusAttList(c: Cursor): readonly StatusItem[] | undefined {
  if (!c.expect(0x28)) return undefined;
  const items = new Set<StatusItem>();
  do {
    const att = statusAtt(c);
    if (att === undefined) return undefined;
    items.add(att);
  } while (c.take(0x20));
  return c.expect(0x29) ? [...items] : undefined;
}

/**
 * status-att = "MESSAGES" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" / "SIZE" / "RECENT" /
 *              "HIGHESTMODSEQ" / "APPENDLIMIT" / "MAILBOXID" / "DELETED-STORAGE"
 */
export function statusAtt(c: Cursor): StatusItem | undefined {
  const word = c.word();
  switch (word) {
    case "MESSAGES":
    case "UIDNEXT":
    case "UIDVALIDITY":
    case "UNSEEN":
    case "DELETED":
    case "SIZE":
    case "RECENT":
    case "HIGHESTMODSEQ":
    case "APPENDLIMIT":
    case "DELETED-STORAGE":
    case "MAILBOXID":
      return word;
    default:
      return c.fail("status item", "No such STATUS item");
  }
}

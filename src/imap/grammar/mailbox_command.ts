/** Commands about mailboxes and copies that need no file of their own: RFC 9051 §6.3, §6.4. */
import type { By, Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox, newMailbox } from "./mailbox.ts";
import { sequenceSet } from "./sequence_set.ts";
import { atom } from "./string.ts";

/**
 * create = "CREATE" SP mailbox [create-params]
 * create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")" (RFC 6154 §6)
 */
export function create(c: Cursor): Command | undefined {
  const box = c.sp() ? newMailbox(c) : undefined;
  if (box === undefined) return undefined;
  let specialUse: string | undefined;
  if (c.takeSpaceParen()) {
    if (!c.keyword("USE")) return c.fail("create parameter", "No such CREATE parameter");
    if (!c.sp() || !c.expect(0x28)) return undefined;
    if (c.peek() !== 0x29) {
      specialUse = useAttr(c);
      if (specialUse === undefined) return undefined;
    }
    if (c.peek() === 0x20) {
      return c.fail("special use", "A mailbox can have one special use", "NO", { code: "USEATTR" });
    }
    if (!c.expect(0x29) || !c.expect(0x29)) return undefined;
  }
  return { name: "CREATE", mailbox: box, specialUse };
}

/** Special-use attributes as RFC 6154 §2 and RFC 8457 §3 spell them. */
const USES: ReadonlyMap<string, string> = new Map(
  ["All", "Archive", "Drafts", "Flagged", "Important", "Junk", "Sent", "Trash"]
    .map((use): [string, string] => [use.toUpperCase(), `\\${use}`]),
);

/** use-attr = "\All" / "\Archive" / "\Drafts" / "\Flagged" / "\Junk" / "\Sent" / "\Trash" / use-attr-ext */
function useAttr(c: Cursor): string | undefined {
  if (!c.expect(0x5c)) return undefined;
  const name = atom(c);
  if (name === undefined) return undefined;
  return USES.get(name.toUpperCase()) ??
    c.fail("special use", "No such special use", "NO", { code: "USEATTR" });
}

/** name SP mailbox: DELETE, SUBSCRIBE, UNSUBSCRIBE. */
export function oneMailbox(
  name: "DELETE" | "SUBSCRIBE" | "UNSUBSCRIBE",
): (c: Cursor) => Command | undefined {
  return (c) => {
    const box = c.sp() ? mailbox(c) : undefined;
    return box === undefined ? undefined : { name, mailbox: box };
  };
}

/** rename = "RENAME" SP mailbox SP mailbox */
export function rename(c: Cursor): Command | undefined {
  const from = c.sp() ? mailbox(c) : undefined;
  if (from === undefined || !c.sp()) return undefined;
  const to = newMailbox(c);
  return to === undefined ? undefined : { name: "RENAME", from, to };
}

/** copy = "COPY" SP sequence-set SP mailbox; move the same (RFC 6851 §4.6). */
export function copy(name: "COPY" | "MOVE", by: By): (c: Cursor) => Command | undefined {
  return (c) => {
    const set = c.sp() ? sequenceSet(c) : undefined;
    if (set === undefined || !c.sp()) return undefined;
    const box = mailbox(c);
    return box === undefined ? undefined : { name, by, set, mailbox: box };
  };
}

/** uid-expunge = "EXPUNGE" SP sequence-set */
export function uidExpunge(c: Cursor): Command | undefined {
  const uids = c.sp() ? sequenceSet(c) : undefined;
  return uids === undefined ? undefined : { name: "EXPUNGE", uids };
}

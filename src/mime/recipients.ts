/** Who a message's header names, as text: for answers, for the envelope of a submission, for lists. */
import { octetsOf } from "../bytes/ascii.ts";
import { parseAddressList } from "./address.ts";
import { decodeCharset } from "./charset.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";
import { oneLine } from "./header_text.ts";
import { ADDRESSES } from "./limits.ts";

/** A mailbox that has both halves of an address. Decoded texts, one line each. */
export interface Mailbox {
  readonly name: string | undefined;
  /** Without quoting. */
  readonly local: string;
  readonly domain: string;
}

/** Mailboxes by field, groups dissolved, each address once a list; repeated fields are put together. */
export interface RecipientLists {
  readonly from: readonly Mailbox[];
  readonly sender: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  /** Resent-To, Resent-Cc and Resent-Bcc (RFC 5322 §3.6.6). */
  readonly resent: readonly Mailbox[];
}

const LISTS: ReadonlyMap<string, keyof RecipientLists> = new Map([
  ["from", "from"],
  ["sender", "sender"],
  ["reply-to", "replyTo"],
  ["to", "to"],
  ["cc", "cc"],
  ["bcc", "bcc"],
  ["resent-to", "resent"],
  ["resent-cc", "resent"],
  ["resent-bcc", "resent"],
]);

/** Reads a header block. What is no whole address is left out; at most ADDRESSES a list. */
export function recipientLists(header: Uint8Array): RecipientLists {
  const lists = {
    from: new Map<string, Mailbox>(),
    sender: new Map<string, Mailbox>(),
    replyTo: new Map<string, Mailbox>(),
    to: new Map<string, Mailbox>(),
    cc: new Map<string, Mailbox>(),
    bcc: new Map<string, Mailbox>(),
    resent: new Map<string, Mailbox>(),
  };
  const fields = new FieldScanner(header);
  while (fields.next()) {
    const size = fields.nameEnd - fields.nameStart;
    for (const [name, list] of LISTS) {
      if (name.length === size && fields.is(name)) addMailboxes(lists[list], fields.value());
    }
  }
  return {
    from: [...lists.from.values()],
    sender: [...lists.sender.values()],
    replyTo: [...lists.replyTo.values()],
    to: [...lists.to.values()],
    cc: [...lists.cc.values()],
    bcc: [...lists.bcc.values()],
    resent: [...lists.resent.values()],
  };
}

function addMailboxes(list: Map<string, Mailbox>, value: Uint8Array): void {
  for (const one of parseAddressList(value)) {
    if (one.kind !== "mailbox" || one.local === undefined || !one.domain) continue;
    if (list.size >= ADDRESSES) return;
    // RFC 2047 §5: no encoded word may stand in an address, and one that decodes to an `@` would move it
    // to another domain.
    const local = plain(one.local);
    const domain = plain(one.domain);
    // RFC 5321 §2.4: local parts are case-sensitive, domains are not.
    const key = `${local}@${domain.toLowerCase()}`;
    if (!list.has(key)) {
      list.set(key, { name: one.name && oneLine(decodeWords(octetsOf(one.name))), local, domain });
    }
  }
}

function plain(octetString: string): string {
  return oneLine(decodeCharset(octetsOf(octetString), undefined));
}

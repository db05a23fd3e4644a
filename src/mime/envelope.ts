/** ENVELOPE (RFC 9051 §7.5.2, §9 `envelope`) from a raw header block. */
import { octetsOf } from "../bytes/ascii.ts";
import { type Address, parseAddressList } from "./address.ts";
import { FieldScanner } from "./field.ts";
import { ImapWriter } from "./imap_string.ts";
import { ADDRESSES } from "./limits.ts";

/** What stands for a missing half of an address: RFC 9051 gives NIL a meaning of its own (groups). */
const MISSING_LOCAL = "MISSING_MAILBOX";
const MISSING_DOMAIN = "MISSING_DOMAIN";

/**
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP env-cc SP
 *            env-bcc SP env-in-reply-to SP env-message-id ")"
 *
 * Values are unfolded, not decoded. Of a repeated Date, Subject, In-Reply-To and Message-ID the last
 * counts, as with other servers; addresses of repeated fields are put together, so that nobody is hidden. Sender and Reply-To default to From.
 */
export function encodeEnvelope(header: Uint8Array): Uint8Array {
  return envelopeAndDate(header).envelope;
}

/** The same, and the value of the Date field that it shows: both in one pass, for delivery. */
export function envelopeAndDate(
  header: Uint8Array,
): { readonly envelope: Uint8Array; readonly date: Uint8Array | undefined } {
  let date: Uint8Array | undefined;
  let subject: Uint8Array | undefined;
  let inReplyTo: Uint8Array | undefined;
  let messageId: Uint8Array | undefined;
  const lists: (Address[] | undefined)[] = [];
  const fields = new FieldScanner(header);
  while (fields.next()) {
    switch (fields.nameEnd - fields.nameStart) {
      case 2:
      case 3:
      case 6:
      case 8: {
        const which = addressField(fields);
        if (which >= 0) lists[which] = addAddresses(lists[which], fields.value());
        break;
      }
      case 4: {
        const which = fields.is("from") ? FROM : -1;
        if (which >= 0) lists[which] = addAddresses(lists[which], fields.value());
        else if (fields.is("date")) date = fields.value();
        break;
      }
      case 7:
        if (fields.is("subject")) subject = fields.value();
        break;
      case 10:
        if (fields.is("message-id")) messageId = fields.value();
        break;
      case 11:
        if (fields.is("in-reply-to")) inReplyTo = fields.value();
        break;
    }
  }
  const out = new ImapWriter();
  const from = lists[FROM];
  out.text("(").noctets(date).text(" ").noctets(subject);
  const start = out.length;
  addresses(out, from);
  const end = out.length;
  for (const which of [SENDER, REPLY_TO]) {
    // RFC 9051 §7.5.2: absent or empty Sender and Reply-To are filled from From.
    const list = lists[which];
    if (list === undefined || list.length === 0) out.again(start, end);
    else addresses(out, list);
  }
  for (const which of [TO, CC, BCC]) addresses(out, lists[which]);
  out.text(" ").noctets(inReplyTo).text(" ").noctets(messageId).text(")");
  return { envelope: out.take(), date };
}

/** The envelope of a message without a header. */
export const EMPTY_ENVELOPE: Uint8Array = octetsOf("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");

const ADDRESS_FIELDS = ["from", "sender", "reply-to", "to", "cc", "bcc"] as const;
const [FROM, SENDER, REPLY_TO, TO, CC, BCC] = [0, 1, 2, 3, 4, 5] as const;

function addressField(fields: FieldScanner): number {
  for (let i = 0; i < ADDRESS_FIELDS.length; i++) if (fields.is(ADDRESS_FIELDS[i]!)) return i;
  return -1;
}

function addAddresses(list: Address[] | undefined, value: Uint8Array): Address[] {
  const found = parseAddressList(value);
  if (list === undefined) return found.slice();
  if (list.length < ADDRESSES) list.push(...found.slice(0, ADDRESSES));
  return list;
}

/** SP ("(" 1*address ")" / nil) */
function addresses(out: ImapWriter, list: readonly Address[] | undefined): void {
  if (list === undefined || list.length === 0) {
    out.text(" NIL");
    return;
  }
  out.text(" (");
  for (const one of list) address(out, one);
  out.text(")");
}

/** address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"; group markers have a NIL host. */
function address(out: ImapWriter, one: Address): void {
  if (one.kind === "group-end") out.text("(NIL NIL NIL NIL)");
  else if (one.kind === "group") out.text("(NIL NIL ").string(one.name).text(" NIL)");
  else {
    out.text("(").nstring(one.name).text(" ").nstring(one.route).text(" ");
    out.string(one.local ?? MISSING_LOCAL).text(" ").string(one.domain ?? MISSING_DOMAIN).text(")");
  }
}

/** What lists, threads and search want of a message's header, as text. */
import { octetsOf, utf8 } from "../bytes/ascii.ts";
import { type Address, parseAddressList } from "./address.ts";
import { decodeCharset } from "./charset.ts";
import { type MailDate, parseDate } from "./date.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";
import { oneLine } from "./header_text.ts";
import { REFERENCES } from "./limits.ts";

/** Decoded texts, one line each; empty when the field is not there. */
export interface Summary {
  readonly subject: string;
  /** Addresses as `Name <local@domain>`, joined by `, `; so are to, cc and bcc. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  /** With its angle brackets. */
  readonly messageId: string | undefined;
  /** The first message-ID of In-Reply-To, with its angle brackets. */
  readonly inReplyTo: string | undefined;
  /** Message-IDs of References, oldest first, each once. */
  readonly references: string[];
  /** The Date field. */
  readonly sent: MailDate | undefined;
}

/** Reads a header block. Addresses of repeated fields are put together; of the others the last counts, as in ENVELOPE. */
export function summarize(header: Uint8Array): Summary {
  const texts = { from: "", to: "", cc: "", bcc: "" };
  let subject: string | undefined;
  let messageId: string | undefined;
  let inReplyTo: string | undefined;
  let references: string[] | undefined;
  let date: Uint8Array | undefined;
  const fields = new FieldScanner(header);
  while (fields.next()) {
    switch (fields.nameEnd - fields.nameStart) {
      case 2:
        if (fields.is("to")) texts.to = joined(texts.to, fields.value());
        else if (fields.is("cc")) texts.cc = joined(texts.cc, fields.value());
        break;
      case 3:
        if (fields.is("bcc")) texts.bcc = joined(texts.bcc, fields.value());
        break;
      case 4:
        if (fields.is("from")) texts.from = joined(texts.from, fields.value());
        else if (fields.is("date")) date = fields.value();
        break;
      case 7:
        if (fields.is("subject")) subject = oneLine(decodeWords(fields.value()));
        break;
      case 10:
        if (fields.is("message-id")) messageId = messageIds(fields.value(), 1)[0];
        else if (fields.is("references")) references = messageIds(fields.value(), REFERENCES);
        break;
      case 11:
        if (fields.is("in-reply-to")) inReplyTo = messageIds(fields.value(), 1)[0];
        break;
    }
  }
  return {
    subject: subject ?? "",
    ...texts,
    messageId,
    inReplyTo,
    references: references ?? [],
    sent: date === undefined ? undefined : parseDate(date),
  };
}

/** When the message says it was sent: its last Date field, as `summarize` has it, without the cost of the rest. */
export function sentDate(header: Uint8Array): MailDate | undefined {
  let date: Uint8Array | undefined;
  const fields = new FieldScanner(header);
  while (fields.next()) {
    if (fields.nameEnd - fields.nameStart === 4 && fields.is("date")) date = fields.value();
  }
  return date === undefined ? undefined : parseDate(date);
}

function joined(before: string, value: Uint8Array): string {
  const list = parseAddressList(value).map(addressText).filter((text) => text !== "").join(", ");
  return before === "" || list === "" ? before + list : `${before}, ${list}`;
}

/** One address as people write it; groups by their name. */
function addressText(one: Address): string {
  if (one.kind === "group-end") return "";
  if (one.kind === "group") return text(one.name) + ":";
  const spec = one.local === undefined && one.domain === undefined
    ? ""
    : plain(one.local ?? "") + (one.domain === undefined ? "" : "@" + plain(one.domain));
  if (one.name === undefined) return spec;
  const name = text(one.name);
  return spec === "" ? name : `${name} <${spec}>`;
}

function text(octetString: string): string {
  return oneLine(decodeWords(octetsOf(octetString)));
}

/** Half of an address: encoded words stay (RFC 2047 §5), one could pretend another domain. */
function plain(octetString: string): string {
  return oneLine(decodeCharset(octetsOf(octetString), undefined));
}

/** msg-id *(msg-id) (RFC 5322 §3.6.4); what stands outside angle brackets is left out. */
function messageIds(value: Uint8Array, limit: number): string[] {
  const ids = new Set<string>();
  let at = 0;
  while (ids.size < limit) {
    const start = value.indexOf(0x3c, at);
    const end = start < 0 ? -1 : value.indexOf(0x3e, start);
    if (end < 0) break;
    const id = oneLine(utf8(value, start, end + 1)).replaceAll(" ", "").replaceAll("\t", "");
    if (id.length > 2) ids.add(id);
    at = end + 1;
  }
  return [...ids];
}

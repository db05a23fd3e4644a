/** What SORT and THREAD compare of a message (RFC 5256 §2, §3, RFC 5957 §3), from its header. */
import { octetsOf } from "../bytes/ascii.ts";
import { type Address, parseAddressList } from "./address.ts";
import { decodeCharset } from "./charset.ts";
import { parseDate } from "./date.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";
import { foldText } from "./fold_text.ts";
import { oneLine } from "./header_text.ts";
import { REFERENCES } from "./limits.ts";
import { baseSubject } from "./subject.ts";
import { messageIds } from "./thread.ts";

/** Characters of a key that are compared. */
const KEY = 1000;

/** The keys of one message; texts are folded (RFC 5051), so that their code points compare them. */
export interface SortKeys {
  /** addr-mailbox of the first address; empty without one. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  /** The first address's name, else the address itself (RFC 5957 §3). */
  readonly displayFrom: string;
  readonly displayTo: string;
  /** The base subject. */
  readonly subject: string;
  /** True for replies and forwarded messages, by their subject. */
  readonly isReply: boolean;
  /** Milliseconds since the epoch; undefined where INTERNALDATE has to stand in (RFC 5256 §2.2). */
  readonly sentAt: number | undefined;
  /** Normalized; undefined without a valid one. */
  readonly messageId: string | undefined;
  /** Normalized, oldest first: of References, else the first of In-Reply-To. */
  readonly references: readonly string[];
}

/**
 * Reads a header block. Of repeated fields those count that ENVELOPE shows. `fold` makes texts equal that are to be
 * compared as equal; `fallback`: the charset of 8-bit text that is no UTF-8, windows-1252 when left out.
 */
export function sortKeys(
  header: Uint8Array,
  fold: (text: string) => string = foldText,
  fallback?: string,
): SortKeys {
  const key = (text: string) => fold(oneLine(text).slice(0, KEY)).slice(0, KEY).toWellFormed();
  const first: { from?: Address | undefined; to?: Address | undefined; cc?: Address | undefined } = {};
  let subject = "", sentAt: number | undefined, messageId: string | undefined;
  let references: readonly string[] = [], inReplyTo: readonly string[] = [];
  const fields = new FieldScanner(header);
  while (fields.next()) {
    switch (fields.nameEnd - fields.nameStart) {
      case 2:
        if (fields.is("to")) first.to ??= parseAddressList(fields.value())[0];
        else if (fields.is("cc")) first.cc ??= parseAddressList(fields.value())[0];
        break;
      case 4:
        if (fields.is("from")) first.from ??= parseAddressList(fields.value())[0];
        else if (fields.is("date")) sentAt = parseDate(fields.value())?.epochMs;
        break;
      case 7:
        if (fields.is("subject")) subject = decodeWords(fields.value(), fallback);
        break;
      case 10:
        if (fields.is("message-id")) messageId = ids(fields.value(), 1)[0];
        else if (fields.is("references")) references = ids(fields.value(), REFERENCES);
        break;
      case 11:
        if (fields.is("in-reply-to")) inReplyTo = ids(fields.value(), 1);
        break;
    }
  }
  const { base, reply } = baseSubject(subject);
  return {
    from: key(mailboxOf(first.from, fallback)),
    to: key(mailboxOf(first.to, fallback)),
    cc: key(mailboxOf(first.cc, fallback)),
    displayFrom: key(displayOf(first.from, fallback)),
    displayTo: key(displayOf(first.to, fallback)),
    subject: key(base),
    isReply: reply,
    sentAt,
    messageId,
    references: references.length > 0 ? references : inReplyTo,
  };
}

/** Message-IDs without the spaces that quoting lets into them: lists of them have spaces in between. */
function ids(value: Uint8Array, limit: number): readonly string[] {
  return messageIds(value, limit).map((id) => id.replaceAll(/[\s\0]/g, ""));
}

/** addr-mailbox, which for the beginning of a group is its name (RFC 9051 §7.5.2). */
function mailboxOf(address: Address | undefined, fallback: string | undefined): string {
  if (address?.kind === "group") return plain(address.name, fallback);
  return address?.kind === "mailbox" ? plain(address.local ?? "", fallback) : "";
}

/** RFC 5957 §3. */
function displayOf(address: Address | undefined, fallback: string | undefined): string {
  if (address?.kind !== "mailbox") return mailboxOf(address, fallback);
  const name = decodeWords(octetsOf(address.name ?? ""), fallback);
  if (name !== "") return name;
  const { local, domain } = address;
  return plain(local === undefined || domain === undefined ? local ?? "" : `${local}@${domain}`, fallback);
}

function plain(octetString: string, fallback: string | undefined): string {
  return decodeCharset(octetsOf(octetString), undefined, fallback);
}

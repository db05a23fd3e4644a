/**
 * Everything that is known of a message's inside: structure with octet offsets, envelope, sections, decoded
 * text. Pure and bounded: nothing here waits, reads or throws over what a message holds.
 *
 * RFC 5322 and 2045–2049, 2183, 2231, 6532; for IMAP's forms RFC 9051 §7.5.2.
 */
export { type Address, parseAddressList } from "./address.ts";
export { type BaseSubject, baseSubject } from "./base_subject.ts";
export { encodeBodyStructure } from "./body_structure.ts";
export { decodeCharset } from "./charset.ts";
export { type MailDate, parseDate } from "./date.ts";
export { decodeWords } from "./encoded_word.ts";
export { encodeEnvelope } from "./envelope.ts";
export { FieldScanner, findField, unfold } from "./field.ts";
export { foldText } from "./fold_text.ts";
export { headerText } from "./header_text.ts";
export { htmlToText } from "./html_text.ts";
export { imapNString, imapString, ImapWriter } from "./imap_string.ts";
export { MIME_LIMITS, type MimeLimits } from "./limits.ts";
export { messageIds } from "./message_id.ts";
export { packParts, unpackParts } from "./pack.ts";
export { type Parameter, parameterText } from "./parameter.ts";
export { MessageParser, type ParsedMessage } from "./parser.ts";
export { type Defect, type DefectKind, type Disposition, isMessage, type Part } from "./part.ts";
export { preview, PREVIEW_OCTETS, previewPart } from "./preview.ts";
export { partText, searchParts, type SearchRange } from "./search_text.ts";
export { locate, type Located, type Section } from "./section.ts";
export { selectFields } from "./select_fields.ts";
export { type SortKeys, sortKeys } from "./sort_keys.ts";
export { summarize, type Summary } from "./summary.ts";
export { createTransferDecoder, type TransferDecoder } from "./transfer.ts";

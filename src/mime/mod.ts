/**
 * Everything that is known of a message's inside: structure with octet offsets, envelope, sections, decoded
 * text. Pure and bounded: nothing here waits, reads or throws over what a message holds.
 *
 * RFC 5322 and 2045–2049, 2183, 2231, 6532; for IMAP's forms RFC 9051 §7.5.2.
 */
export { type Address, parseAddressList } from "./address.ts";
export {
  type Attachment,
  attachmentName,
  attachmentNames,
  attachments,
  type BodyLists,
  bodyLists,
  decodedSize,
} from "./attachments.ts";
export { encodeBodyStructure } from "./body_structure.ts";
export { compose, type ComposeOptions, type ComposeWaiting, type Composition } from "./compose.ts";
export {
  addressSpec,
  type ComposeAddress,
  type ComposeGroup,
  type ComposeMailbox,
} from "./compose_address.ts";
export { type ComposeField, composeField, formatDate, newMessageId } from "./compose_field.ts";
export {
  type ComposeContent,
  type ComposeData,
  type ComposeMessage,
  type ComposeMultipart,
  type ComposePart,
  type ComposeText,
} from "./compose_part.ts";
export { alternativePart, type ComposeReport, composeReport, type StatusFields } from "./compose_report.ts";
export { decodeBody, decodeCharset, isFallback } from "./charset.ts";
export { type MailDate, parseDate } from "./date.ts";
export { createEmbeddedDecoder, type EmbeddedDecoder, EmbeddedFinder, embeddedParts } from "./embedded.ts";
export { type EmbeddedFile, type EmbeddedFormat, type EmbeddedPiece } from "./embedded_file.ts";
export { decodeWords } from "./encoded_word.ts";
export { encodeEnvelope, envelopeAndDate } from "./envelope.ts";
export { FieldScanner, findField, unfold } from "./field.ts";
export { flowOf, unflow } from "./flowed.ts";
export { compareFolded, foldAscii, foldOf } from "./compare_text.ts";
export { foldText } from "./fold_text.ts";
export { headerText } from "./header_text.ts";
export { type HtmlTextOptions, htmlToText } from "./html_text.ts";
export { imapNString, imapString, ImapWriter } from "./imap_string.ts";
export { MIME_LIMITS, type MimeLimits } from "./limits.ts";
export { packParts, unpackParts } from "./pack.ts";
export { type Parameter, parameterText } from "./parameter.ts";
export { MessageParser, type ParsedMessage } from "./parser.ts";
export { type Defect, type DefectKind, type Disposition, isMessage, type Part } from "./part.ts";
export { preview, PREVIEW_OCTETS, previewPart } from "./preview.ts";
export { partByCid, relatedRoot } from "./related.ts";
export {
  parseReport,
  type RecipientReport,
  type Report,
  type ReportField,
  type ReportKind,
  reportKind,
  reportPart,
  type Typed,
} from "./report.ts";
export { type Mailbox, type RecipientLists, recipientLists } from "./recipients.ts";
export { needsFallback, partText, searchParts, type SearchRange } from "./search_text.ts";
export { locate, type Located, type Section } from "./section.ts";
export { selectFields } from "./select_fields.ts";
export { type SortKeys, sortKeys } from "./sort_keys.ts";
export { type BaseSubject, baseSubject } from "./subject.ts";
export { summarize, type Summary } from "./summary.ts";
export { answerReferences, messageIds, type ThreadKeys, threadKeys } from "./thread.ts";
export { createTransferDecoder, type TransferDecoder } from "./transfer.ts";

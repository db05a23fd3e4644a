/** What must hold for every message, whatever it is. Throws where it does not. */
import { latin1 } from "../../src/bytes/ascii.ts";
import { encodeBase64 } from "../../src/bytes/base64.ts";
import { encodeQuotedPrintable } from "../../src/bytes/quoted_printable.ts";
import {
  answerReferences,
  attachmentNames,
  attachments,
  createEmbeddedDecoder,
  createTransferDecoder,
  EmbeddedFinder,
  embeddedParts,
  encodeBodyStructure,
  encodeEnvelope,
  envelopeAndDate,
  foldText,
  headerText,
  locate,
  MessageParser,
  MIME_LIMITS,
  type MimeLimits,
  needsFallback,
  packParts,
  parseDate,
  type ParsedMessage,
  parseReport,
  type Part,
  partText,
  preview,
  previewPart,
  recipientLists,
  reportPart,
  searchParts,
  selectFields,
  sortKeys,
  summarize,
  threadKeys,
  unpackParts,
} from "../../src/mime/mod.ts";
import { EMBEDDED_FILES } from "../../src/mime/limits.ts";
import { parseImap } from "../corpus/corpus.ts";
import type { Random } from "./random.ts";

/** Small limits, so that messages of some hundred octets reach them. */
const TIGHT: MimeLimits = {
  headerBlock: 400,
  field: 100,
  fields: 8,
  depth: 3,
  parts: 6,
  boundary: 8,
  defects: 4,
};

/** Checks a message in every way; `random` says how it is cut. */
export function checkMessage(octets: Uint8Array, random: Random): void {
  const limits = random.oneIn(5) ? TIGHT : MIME_LIMITS;
  const parsed = parseWhole(octets, limits);
  const packed = packParts(parsed.root);
  const cut = parseCut(octets, limits, random);
  must(same(packParts(cut.root), packed), "cutting changes the tree");
  must(same(cut.header, parsed.header) && cut.headerSize === parsed.headerSize, "cutting changes the header");
  must(JSON.stringify(cut.defects) === JSON.stringify(parsed.defects), "cutting changes the defects");
  must(same(packParts(unpackParts(packed)), packed), "packing is not stable");
  checkTiling(octets, parsed, limits);
  checkHeader(parsed.header);
  checkImap(encodeEnvelope(parsed.header));
  checkImap(encodeBodyStructure(parsed.root, true));
  checkImap(encodeBodyStructure(parsed.root, false));
  checkTexts(octets, parsed.root);
  checkEmbedded(octets, parsed.root, random);
}

function parseWhole(octets: Uint8Array, limits: MimeLimits): ParsedMessage {
  const parser = new MessageParser(limits);
  parser.push(octets);
  return parser.finish();
}

const scratch = new Uint8Array(8192);

function parseCut(octets: Uint8Array, limits: MimeLimits, random: Random): ParsedMessage {
  const parser = new MessageParser(limits);
  const most = random.pick([1, 2, 7, 80, 4096]);
  // Octet by octet only where that is quick.
  const least = 1 + (octets.length >> 11);
  for (let at = 0; at < octets.length;) {
    const size = Math.min(least + random.below(most), octets.length - at);
    const piece = scratch.subarray(0, size);
    for (let i = 0; i < size; i++) piece[i] = octets[at + i]!;
    parser.push(piece);
    piece.fill(0x2d); // what was kept by reference would show
    at += size;
  }
  return parser.finish();
}

function checkTiling(octets: Uint8Array, { root, ...parsed }: ParsedMessage, limits: MimeLimits): void {
  must(root.headerStart === 0 && root.bodyStart === parsed.headerSize, "the header is not at the beginning");
  must(root.bodyEnd === octets.length && parsed.size === octets.length, "the root is not the whole message");
  must(parsed.header.length === Math.min(parsed.headerSize, limits.headerBlock), "header cut elsewhere");
  must(parsed.defects.length <= limits.defects, "too many defects");
  const all = locate(root, { part: [], kind: "all" });
  must(all?.start === 0 && all.end === octets.length, "section [] is not the message");
  let parts = 0;
  const waiting: [Part, number][] = [[root, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [part, depth] = next;
    must(++parts <= limits.parts, "too many parts");
    must(depth <= limits.depth + 1, "too deep");
    must(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd, "offsets out of order");
    let at = part.bodyStart;
    for (const child of part.children) {
      must(child.headerStart >= at && child.bodyEnd <= part.bodyEnd, "children do not tile their parent");
      at = child.bodyEnd;
      waiting.push([child, depth + 1]);
    }
    let lines = 0;
    for (
      let lf = octets.indexOf(10, part.bodyStart);
      lf >= 0 && lf < part.bodyEnd;
      lf = octets.indexOf(10, lf + 1)
    ) lines++;
    must(lines === part.lines, "lines miscounted");
  }
}

function checkHeader(header: Uint8Array): void {
  const summary = summarize(header);
  for (const text of [summary.subject, summary.from, summary.to, summary.cc, summary.bcc]) oneLine(text);
  const { date } = envelopeAndDate(header);
  must((date && parseDate(date)?.epochMs) === summary.sent?.epochMs, "the envelope's date is another");
  const keys = threadKeys(header);
  must(keys.id === undefined || !keys.ancestors.includes(keys.id), "its own ancestor");
  for (const id of [...keys.ancestors, keys.subject.base]) oneLine(id);
  const sort = sortKeys(header);
  // Lists of Message-IDs have spaces between them, so the keys of SORT have none inside.
  must(
    sort.messageId === keys.id?.replaceAll(/[\s\0]/g, "") && sort.isReply === keys.subject.reply,
    "sort and thread keys differ",
  );
  for (const text of [sort.from, sort.to, sort.cc, sort.displayFrom, sort.displayTo, sort.subject]) {
    oneLine(text);
  }
  must(answerReferences(summary).length <= 21, "too many references");
  for (const list of Object.values(recipientLists(header))) {
    for (const { local, domain } of list) must(local !== "" && domain !== "", "half an address");
  }
  const some = selectFields(header, ["subject", "to"], false);
  const rest = selectFields(header, ["subject", "to"], true);
  must(latin1(some).endsWith("\r\n") && latin1(rest).endsWith("\r\n"), "selected fields without an end");
  must(!headerText(header).includes("\0"), "NUL in a header's text");
}

/** Text of every part, and decode → encode → decode gives the same octets. */
function checkTexts(octets: Uint8Array, root: Part): void {
  for (const { start, end, part } of searchParts(root)) {
    const piece = octets.subarray(start, Math.min(end, start + 65_536));
    const text = partText(part, piece);
    must(!text.includes("\0"), "NUL in a part's text");
    const other = partText(part, piece, { fallback: "koi8-r" });
    must(needsFallback(part, piece) || other === text, "a fallback changes what is declared");
    must(typeof foldText(text.slice(0, 5000)) === "string", "not folded");
  }
  const shown = previewPart(root);
  if (shown !== undefined) {
    const words = preview(shown, octets.subarray(shown.bodyStart, shown.bodyEnd));
    oneLine(words);
    must(words.isWellFormed() && [...words].length <= 200, "not a preview");
  }
  oneLine(attachmentNames(root).replaceAll("\n", ""));
  for (const { size, start, end, part } of attachments(root, octets)) {
    must(size >= 0 && end - start === part.bodyEnd - part.bodyStart, "a wrong attachment");
  }
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    waiting.push(...part.children);
    if (part.children.length > 0 || part.bodyEnd - part.bodyStart > 65_536) continue;
    const once = decode(part.encoding, octets.subarray(part.bodyStart, part.bodyEnd));
    if (once === undefined) continue;
    const again = part.encoding === "quoted-printable"
      ? decode(part.encoding, ascii(encodeQuotedPrintable(once)))!
      : decode("base64", ascii(encodeBase64(once)))!;
    must(same(again, once), `${part.encoding}: encoding again gives something else`);
  }
}

/** Files inside bodies: found alike however the body is cut, within it, and decoded within bounds. */
function checkEmbedded(octets: Uint8Array, root: Part, random: Random): void {
  const report = reportPart(root);
  if (report !== undefined) parseReport(report, octets.subarray(report.bodyStart, report.bodyEnd));
  for (const { part, start, end } of embeddedParts(root)) {
    const body = octets.subarray(start, Math.min(end, start + 65_536));
    const whole = new EmbeddedFinder(part);
    whole.push(body);
    const files = whole.finish();
    const cut = new EmbeddedFinder(part);
    for (let at = 0; at < body.length;) {
      const piece = body.slice(at, at + 1 + (body.length >> 9) + random.below(100));
      cut.push(piece);
      at += piece.length;
    }
    must(JSON.stringify(cut.finish()) === JSON.stringify(files), "cutting changes the files");
    must(files.length <= EMBEDDED_FILES, "too many files");
    for (const file of files.slice(0, 3)) {
      must(file.start <= file.end, "a file out of order");
      const decoder = createEmbeddedDecoder(part, file);
      const size = decoder.push(body).length + decoder.finish().length;
      must(size <= 16 * body.length + 65_536, "a file that grows without bounds");
    }
  }
}

function decode(encoding: string, octets: Uint8Array): Uint8Array | undefined {
  const decoder = createTransferDecoder(encoding);
  if (decoder === undefined) return undefined;
  const body = decoder.push(octets).slice();
  const rest = decoder.finish();
  const whole = new Uint8Array(body.length + rest.length);
  whole.set(body);
  whole.set(rest, body.length);
  return whole;
}

/** An IMAP client can read it: parentheses match, strings have an end, no octet is where it must not be. */
function checkImap(value: Uint8Array): void {
  must(Array.isArray(parseImap(value)), "not a list");
  must(!value.includes(0), "NUL in an answer");
}

function oneLine(text: string): void {
  must(!text.includes("\n") && !text.includes("\r") && !text.includes("\0"), "more than one line");
}

const encoder = new TextEncoder();

function ascii(text: string): Uint8Array {
  return encoder.encode(text);
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

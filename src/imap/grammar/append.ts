/**
 * APPEND and REPLACE: RFC 9051 §6.3.12, RFC 3502 (MULTIAPPEND), RFC 3516 §4.4, RFC 4469 (CATENATE), RFC 8508,
 * RFC 9755 §4. Their messages are not part of the command's text: what is parsed here is what stands between
 * them.
 */
import type { AnnotationValue } from "../../core/annotation.ts";
import type { AppendStep, By, FlagList } from "../command.ts";
import { annotationValues } from "./annotation.ts";
import type { Cursor } from "./cursor.ts";
import { dateTime } from "./date.ts";
import { flagList } from "./flags.ts";
import type { AppendCommand } from "./item.ts";
import { type LiteralHead, sizeRefusal } from "./literal_head.ts";
import { mailbox } from "./mailbox.ts";
import { sequenceNumber } from "./sequence_set.ts";
import { astring } from "./string.ts";

/** What stood before a piece of text: a message's literal, that of its UTF8 form, or one part of a CATENATE. */
export type AppendPlace = "message" | "utf8" | "catenate";

/** What a piece of text between literals says. */
export type AppendPiece =
  /** The literal behind it is a string of the text. */
  | { readonly kind: "argument" }
  /** The literal behind it holds octets of a message; `place` tells what it is. */
  | { readonly kind: "octets"; readonly steps: readonly AppendStep[]; readonly place: AppendPlace }
  | { readonly kind: "end"; readonly steps: readonly AppendStep[] };

/** The command up to its first message, if there is a literal; otherwise all of it. */
export interface AppendHead {
  readonly command: AppendCommand;
  readonly place: AppendPlace | undefined;
}

/**
 * append = "APPEND" SP mailbox 1*append-message
 * replace = "REPLACE" SP seq-number SP mailbox append-message
 *
 * Behind the name, up to a literal's head, which `c` ends before, or the command's end. `"argument"`: the
 * literal is a string of this text. Undefined after a fault, and the literal is not welcome then.
 */
export function appendHead(
  c: Cursor,
  name: "APPEND" | "REPLACE",
  by: By,
  head: LiteralHead | undefined,
): AppendHead | "argument" | undefined {
  if (head !== undefined && c.limits.append === 0) return c.fail("append", "Log in first");
  let number = 0;
  if (name === "REPLACE") {
    const replaced = c.sp() ? sequenceNumber(c) : undefined;
    if (replaced === undefined) return undefined;
    number = replaced;
  }
  if (!c.sp()) return undefined;
  if (head !== undefined && c.pos === c.end) return "argument";
  const box = mailbox(c);
  if (box === undefined) return undefined;
  const piece = appendMessages(c, name === "APPEND", head, []);
  if (piece === undefined) return undefined;
  if (piece.kind === "argument") return "argument";
  const { steps } = piece;
  return {
    command: name === "APPEND" ? { name, mailbox: box, steps } : { name, by, number, mailbox: box, steps },
    place: piece.kind === "octets" ? piece.place : undefined,
  };
}

/** What stands behind a literal with octets of a message. `many`: another message may follow. */
export function appendTail(
  c: Cursor,
  place: AppendPlace,
  many: boolean,
  head: LiteralHead | undefined,
): AppendPiece | undefined {
  const steps: AppendStep[] = [];
  if (place === "utf8" && !c.take(0x29)) return c.fail("append", "UTF8 is not closed");
  if (place === "catenate") {
    const piece = catParts(c, head, steps);
    if (piece !== undefined || c.fault !== undefined) return piece;
  }
  if (c.pos === c.end && head === undefined) return { kind: "end", steps: [...steps, { step: "end" }] };
  if (!many || c.peek() !== 0x20) return c.fail("append", "Unexpected text behind the message");
  return appendMessages(c, many, head, steps);
}

/**
 * append-message = [SP flag-list] [SP date-time] [SP att-annotate] SP append-data
 * append-data = literal / literal8 / "UTF8" SP "(" literal8 ")" / "CATENATE" SP "(" cat-part *(SP cat-part) ")"
 *
 * One after another up to one that a literal belongs to, or the end.
 */
function appendMessages(
  c: Cursor,
  many: boolean,
  head: LiteralHead | undefined,
  steps: AppendStep[],
): AppendPiece | undefined {
  do {
    const options = appendOptions(c);
    if (options === undefined) return undefined;
    if (c.pos === c.end) return c.fail("append", "APPEND needs a message as a literal");
    if (!c.sp()) return undefined;
    const catenate = c.keyword("CATENATE");
    steps.push({ step: "message", ...options, catenate });
    if (!catenate) return messageLiteral(c, head, steps);
    if (!c.sp() || !c.expect(0x28)) return undefined;
    const piece = catPart(c, head, steps) ?? catParts(c, head, steps);
    if (piece !== undefined || c.fault !== undefined) return piece;
  } while (many && c.peek() === 0x20);
  return c.atEnd() ? { kind: "end", steps: [...steps, { step: "end" }] } : undefined;
}

/** literal / literal8 / "UTF8" SP "(" literal8 ")" */
function messageLiteral(
  c: Cursor,
  head: LiteralHead | undefined,
  steps: AppendStep[],
): AppendPiece | undefined {
  const utf8 = c.keyword("UTF8");
  if (utf8 && (!c.sp() || !c.expect(0x28))) return undefined;
  if (head === undefined) return c.fail("append", "APPEND needs a message as a literal");
  if (!c.atEnd()) return undefined;
  if (utf8 && !head.binary) return c.fail("append", "UTF8 needs a literal8");
  return octets(c, utf8 ? "utf8" : "message", head, steps);
}

/** *(SP cat-part) ")"; undefined without a fault once it is closed. */
function catParts(
  c: Cursor,
  head: LiteralHead | undefined,
  steps: AppendStep[],
): AppendPiece | undefined {
  while (!c.take(0x29)) {
    if (!c.sp()) return undefined;
    const piece = catPart(c, head, steps);
    if (piece !== undefined || c.fault !== undefined) return piece;
  }
  return undefined;
}

/**
 * cat-part = "TEXT" SP literal / "URL" SP astring
 *
 * Undefined without a fault for a URL that is whole. A literal8 is as good as a literal: octets are octets.
 */
function catPart(c: Cursor, head: LiteralHead | undefined, steps: AppendStep[]): AppendPiece | undefined {
  if (c.keyword("URL")) {
    if (!c.sp()) return undefined;
    if (head !== undefined && c.pos === c.end) return { kind: "argument" };
    const url = astring(c);
    if (url !== undefined) steps.push({ step: "url", url });
    return undefined;
  }
  if (!c.keyword("TEXT")) return c.fail("catenate", "Expected TEXT or URL");
  if (!c.sp()) return undefined;
  if (head === undefined || c.pos !== c.end) return c.fail("catenate", "TEXT needs a literal");
  return octets(c, "catenate", head, steps);
}

function octets(
  c: Cursor,
  place: AppendPlace,
  head: LiteralHead,
  steps: AppendStep[],
): AppendPiece | undefined {
  const refusal = sizeRefusal(head, c.limits, c.tag!);
  if (refusal !== undefined) {
    c.fault ??= refusal;
    return undefined;
  }
  if (head.size > c.limits.append) {
    return c.fail("message too large", "The message is too large", "NO", { code: "TOOBIG" });
  }
  steps.push({ step: "octets", size: head.size });
  return { kind: "octets", steps, place };
}

/** What is said of a message before its octets. */
interface AppendOptions {
  readonly flags: FlagList;
  readonly internalDate: number | undefined;
  readonly annotations: readonly AnnotationValue[] | undefined;
}

/** Passes `SP "ANNOTATION"` if it is here. */
function isAnnotation(c: Cursor): boolean {
  c.pos++;
  if (c.keyword("ANNOTATION")) return true;
  c.pos--;
  return false;
}

/** [SP flag-list] [SP date-time] [SP att-annotate] */
function appendOptions(
  c: Cursor,
): AppendOptions | undefined {
  let flags: FlagList | undefined = { flags: 0, keywords: [] };
  if (c.takeSpaceParen()) {
    c.pos--;
    flags = flagList(c);
    if (flags === undefined) return undefined;
  }
  let internalDate: number | undefined;
  if (c.peek() === 0x20 && c.peekAt(1) === 0x22) {
    c.pos++;
    internalDate = dateTime(c);
    if (internalDate === undefined) return undefined;
  }
  let annotations: readonly AnnotationValue[] | undefined;
  if (c.peek() === 0x20 && isAnnotation(c)) {
    annotations = annotationValues(c);
    if (annotations === undefined) return undefined;
  }
  return { flags, internalDate, annotations };
}

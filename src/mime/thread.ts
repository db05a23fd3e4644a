/** What threads messages (RFC 5256 §3, REFERENCES): normalised Message-IDs and the base subject. */
import { latin1, octetsOf, utf8 } from "../bytes/ascii.ts";
import { decodeWords } from "./encoded_word.ts";
import { FieldScanner } from "./field.ts";
import { oneLine } from "./header_text.ts";
import { Lexer } from "./lexer.ts";
import { REFERENCES } from "./limits.ts";
import { type BaseSubject, baseSubject } from "./subject.ts";
import type { Summary } from "./summary.ts";

/** Octets of one Message-ID; a longer one names no message (RFC 5322 §2.1.1: no line is longer). */
const MESSAGE_ID = 998;

/** The keys of one message. Message-IDs are normalised and without angle brackets. */
export interface ThreadKeys {
  /** Undefined when the message has none that is valid: then it is nobody's parent. */
  readonly id: string | undefined;
  /** Its ancestors, oldest first, each once and never itself; the last one is its parent. */
  readonly ancestors: readonly string[];
  readonly subject: BaseSubject;
}

/**
 * Reads a header block. Ancestors are References; if that holds no valid Message-ID, the first one of
 * In-Reply-To. Of a repeated field the last counts, as in ENVELOPE.
 */
export function threadKeys(header: Uint8Array): ThreadKeys {
  let messageId: Uint8Array | undefined;
  let inReplyTo: Uint8Array | undefined;
  let references: Uint8Array | undefined;
  let subject: Uint8Array | undefined;
  const fields = new FieldScanner(header);
  while (fields.next()) {
    switch (fields.nameEnd - fields.nameStart) {
      case 7:
        if (fields.is("subject")) subject = fields.value();
        break;
      case 10:
        if (fields.is("message-id")) messageId = fields.value();
        else if (fields.is("references")) references = fields.value();
        break;
      case 11:
        if (fields.is("in-reply-to")) inReplyTo = fields.value();
        break;
    }
  }
  const id = messageId === undefined ? undefined : messageIds(messageId, 1)[0];
  let ancestors = references === undefined ? [] : messageIds(references, REFERENCES);
  if (ancestors.length === 0 && inReplyTo !== undefined) ancestors = messageIds(inReplyTo, 1);
  return {
    id,
    ancestors: id === undefined ? ancestors : ancestors.filter((one) => one !== id),
    subject: baseSubject(subject === undefined ? "" : oneLine(decodeWords(subject))),
  };
}

/**
 * The valid Message-IDs of an unfolded value, each once, at most `limit`. Normalised so that two forms of one
 * name compare equal (RFC 5256 §3: `<"a"@b>` is `<a@b>`): comments, white space and needless quoting go. Case
 * stays: Message-IDs are case-sensitive.
 */
export function messageIds(value: Uint8Array, limit: number): string[] {
  const ids = new Set<string>();
  const lexer = new Lexer(value);
  for (let at = value.indexOf(0x3c); at >= 0 && ids.size < limit; at = value.indexOf(0x3c, lexer.pos)) {
    lexer.pos = at + 1;
    const id = messageId(lexer);
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

/**
 * msg-id behind its `<` = id-left "@" id-right ">" (RFC 5322 §3.6.4, obsolete forms §4.5.4). Undefined when
 * it is none; the lexer then stands where the next `<` is to be looked for.
 */
function messageId(lexer: Lexer): string | undefined {
  const start = lexer.pos;
  const left = half(lexer, start);
  if (left === undefined || lexer.peek() !== 0x40) return undefined;
  lexer.pos++;
  const right = half(lexer, start);
  if (right === undefined || lexer.peek() !== 0x3e) return undefined;
  lexer.pos++;
  return oneLine(utf8(octetsOf(`${left}@${right}`)));
}

/** One side of a Message-ID, joined: words, dots and whatever else senders put there. */
function half(lexer: Lexer, start: number): string | undefined {
  let text = "";
  for (;;) {
    const c = lexer.peek();
    if (c < 0 || c === 0x3c || lexer.pos - start > MESSAGE_ID) return undefined;
    if (c === 0x40 || c === 0x3e) return text === "" ? undefined : text;
    if (c === 0x22) text += lexer.quotedString();
    else if (c === 0x28 || c <= 0x20) {
      if (!lexer.skipCfws()) lexer.pos++; // a control character
    } else {
      const atom = lexer.atom();
      text += atom === "" ? latin1(lexer.octets, lexer.pos, ++lexer.pos) : atom;
    }
  }
}

/** Message-IDs of a References field that are kept when an answer is composed, beside the first one. */
const KEPT = 20;

/**
 * References of an answer (RFC 5322 §3.6.4), with angle brackets: those of the message and its own; the
 * oldest and the youngest where there are too many for a header.
 */
export function answerReferences(message: Summary): readonly string[] {
  const { messageId, inReplyTo } = message;
  const ids = message.references.length > 0 ? [...message.references] : inReplyTo ? [inReplyTo] : [];
  if (messageId !== undefined && !ids.includes(messageId)) ids.push(messageId);
  return ids.length <= KEPT + 1 ? ids : [ids[0]!, ...ids.slice(-KEPT)];
}

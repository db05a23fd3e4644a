/** IMAP from the client: octets to commands. */
import { NEED } from "../core/step.ts";
import { appendPrefix } from "./grammar/append.ts";
import { Cursor, type ParserMode } from "./grammar/cursor.ts";
import type { CommandFault, FaultCode } from "./grammar/fault.ts";
import { Held } from "./grammar/held.ts";
import { type AppendCommand, bad, type Item, type ParserStep, tooBig } from "./grammar/item.ts";
import { LITERAL_HEAD, type LiteralHead, literalHead } from "./grammar/literal_head.ts";
import { command, commandHead, tag } from "./grammar/mod.ts";
import type { ImapLimits } from "./limits.ts";

export type { AppendCommand, CommandFault, FaultCode, Item, ParserMode, ParserStep };

/**
 * `line`: text up to a line's end · `literal`: octets that belong to the command's text · `decide`: an APPEND
 * waits for accept or refuse · `stream`: APPEND's message goes out · `tail`: the rest of an APPEND ·
 * `skip-line`, `skip-literal`: what is left of a command that was refused · `dead`: after a fatal fault.
 */
type State = "line" | "literal" | "decide" | "stream" | "tail" | "skip-line" | "skip-literal" | "dead";

/** Octets of a skipped line that can matter: a literal's head and CRLF. */
const KEPT = LITERAL_HEAD + 2;
const NO_OCTETS = new Uint8Array(0);
const CONTINUE: ParserStep = { kind: "item", value: { kind: "continue" } };
const LITERAL_END: ParserStep = { kind: "item", value: { kind: "literal-end" } };
const TOO_MUCH = bad("too much to skip", "A refused command goes on for too long", undefined);

/**
 * A push machine: `push(chunk)`, then `next()` until it says `need`. It parses as late as it is asked, so
 * that `expectLine`, `configure` and `accept`/`refuse` hold for whatever was pipelined behind.
 *
 * A fault ends its command, not the connection, unless it is fatal: what is left of the command, its
 * non-synchronizing literals too, is skipped.
 */
export class CommandParser {
  #limits: ImapLimits;
  #mode: ParserMode;
  #chunk: Uint8Array = NO_OCTETS;
  #at = 0;
  #state: State = "line";
  #rawLine = false;
  /** The command so far, when it did not come in one chunk. */
  readonly #held = new Held();
  /** Octets of text, octets of literals, and literals of the command so far. */
  #text = 0;
  #literalOctets = 0;
  #literals = 0;
  /** Where the text behind the command's last literal begins: a head never reaches back into a literal. */
  #textStart = 0;
  /** Octets that are left of the literal being read, streamed or skipped. */
  #left = 0;
  #skipped = 0;
  #append: { readonly tag: string; readonly utf8: boolean; readonly nonSync: boolean } | undefined;

  constructor(options: { readonly limits: ImapLimits; readonly mode: ParserMode }) {
    this.#limits = options.limits;
    this.#mode = options.mode;
  }

  /** Octets that were pushed and not yet looked at. STARTTLS must find 0. */
  get pending(): number {
    return this.#chunk.length - this.#at;
  }

  /** Takes octets by reference until `next()` says `need`. */
  push(chunk: Uint8Array): void {
    if (this.pending === 0) {
      this.#chunk = chunk;
    } else {
      // Only a runner that pushes before it was told to pays for this copy.
      const joined = new Uint8Array(this.pending + chunk.length);
      joined.set(this.#chunk.subarray(this.#at));
      joined.set(chunk, this.pending);
      this.#chunk = joined;
    }
    this.#at = 0;
  }

  /** Changes limits (after login) or mode (after ENABLE) for the next command. */
  configure(options: { readonly limits?: ImapLimits; readonly mode?: ParserMode }): void {
    this.#limits = options.limits ?? this.#limits;
    this.#mode = options.mode ?? this.#mode;
  }

  /** Makes the next line a `line` item: a response to AUTHENTICATE, the end of IDLE. */
  expectLine(): void {
    this.#rawLine = true;
  }

  /** Takes an APPEND's message: `literal` items follow, then `literal-end` or a fault. */
  accept(): void {
    if (this.#state === "decide") this.#state = "stream";
  }

  /**
   * Refuses an APPEND, or gives it up while its message comes in. The octets that the client sends anyway are
   * skipped; nothing more is heard of the command.
   */
  refuse(): void {
    const append = this.#append;
    if (append === undefined) return;
    if (this.#state === "decide" && !append.nonSync) return this.#begin();
    // What the runner has seen of the message was within `append`: its rest may be skipped whatever its size.
    if (this.#state === "decide" || this.#state === "stream") this.#skipLiteral(this.#left);
    else if (this.#state === "tail") this.#state = "skip-line";
  }

  /** The next item, fault, or `need`. */
  next(): ParserStep {
    for (;;) {
      const step = this.#step();
      if (step !== undefined) return step;
    }
  }

  /** One move; undefined when it led to nothing that the runner must know. */
  #step(): ParserStep | undefined {
    switch (this.#state) {
      case "line":
        return this.#rawLine ? this.#raw() : this.#line();
      case "literal":
        return this.#literal();
      case "decide":
        return NEED;
      case "stream":
        return this.#stream();
      case "tail":
        return this.#line();
      case "skip-line":
        return this.#skipLine();
      case "skip-literal":
        return this.#skipOctets();
      case "dead":
        this.#at = this.#chunk.length;
        return NEED;
    }
  }

  /** Ready for a new command. */
  #begin(): undefined {
    this.#state = "line";
    this.#held.clear();
    this.#text = this.#literalOctets = this.#literals = 0;
    this.#textStart = this.#left = this.#skipped = 0;
    this.#append = undefined;
  }

  /** Index behind the next LF of the chunk, or 0. */
  #lineEnd(): number {
    return this.#chunk.indexOf(0x0a, this.#at) + 1;
  }

  /** A line of the command, or what there is of it. */
  #line(): ParserStep | undefined {
    if (this.pending === 0) return NEED;
    const end = this.#lineEnd();
    const piece = this.#chunk.subarray(this.#at, end === 0 ? this.#chunk.length : end);
    if (this.#text + piece.length > this.#limits.line && this.#tooLong(piece)) {
      const itsTag = this.#append?.tag ?? tag(this.#cursor(this.#head(piece)));
      return this.#abandon(bad("line too long", "A command line is too long", itsTag));
    }
    this.#at += piece.length;
    this.#text += piece.length;
    if (end === 0) {
      this.#held.add(piece);
      return NEED;
    }
    let octets = piece;
    if (this.#held.length > 0) {
      this.#held.add(piece);
      octets = this.#held.octets;
    }
    return this.#state === "tail" ? this.#appendTail(octets) : this.#wholeLine(octets);
  }

  /** True when the text of the command, with `piece`, is too long for what it is. */
  #tooLong(piece: Uint8Array): boolean {
    if (this.#text + piece.length > this.#limits.authenticateLine) return true;
    return commandHead(this.#cursor(this.#head(piece)))?.name !== "AUTHENTICATE";
  }

  /** Enough of the command's beginning to read tag and name from. */
  #head(piece: Uint8Array): Uint8Array {
    const room = this.#limits.tag + 32;
    const held = this.#held.octets.subarray(0, room);
    const head = new Uint8Array(Math.min(room, held.length + piece.length));
    head.set(held);
    head.set(piece.subarray(0, head.length - held.length), held.length);
    return head;
  }

  /** A command's octets up to and with a LF: what it was missing, or one more literal's head. */
  #wholeLine(octets: Uint8Array): ParserStep | undefined {
    const end = octets.length - 2;
    if (end < 0 || octets[end] !== 0x0d) return this.#bareLf(octets);
    const head = literalHead(octets, this.#textStart, end);
    if (head !== undefined) return this.#announced(octets, head);
    if (end === 0) {
      this.#begin();
      return { kind: "fault", fault: bad("empty line", "A command line is empty", undefined) };
    }
    const c = this.#cursor(octets, end);
    const tagged = command(c);
    this.#begin();
    if (tagged === undefined) return { kind: "fault", fault: c.fault! };
    return { kind: "item", value: { kind: "command", tagged } };
  }

  #bareLf(octets: Uint8Array): ParserStep | undefined {
    const end = octets.length - 1;
    const found = bad("bare LF", "Lines end with CRLF, not with LF alone", tag(this.#cursor(octets, end)));
    const head = literalHead(octets, this.#textStart, end);
    return this.#refuseLine(found, head);
  }

  /** A literal's head ends the line. */
  #announced(octets: Uint8Array, head: LiteralHead): ParserStep | undefined {
    const c = this.#cursor(octets, head.at);
    const start = commandHead(c);
    if (start === undefined) return this.#refuseLine(c.fault!, head);
    // The first argument of APPEND is a mailbox, which may be a literal too.
    const isArgument = start.name !== "APPEND" || (this.#literals === 0 && c.pos + 1 >= head.at);
    if (!isArgument) return this.#announcedMessage(c, start.tag, head);
    const refusal = this.#refusal(head, start.tag);
    if (refusal !== undefined) return this.#refuseLine(refusal, head);
    if (this.#held.length === 0) this.#held.add(octets);
    this.#literals++;
    this.#literalOctets += head.size;
    this.#left = head.size;
    this.#state = "literal";
    return head.nonSync ? undefined : CONTINUE;
  }

  /** Why an argument's literal is not welcome, if it is not. */
  #refusal(head: LiteralHead, itsTag: string): CommandFault | undefined {
    const limits = this.#limits;
    if (head.size > limits.literal) {
      return this.#badSize(head, itsTag) ?? tooBig("literal too large", "A literal is too large", itsTag);
    }
    if (this.#literals >= limits.literals) {
      return tooBig("too many literals", "A command has too many literals", itsTag);
    }
    if (this.#literalOctets + head.size > limits.literalTotal) {
      return tooBig("literals too large", "The literals of a command are too large", itsTag);
    }
    return this.#badSize(head, itsTag);
  }

  /** What RFC 9051 §9 and RFC 7888 say of a literal's size. */
  #badSize(head: LiteralHead, itsTag: string): CommandFault | undefined {
    if (!head.valid) return bad("literal size", "The size of a literal is not a 63-bit number", itsTag);
    if (!head.nonSync || head.size <= this.#limits.nonSyncLiteral) return undefined;
    return bad("literal not synchronized", "A literal this large must be synchronizing", itsTag);
  }

  /** The literal is APPEND's message. `c` stands behind the command's name. */
  #announcedMessage(c: Cursor, itsTag: string, head: LiteralHead): ParserStep {
    const limits = this.#limits;
    if (limits.append === 0) return this.#refuseLine(bad("append", "Log in first", itsTag), head);
    const prefix = appendPrefix(c);
    if (prefix === undefined || !c.atEnd()) return this.#refuseLine(c.fault!, head);
    if (prefix.utf8 && !head.binary) {
      return this.#refuseLine(bad("append", "UTF8 needs a literal8", itsTag), head);
    }
    const refusal = this.#badSize(head, itsTag) ??
      (head.size > limits.append
        ? tooBig("message too large", "The message is too large", itsTag)
        : undefined);
    if (refusal !== undefined) return this.#refuseLine(refusal, head);
    this.#append = { tag: itsTag, utf8: prefix.utf8, nonSync: head.nonSync };
    this.#held.clear();
    this.#text = 0;
    this.#left = head.size;
    this.#state = "decide";
    const value: Item = {
      kind: "append",
      tag: itsTag,
      command: { name: "APPEND", ...prefix, size: head.size, binary: head.binary },
      synchronizing: !head.nonSync,
    };
    return { kind: "item", value };
  }

  /** Octets of an argument's literal. */
  #literal(): ParserStep | undefined {
    const piece = this.#chunk.subarray(this.#at, this.#at + this.#left);
    if (piece.length < this.#left && this.pending === 0) return NEED;
    this.#held.add(piece);
    this.#at += piece.length;
    this.#left -= piece.length;
    if (this.#left === 0) {
      this.#textStart = this.#held.length;
      this.#state = "line";
    }
    return undefined;
  }

  /** Octets of APPEND's message. */
  #stream(): ParserStep | undefined {
    if (this.#left === 0) {
      this.#state = "tail";
      return undefined;
    }
    if (this.pending === 0) return NEED;
    const octets = this.#chunk.subarray(this.#at, this.#at + this.#left);
    this.#at += octets.length;
    this.#left -= octets.length;
    return { kind: "item", value: { kind: "literal", octets } };
  }

  /** What stands behind APPEND's message: nothing, or what closes the UTF8 form. */
  #appendTail(octets: Uint8Array): ParserStep | undefined {
    const append = this.#append!;
    const isUtf8End = octets.length === 3 && octets[0] === 0x29;
    const isEnd = append.utf8 ? isUtf8End : octets.length === 2;
    if (isEnd && octets[octets.length - 2] === 0x0d) {
      this.#begin();
      return LITERAL_END;
    }
    const head = literalHead(octets, 0, octets.length - 2);
    return this.#refuseLine(bad("append", "Unexpected text behind the message", append.tag), head);
  }

  /** The raw line that `expectLine()` asked for. */
  #raw(): ParserStep | undefined {
    if (this.pending === 0) return NEED;
    const end = this.#lineEnd();
    const piece = this.#chunk.subarray(this.#at, end === 0 ? this.#chunk.length : end);
    if (this.#held.length + piece.length > this.#limits.response) {
      this.#rawLine = false;
      return this.#abandon(bad("line too long", "A line is too long", undefined));
    }
    this.#at += piece.length;
    if (end === 0 || this.#held.length > 0) this.#held.add(piece);
    if (end === 0) return NEED;
    const octets = this.#held.length > 0 ? this.#held.octets : piece;
    this.#rawLine = false;
    this.#begin();
    if (octets.length < 2 || octets[octets.length - 2] !== 0x0d) {
      return { kind: "fault", fault: bad("bare LF", "Lines end with CRLF, not with LF alone", undefined) };
    }
    return { kind: "item", value: { kind: "line", octets: octets.subarray(0, -2) } };
  }

  /** A fault at a line's end: skips what the client sends anyway. */
  #refuseLine(found: CommandFault, head: LiteralHead | undefined): ParserStep {
    if (head === undefined || !head.nonSync) {
      // A client that waits for `+` gets the answer instead and sends nothing more of the command.
      this.#begin();
      return { kind: "fault", fault: found };
    }
    if (head.size > this.#limits.skip) return this.#die(found);
    this.#skipped = head.size;
    this.#skipLiteral(head.size);
    return { kind: "fault", fault: found };
  }

  /** A fault in the middle of a line: skips to its end. */
  #abandon(found: CommandFault): ParserStep {
    // The end of what was held may be the beginning of a literal's head.
    const tail = this.#held.octets.slice(-KEPT);
    this.#held.clear();
    this.#held.add(tail);
    this.#skipped = 0;
    this.#state = "skip-line";
    return { kind: "fault", fault: found };
  }

  #die(found: CommandFault): ParserStep {
    this.#begin();
    this.#state = "dead";
    return { kind: "fault", fault: { ...found, fatal: true } };
  }

  #skipLiteral(size: number): void {
    this.#held.clear();
    this.#append = undefined;
    this.#left = size;
    this.#state = "skip-literal";
  }

  #skipOctets(): ParserStep | undefined {
    const count = Math.min(this.#left, this.pending);
    this.#at += count;
    this.#left -= count;
    if (this.#left > 0) return NEED;
    this.#state = "skip-line";
    return undefined;
  }

  /** Skips to the line's end, and to what a non-synchronizing literal there makes of it. */
  #skipLine(): ParserStep | undefined {
    if (this.pending === 0) return NEED;
    const end = this.#lineEnd();
    const piece = this.#chunk.subarray(this.#at, end === 0 ? this.#chunk.length : end);
    this.#at += piece.length;
    this.#skipped += piece.length;
    if (this.#skipped > this.#limits.skip) return this.#die(TOO_MUCH);
    const kept = this.#held.octets.slice(-KEPT);
    this.#held.clear();
    this.#held.add(kept);
    this.#held.add(piece.subarray(-KEPT));
    if (end === 0) return NEED;
    const octets = this.#held.octets;
    const lineEnd = octets.length - (octets[octets.length - 2] === 0x0d ? 2 : 1);
    const head = literalHead(octets, 0, lineEnd);
    if (head === undefined || !head.nonSync) return this.#begin();
    this.#skipped += head.size;
    if (this.#skipped > this.#limits.skip) return this.#die(TOO_MUCH);
    this.#skipLiteral(head.size);
    return undefined;
  }

  #cursor(octets: Uint8Array, end: number = octets.length): Cursor {
    return new Cursor(octets, this.#limits, this.#mode, 0, end);
  }
}

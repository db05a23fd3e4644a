/** IMAP from the client: octets to commands. */
import { NEED } from "../core/step.ts";
import { appendHead, type AppendPlace, appendTail } from "./grammar/append.ts";
import { Cursor, type ParserMode } from "./grammar/cursor.ts";
import type { CommandFault, FaultCode } from "./grammar/fault.ts";
import { Held } from "./grammar/held.ts";
import { type AppendCommand, bad, type Item, type ParserStep } from "./grammar/item.ts";
import { argumentRefusal, type LiteralHead, literalHead } from "./grammar/literal_head.ts";
import { command, commandHead, tag } from "./grammar/mod.ts";
import { Skip } from "./grammar/skip.ts";
import type { ImapLimits } from "./limits.ts";

export type { AppendCommand, CommandFault, FaultCode, Item, ParserMode, ParserStep };

/**
 * `line`: text up to a line's end · `literal`: octets that belong to the command's text · `decide`: an APPEND
 * waits for accept or refuse · `stream`: octets of its message go out · `tail`: text behind those octets ·
 * `skip`: what is left of a command that was refused · `dead`: after a fatal fault.
 */
type State = "line" | "literal" | "decide" | "stream" | "tail" | "skip" | "dead";

/** An APPEND or REPLACE on its way. */
interface Append {
  readonly tag: string;
  /** Another message may follow. */
  readonly many: boolean;
  readonly place: AppendPlace;
  /** The client sends the literal without waiting. */
  readonly nonSync: boolean;
}

const NO_OCTETS = new Uint8Array(0);
const CONTINUE: ParserStep = { kind: "item", value: { kind: "continue" } };
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
  /** Octets that are left of the literal being read or streamed. */
  #left = 0;
  readonly #skip = new Skip();
  /** The APPEND or REPLACE whose octets come, with the literal that is next or was last. */
  #append: Append | undefined;

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

  /** Takes the octets of an APPEND: `literal` items follow, then `literal-end` or a fault. */
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
    if (this.#state !== "tail") {
      this.#skipLiteral(this.#left, this.#limits.skip);
    } else if (this.#state === "tail") this.#skipFrom(this.#text);
  }

  /** The next item, fault, or `need`. */
  next(): ParserStep {
    for (;;) {
      const step = this.#step();
      if (step === undefined) continue;
      // A session that waits holds on to no chunk: sessions are many and chunks large.
      if (step === NEED && this.pending === 0) this.#forgetChunk();
      return step;
    }
  }

  #forgetChunk(): void {
    this.#chunk = NO_OCTETS;
    this.#at = 0;
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
      case "skip":
        return this.#skipRest();
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
    this.#textStart = this.#left = 0;
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
      const itsTag = this.#append?.tag ?? this.#tagOf(piece);
      return this.#abandon(bad("line too long", "A command line is too long", itsTag), this.#text);
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

  /** The tag of a command that is not whole. */
  #tagOf(piece: Uint8Array): string | undefined {
    const c = this.#cursor(this.#head(piece));
    const found = tag(c);
    return c.peek() === 0x20 ? found : undefined;
  }

  /** Enough of the beginning of a command that is too long to read tag and name from. */
  #head(piece: Uint8Array): Uint8Array {
    // Not more than is sure to be here, however the input was cut.
    const room = Math.min(this.#limits.tag + 32, this.#limits.line + 1);
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

  #bareLf(octets: Uint8Array, known?: string): ParserStep | undefined {
    const end = octets.length - 1;
    const itsTag = known ?? tag(this.#cursor(octets, end));
    const found = bad("bare LF", "Lines end with CRLF, not with LF alone", itsTag);
    const head = literalHead(octets, this.#textStart, end);
    return this.#refuseLine(found, head);
  }

  /** A literal's head ends the line. */
  #announced(octets: Uint8Array, head: LiteralHead): ParserStep | undefined {
    const c = this.#cursor(octets, head.at);
    const start = commandHead(c);
    if (start === undefined) return this.#refuseLine(c.fault!, head);
    const { name } = start;
    if (name !== "APPEND" && name !== "REPLACE") {
      return this.#argument(octets, head, start.tag, name);
    }
    const begun = appendHead(c, name, start.by, head);
    if (begun === undefined) return this.#refuseLine(c.fault!, head);
    if (begun === "argument") return this.#argument(octets, head, start.tag);
    const { command, place } = begun;
    const synchronizing = this.#decide({
      tag: start.tag,
      many: name === "APPEND",
      place: place!,
      nonSync: head.nonSync,
    }, head);
    return { kind: "item", value: { kind: "append", tag: start.tag, command, synchronizing } };
  }

  /** The literal is a string of the command's text. */
  #argument(octets: Uint8Array, head: LiteralHead, tag: string, name?: string): ParserStep | undefined {
    const refusal = argumentRefusal(head, this.#limits, this.#literals, this.#literalOctets, tag, name);
    if (refusal !== undefined) return this.#refuseLine(refusal, head);
    if (this.#held.length === 0) this.#held.add(octets);
    this.#literals++;
    this.#literalOctets += head.size;
    this.#left = head.size;
    this.#state = "literal";
    return head.nonSync ? undefined : CONTINUE;
  }

  /** The literal holds octets of a message; true when the client waits to be told to send them. */
  #decide(append: Append, head: LiteralHead): boolean {
    this.#append = append;
    this.#held.clear();
    this.#text = this.#textStart = 0;
    this.#left = head.size;
    this.#state = "decide";
    return !head.nonSync;
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
      this.#state = this.#append === undefined ? "line" : "tail";
    }
    return undefined;
  }

  /** Octets of a message. */
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

  /** What stands behind octets of a message: other parts, other messages, or nothing. */
  #appendTail(octets: Uint8Array): ParserStep | undefined {
    const append = this.#append!;
    const end = octets.length - 2;
    if (end < 0 || octets[end] !== 0x0d) return this.#bareLf(octets, append.tag);
    const head = literalHead(octets, this.#textStart, end);
    const c = this.#cursor(octets, head?.at ?? end);
    c.tag = append.tag;
    const piece = appendTail(c, append.place, append.many, head);
    if (piece === undefined) return this.#refuseLine(c.fault!, head);
    if (piece.kind === "argument") return this.#argument(octets, head!, append.tag);
    const { steps } = piece;
    let synchronizing = false;
    if (piece.kind === "end") this.#begin();
    else synchronizing = this.#decide({ ...append, place: piece.place, nonSync: head!.nonSync }, head!);
    return { kind: "item", value: { kind: "literal-end", steps, synchronizing } };
  }

  /** The raw line that `expectLine()` asked for. */
  #raw(): ParserStep | undefined {
    if (this.pending === 0) return NEED;
    const end = this.#lineEnd();
    const piece = this.#chunk.subarray(this.#at, end === 0 ? this.#chunk.length : end);
    if (this.#held.length + piece.length > this.#limits.response) {
      this.#rawLine = false;
      return this.#abandon(bad("line too long", "A line is too long", undefined), this.#held.length);
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
    this.#skipLiteral(head.size, this.#limits.skip - head.size);
    return { kind: "fault", fault: found };
  }

  /** A fault in the middle of a line, of which `taken` octets are held: skips to its end. */
  #abandon(found: CommandFault, taken: number): ParserStep {
    this.#skipFrom(taken);
    return { kind: "fault", fault: found };
  }

  /** After a fault that the framing does not survive. */
  #die(found: CommandFault): ParserStep {
    this.#begin();
    this.#state = "dead";
    return { kind: "fault", fault: { ...found, fatal: true } };
  }

  /** `budget`: octets that may follow the literal. */
  #skipLiteral(size: number, budget: number): void {
    this.#begin();
    this.#skip.literal(size, budget);
    this.#state = "skip";
  }

  /** Skips from here; `taken` octets of the line are behind, and may end with a part of a literal's head. */
  #skipFrom(taken: number): void {
    this.#skip.line(this.#held.octets, this.#limits.skip - taken);
    this.#begin();
    this.#state = "skip";
  }

  /** Skips what is left of a refused command. */
  #skipRest(): ParserStep | undefined {
    if (this.pending === 0) return NEED;
    this.#at += this.#skip.take(this.#chunk, this.#at);
    if (this.#skip.isTooMuch) return this.#die(TOO_MUCH);
    return this.#skip.isDone ? this.#begin() : undefined;
  }

  #cursor(octets: Uint8Array, end: number = octets.length): Cursor {
    return new Cursor(octets, this.#limits, this.#mode, 0, end);
  }
}

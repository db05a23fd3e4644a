/**
 * The structure of a message, found while its octets pass by: a push machine that keeps header blocks and at
 * most the beginning of one line, never a body. The same octets give the same result however they are cut.
 */
import { indexOfLf } from "../bytes/ascii.ts";
import { indexOfLfIn, wordsOf } from "../bytes/words.ts";
import { HeaderBlock } from "./header_block.ts";
import { MIME_LIMITS, type MimeLimits } from "./limits.ts";
import type { Defect, Part } from "./part.ts";
import { PartTree } from "./part_tree.ts";
import { copyOf } from "./scratch.ts";

/** What the parser found out about a message. */
export interface ParsedMessage {
  readonly root: Part;
  /** Octets of the whole message. */
  readonly size: number;
  /** Octets up to and with the empty line. */
  readonly headerSize: number;
  /** The root's raw header block with its empty line, up to the limit. */
  readonly header: Uint8Array;
  readonly defects: readonly Defect[];
}

const NOTHING = new Uint8Array(0);

const enum Mode {
  Header,
  Body,
  /** Behind a delimiter, up to its line end. */
  Delimiter,
}

/** Parses one message: `push` its octets in any pieces, then `finish` once. */
export class MessageParser {
  readonly #tree: PartTree;
  readonly #block: HeaderBlock;
  #mode: Mode = Mode.Header;
  /** Octets before the current chunk. */
  #offset = 0;
  /** Line ends so far. */
  #lines = 0;
  /** The current line's kind is settled; only its end is looked for. */
  #midLine = false;
  /** The beginning of a line that a chunk's end cut. */
  #held: Uint8Array = NOTHING;
  /** Room for `--`, a boundary, `--` and some white space behind it: more of a line decides nothing. */
  readonly #most: number;
  #heldLength = 0;
  /** The last two octets before the current chunk, the last one in the low bits. */
  #before = 0;
  /** Octets of the line end before the held line: 0, 1 or 2. */
  #heldLineEnd = 0;
  /** The current line is a closing delimiter. */
  #closing = false;
  /** Where the last closing delimiter's line ended. */
  #afterClosing = -1;
  #rootHeader: Uint8Array = NOTHING;
  /** -1 until it is known. */
  #headerSize = -1;

  constructor(limits: MimeLimits = MIME_LIMITS) {
    this.#tree = new PartTree(limits);
    this.#most = limits.boundary + 16;
    this.#block = new HeaderBlock(limits.headerBlock);
  }

  /** Takes the next octets. Nothing of them is kept by reference. */
  push(octets: Uint8Array): void {
    if (octets.length === 0) return;
    if (this.#mode === Mode.Header) this.#block.from = 0;
    let at = 0;
    while (at < octets.length) {
      if (this.#midLine) at = this.#restOfLine(octets, at);
      else if (this.#heldLength > 0) at = this.#heldLine(octets, at);
      else at = this.#mode === Mode.Body ? this.#body(octets, at) : this.#headerLine(octets, at);
    }
    if (this.#mode === Mode.Header) this.#block.keep(octets);
    const size = octets.length;
    this.#before = ((size > 1 ? octets[size - 2]! : this.#before & 0xff) << 8) | octets[size - 1]!;
    this.#offset += size;
  }

  /** Ends the message. The parser must not be used afterwards. */
  finish(): ParsedMessage {
    const size = this.#offset;
    this.#block.from = 0;
    if (this.#heldLength > 0) {
      this.#delimiter(this.#held, 0, this.#heldLength, size - this.#heldLength, NOTHING, this.#heldLineEnd);
    }
    while (this.#mode === Mode.Header) {
      this.#tree.defect("header without end");
      this.#endHeader(NOTHING, size);
    }
    this.#tree.finish(size, this.#lines);
    return {
      root: this.#tree.root,
      size,
      headerSize: this.#headerSize,
      header: this.#rootHeader,
      defects: this.#tree.defects,
    };
  }

  /** Goes on to the end of a line whose beginning is settled. */
  #restOfLine(octets: Uint8Array, at: number): number {
    const lf = octets.indexOf(0x0a, at);
    if (lf < 0) return octets.length;
    this.#endLine(lf + 1);
    return lf + 1;
  }

  /** A line ended before `next`, an index of the current chunk. */
  #endLine(next: number): void {
    this.#lines++;
    this.#midLine = false;
    if (this.#closing) {
      this.#closing = false;
      this.#afterClosing = this.#offset + next;
    }
    if (this.#mode !== Mode.Delimiter) return;
    const header = this.#tree.openNext(this.#offset + next, this.#lines);
    this.#mode = header ? Mode.Header : Mode.Body;
    if (header) this.#block.begin(next);
  }

  /** Completes the beginning of a line that earlier chunks left. */
  #heldLine(octets: Uint8Array, at: number): number {
    const room = this.#most - this.#heldLength;
    const upTo = Math.min(octets.length, at + room);
    const lf = octets.subarray(at, upTo).indexOf(0x0a);
    const taken = lf < 0 ? upTo - at : lf;
    const start = this.#offset + at - this.#heldLength;
    this.#held.set(octets.subarray(at, at + taken), this.#heldLength);
    this.#heldLength += taken;
    if (lf < 0 && taken < room) return octets.length;
    const length = this.#heldLength;
    this.#heldLength = 0;
    this.#settle(this.#held, 0, length, start, octets, at + taken, lf >= 0, this.#heldLineEnd);
    return lf < 0 ? at + taken : at + taken + 1;
  }

  /** One line of a header, from its beginning. */
  #headerLine(octets: Uint8Array, at: number): number {
    const lf = indexOfLf(octets, at);
    if (lf < 0 && octets.length - at < this.#most) return this.#hold(octets, at);
    const end = lf < 0 ? at + this.#most : lf;
    this.#settle(octets, at, end, this.#offset + at, octets, end, lf >= 0, this.#lineEndBefore(octets, at));
    return lf < 0 ? end : lf + 1;
  }

  /** Body lines from the beginning of one; stops behind a delimiter. */
  #body(octets: Uint8Array, at: number): number {
    const size = octets.length;
    const watching = this.#tree.boundaries.active > 0;
    const words = wordsOf(octets);
    let lines = 0;
    while (at < size) {
      if (watching && octets[at] === 0x2d && (at + 1 === size || octets[at + 1] === 0x2d)) {
        this.#lines += lines;
        return this.#candidate(octets, at);
      }
      const lf = indexOfLfIn(octets, words, at);
      if (lf < 0) {
        this.#midLine = true;
        at = size;
        break;
      }
      lines++;
      at = lf + 1;
    }
    this.#lines += lines;
    return at;
  }

  /** A body line that begins with `--`, or with one `-` at the chunk's end. */
  #candidate(octets: Uint8Array, at: number): number {
    const upTo = Math.min(octets.length, at + this.#most);
    const lf = octets.subarray(at, upTo).indexOf(0x0a);
    if (lf < 0 && upTo - at < this.#most) return this.#hold(octets, at);
    const end = lf < 0 ? upTo : at + lf;
    this.#settle(octets, at, end, this.#offset + at, octets, end, lf >= 0, this.#lineEndBefore(octets, at));
    return lf < 0 ? end : end + 1;
  }

  /** Keeps the beginning of a line until more of it comes. */
  #hold(octets: Uint8Array, at: number): number {
    this.#heldLineEnd = this.#lineEndBefore(octets, at);
    if (this.#held.length === 0) this.#held = new Uint8Array(this.#most);
    this.#held.set(octets.subarray(at));
    this.#heldLength = octets.length - at;
    return octets.length;
  }

  /** Octets of the line end just before a line: 2 for CRLF, 1 for a bare LF, 0 at the message's beginning. */
  #lineEndBefore(octets: Uint8Array, at: number): number {
    if (this.#offset + at === 0) return 0;
    const cr = at >= 2 ? octets[at - 2]! : at === 1 ? this.#before & 0xff : this.#before >> 8;
    return cr === 0x0d ? 2 : 1;
  }

  /**
   * Decides what a line is. `line[from..to)` is the line without its LF, or as much of it as decides;
   * `chunk[end]` is its LF, or where the rest of it goes on.
   */
  #settle(
    line: Uint8Array,
    from: number,
    to: number,
    start: number,
    chunk: Uint8Array,
    end: number,
    ended: boolean,
    lineEnd: number,
  ): void {
    this.#midLine = !ended;
    const size = to - from;
    if (this.#mode === Mode.Header && ended && (size === 0 || (size === 1 && line[from] === 0x0d))) {
      this.#lines++;
      this.#endHeader(chunk, start + size + 1);
      return;
    }
    this.#delimiter(line, from, to, start, chunk, lineEnd);
    if (ended) this.#endLine(end + 1);
  }

  /** Acts on a line if it is a delimiter (RFC 2046 §5.1.1) of a multipart that is open. */
  #delimiter(
    line: Uint8Array,
    from: number,
    to: number,
    start: number,
    chunk: Uint8Array,
    lineEnd: number,
  ): void {
    if (this.#tree.boundaries.active === 0) return;
    const found = this.#tree.boundaries.match(line, from, to);
    if (found === undefined) return;
    // The line end before a delimiter belongs to it, unless it ends a header or another delimiter.
    const end = start === this.#afterClosing ? start : start - lineEnd;
    while (this.#mode === Mode.Header) this.#endHeader(chunk, start);
    this.#tree.delimit(found, end, this.#lines, start > end ? 1 : 0);
    this.#closing = found.closing;
    this.#mode = found.closing ? Mode.Body : Mode.Delimiter;
  }

  /** The header of the innermost part ends; its body begins at `bodyStart`. */
  #endHeader(chunk: Uint8Array, bodyStart: number): void {
    const { headerStart } = this.#tree;
    const header = this.#block.take(chunk, bodyStart - headerStart);
    if (this.#block.truncated) this.#tree.defect("header too large");
    if (this.#headerSize < 0) {
      this.#rootHeader = copyOf(header);
      this.#headerSize = bodyStart;
    }
    const nested = this.#tree.endHeader(header, bodyStart, this.#lines);
    this.#mode = nested ? Mode.Header : Mode.Body;
    if (nested) this.#block.begin(Math.min(Math.max(bodyStart - this.#offset, 0), chunk.length));
  }
}

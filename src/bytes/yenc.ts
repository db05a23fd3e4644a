/**
 * yEnc 1.3 (yenc.org, "yenc-draft.1.3.txt"): octets plus 42, with `=` before those that a line cannot hold,
 * between `=ybegin` and `=yend`. Never an RFC; old mail and news have it in text.
 */
import { crc32 } from "node:zlib";
import { latin1, standsAt } from "./ascii.ts";

/** Octets of a control line that are looked at. */
const CONTROL = 1024;

/** The file, or the part of one, that a `=ybegin` line announces. */
export interface YencBegin {
  /** An octet string. */
  readonly name: string;
  /** Octets of the whole file. */
  readonly size: number | undefined;
  /** Which part of the file this is, from 1; undefined when it is all of it. */
  readonly part: number | undefined;
  /** How many parts there are. */
  readonly total: number | undefined;
}

/** What a `=ypart` line says: octets of the file, counted from 1, both inclusive. */
export interface YencPart {
  readonly begin: number;
  readonly end: number;
}

/** `=ybegin [part=N] [total=N] line=N size=N name=…`; the name is all that follows `name=`. */
export function yencBegin(line: Uint8Array): YencBegin | undefined {
  const text = controlText(line, "=ybegin ");
  const at = text?.indexOf(" name=") ?? -1;
  if (text === undefined || at < 0) return undefined;
  const head = text.slice(0, at);
  if (numberOf(head, "line") === undefined) return undefined;
  const name = text.slice(at + 6).trim();
  return {
    name: name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name,
    size: numberOf(head, "size"),
    part: numberOf(head, "part"),
    total: numberOf(head, "total"),
  };
}

/** `=ypart begin=N end=N`. */
export function yencPart(line: Uint8Array): YencPart | undefined {
  const text = controlText(line, "=ypart ");
  if (text === undefined) return undefined;
  const begin = numberOf(text, "begin");
  const end = numberOf(text, "end");
  return begin === undefined || end === undefined || begin < 1 || end < begin - 1
    ? undefined
    : { begin, end };
}

/** True for a line that ends a file: `=yend …`. */
export function isYencEnd(line: Uint8Array): boolean {
  return controlText(line, "=yend") !== undefined;
}

function controlText(line: Uint8Array, word: string): string | undefined {
  if (!standsAt(line, word)) return undefined;
  return latin1(line, word.length - 1, Math.min(line.length, CONTROL)).trimEnd();
}

/** The decimal number behind ` keyword=`. */
function numberOf(text: string, keyword: string): number | undefined {
  const digits = valueOf(text, keyword);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

function valueOf(text: string, keyword: string): string {
  const at = text.indexOf(` ${keyword}=`);
  if (at < 0) return "";
  const start = at + keyword.length + 2;
  const end = text.indexOf(" ", start);
  return text.slice(start, end < 0 ? undefined : end);
}

const enum State {
  /** Before `=ybegin`. */
  Before,
  LineStart,
  Data,
  /** `=` was seen: the next octet is escaped. */
  Escape,
  /** `=` at the beginning of a line: an escape, or with `y` a control line. */
  LineEscape,
  /** Inside a control line. */
  Control,
  After,
}

/**
 * Decodes the first yEnc file, or part of one, of a body; what stands around it is left out. The same octets
 * come out however the input is cut.
 */
export class YencDecoder {
  #state: State = State.Before;
  readonly #line = new Uint8Array(CONTROL);
  #length = 0;
  #crc = 0;
  #size = 0;
  #intact: boolean | undefined;

  /**
   * True when size and CRC32 of `=yend` are those of the octets, false when one is not; undefined when nothing
   * was said.
   */
  get intact(): boolean | undefined {
    return this.#intact;
  }

  /** Decodes what is certain; a fresh array each time. */
  push(octets: Uint8Array): Uint8Array {
    const out = new Uint8Array(octets.length + 1);
    let at = 0;
    let counted = 0;
    for (let i = 0; i < octets.length; i++) {
      const c = octets[i]!;
      switch (this.#state) {
        case State.Data:
          if (c === 0x3d) this.#state = State.Escape;
          else if (c === 0x0d || c === 0x0a) this.#state = State.LineStart;
          else out[at++] = c - 42;
          break;
        case State.LineStart:
          if (c === 0x0d || c === 0x0a) break;
          this.#state = c === 0x3d ? State.LineEscape : State.Data;
          if (c !== 0x3d) out[at++] = c - 42;
          break;
        case State.Escape:
        case State.LineEscape:
          if (c === 0x0d || c === 0x0a) this.#state = State.LineStart; // an escape of nothing: dropped
          else if (c === 0x79 && this.#state === State.LineEscape) this.#begin(State.Control);
          else {
            out[at++] = c - 106;
            this.#state = State.Data;
          }
          break;
        case State.Before:
        case State.Control:
          if (c !== 0x0a) {
            if (this.#length < CONTROL) this.#line[this.#length++] = c;
            break;
          }
          this.#count(out, counted, at);
          counted = at;
          this.#endControl();
          break;
        case State.After:
          i = octets.length;
      }
    }
    this.#count(out, counted, at);
    return out.subarray(0, at);
  }

  /** Ends the body. Gives nothing more; `intact` is known now. */
  finish(): Uint8Array {
    if (this.#state === State.Control) this.#endControl();
    return new Uint8Array(0);
  }

  #begin(state: State): void {
    this.#line[0] = 0x3d;
    this.#line[1] = 0x79;
    this.#length = 2;
    this.#state = state;
  }

  #count(out: Uint8Array, from: number, to: number): void {
    if (to === from) return;
    this.#crc = crc32(out.subarray(from, to), this.#crc);
    this.#size += to - from;
  }

  #endControl(): void {
    const line = this.#line.subarray(0, this.#length);
    this.#length = 0;
    if (this.#state === State.Before) {
      if (yencBegin(line) !== undefined) this.#state = State.LineStart;
      return;
    }
    this.#state = State.LineStart;
    if (!isYencEnd(line)) return;
    this.#state = State.After;
    const text = latin1(line).trimEnd();
    // Of one part of several, crc32 is that of the whole file (§"Multipart"); pcrc32 is the part's own.
    const partial = valueOf(text, "part") !== "";
    const crc = valueOf(text, "pcrc32") || (partial ? "" : valueOf(text, "crc32"));
    const size = numberOf(text, "size");
    if (size === undefined && crc === "") return;
    this.#intact = (size === undefined || size === this.#size) &&
      (crc === "" || parseInt(crc, 16) === this.#crc);
  }
}

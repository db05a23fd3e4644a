/**
 * Files inside text: uuencode, `begin-base64`, yEnc and BinHex 4.0, found by their lines. Nothing is decoded
 * and no more than a line is kept.
 */
import { octetsOf, standsAt } from "../bytes/ascii.ts";
import { BinHexDecoder, isBinHexOctet } from "../bytes/binhex.ts";
import { isUuEnd, type UuBegin, uuBegin, uuLineSize } from "../bytes/uuencode.ts";
import { isYencEnd, type YencBegin, yencBegin, yencPart } from "../bytes/yenc.ts";
import { decodeCharset } from "./charset.ts";
import { type EmbeddedFile, embeddedFile } from "./embedded_file.ts";
import { EMBEDDED_FILES } from "./limits.ts";

/** Octets of a line that are looked at. Lines of data are far shorter; a name may be longer, and is cut. */
const LINE = 1024;
/** Lines between BinHex's banner and its first colon. */
const BANNER_LINES = 8;
const BANNER = "(This file must be converted";

type State =
  | { readonly kind: "text" }
  /** `begin` was seen; the first line of data decides. */
  | { readonly kind: "begin"; readonly start: number; readonly begin: UuBegin }
  | { readonly kind: "uuencode"; readonly start: number; readonly begin: UuBegin; size: number }
  | { readonly kind: "base64"; readonly start: number; readonly begin: UuBegin }
  | {
    readonly kind: "yenc";
    readonly start: number;
    readonly begin: YencBegin;
    offset: number;
    size?: number;
  }
  /** The banner was seen; a colon begins the file. */
  | { readonly kind: "banner"; lines: number }
  | { readonly kind: "binhex"; readonly start: number; readonly head: BinHexDecoder };

const TEXT: State = { kind: "text" };

/** Finds files in a body of text. The same ones are found however it is cut. */
export class TextFinder {
  readonly #files: EmbeddedFile[] = [];
  #state: State;
  readonly #line = new Uint8Array(LINE);
  /** Octets of the line that are kept. */
  #kept = 0;
  /** Octets of the line so far. */
  #length = 0;
  /** Octets before the line. */
  #lineStart = 0;

  /**
   * @param binhex The body is said to be BinHex: no banner is needed.
   * @param fallback The charset of names that are no UTF-8; windows-1252 when left out.
   */
  constructor(binhex = false, private readonly fallback?: string) {
    this.#state = binhex ? { kind: "banner", lines: Infinity } : TEXT;
  }

  /** Takes the next octets of the body. */
  push(octets: Uint8Array): void {
    for (let at = 0; at < octets.length;) {
      const lf = octets.indexOf(0x0a, at);
      const end = lf < 0 ? octets.length : lf;
      if (this.#length === 0 && lf >= 0) {
        this.#lineEnds(octets.subarray(at, Math.min(end, at + LINE)), end - at + 1);
      } else {
        const piece = octets.subarray(at, Math.min(end, at + LINE - this.#kept));
        this.#line.set(piece, this.#kept);
        this.#kept += piece.length;
        this.#length += end - at;
        if (lf >= 0) this.#lineEnds(this.#line.subarray(0, this.#kept), this.#length + 1);
      }
      at = end + 1;
    }
  }

  /** Ends the body: the files, in the order in which they stand there. */
  finish(): readonly EmbeddedFile[] {
    if (this.#length > 0) this.#lineEnds(this.#line.subarray(0, this.#kept), this.#length);
    this.#close(this.#lineStart, false);
    return this.#files;
  }

  /** One line, or the beginning of a long one; `size` octets with its line end. */
  #lineEnds(line: Uint8Array, size: number): void {
    const start = this.#lineStart;
    this.#lineStart += size;
    this.#kept = 0;
    this.#length = 0;
    // A line that ended a file by being none of its own may begin the next one.
    if (!this.#inside(line, start)) this.#outside(line, start);
  }

  /** True when the line belongs to the file at hand. */
  #inside(line: Uint8Array, start: number): boolean {
    const state = this.#state;
    switch (state.kind) {
      case "text":
        return false;
      case "begin":
      case "uuencode":
        return this.#uuLine(state, line, start);
      case "base64":
        if (standsAt(line, "====")) return this.#close(this.#lineStart, true);
        return isBase64Line(line) || this.#close(start, false, false);
      case "yenc": {
        if (isYencEnd(line)) return this.#close(this.#lineStart, true);
        if (yencBegin(line) !== undefined) return this.#close(start, false, false);
        const part = state.size === undefined ? yencPart(line) : undefined;
        if (part !== undefined) {
          state.offset = part.begin - 1;
          state.size = part.end - part.begin + 1;
        }
        return true;
      }
      case "banner":
        if (line[0] === 0x3a) {
          this.#state = { kind: "binhex", start, head: new BinHexDecoder() };
          return this.#binhexLine(this.#state, line, start, 1);
        }
        if (--state.lines < 0) this.#state = TEXT;
        return false;
      case "binhex":
        return this.#binhexLine(state, line, start, 0);
    }
  }

  /** A line outside of all files: begins one? */
  #outside(line: Uint8Array, start: number): void {
    const first = line[0];
    if ((first !== 0x62 && first !== 0x3d && first !== 0x28) || this.#files.length >= EMBEDDED_FILES) return;
    const begin = uuBegin(line);
    if (begin !== undefined) {
      this.#state = { kind: begin.base64 ? "base64" : "begin", start, begin };
      return;
    }
    const yenc = yencBegin(line);
    if (yenc !== undefined) this.#state = { kind: "yenc", start, begin: yenc, offset: 0 };
    else if (standsAt(line, BANNER)) this.#state = { kind: "banner", lines: BANNER_LINES };
  }

  #uuLine(state: Extract<State, { begin: UuBegin }>, line: Uint8Array, start: number): boolean {
    const size = uuLineSize(line);
    if (state.kind === "uuencode") {
      if (isUuEnd(line)) return this.#close(this.#lineStart, true);
      if (size < 0) return isBlank(line) || this.#close(start, false, false);
      state.size += size;
      return true;
    }
    // `begin 10 minutes early` is a sentence: only a full line of data (or none, at once the end) makes a file.
    const whole = size >= 0 && line.length > Math.floor(size * 4 / 3);
    if (!whole && !isUuEnd(line)) {
      this.#state = TEXT;
      return false;
    }
    this.#state = { kind: "uuencode", start: state.start, begin: state.begin, size: Math.max(size, 0) };
    return whole || this.#close(this.#lineStart, true);
  }

  #binhexLine(
    state: Extract<State, { kind: "binhex" }>,
    line: Uint8Array,
    start: number,
    from: number,
  ): boolean {
    for (let i = from; i < line.length; i++) {
      if (!isBinHexOctet(line[i]!)) return this.#close(start, false, false);
      if (line[i] === 0x3a) {
        if (state.head.head === undefined) state.head.push(line);
        return this.#close(start + i + 1, true);
      }
    }
    if (state.head.head === undefined) {
      state.head.push(line);
      state.head.push(LF);
    }
    return true;
  }

  /** The file at hand ends before `end`. Answers `consumed`: whether the line at hand is part of it. */
  #close(end: number, complete: boolean, consumed = true): boolean {
    const state = this.#state;
    this.#state = TEXT;
    const add = (file: Parameters<typeof embeddedFile>[0]) => {
      if (this.#files.length < EMBEDDED_FILES) this.#files.push(embeddedFile({ complete, ...file }));
    };
    switch (state.kind) {
      case "uuencode":
      case "base64": {
        const { start, begin } = state;
        const size = state.kind === "uuencode" ? state.size : undefined;
        add({ format: state.kind, name: text(begin.name, this.fallback), start, end, size });
        break;
      }
      case "yenc": {
        const { start, begin, offset } = state;
        const size = state.size ?? (begin.part === undefined ? begin.size : undefined);
        const piece = begin.part === undefined
          ? undefined
          : { part: begin.part, total: begin.total, offset, fileSize: begin.size };
        add({ format: "yenc", name: text(begin.name, this.fallback), start, end, size, piece });
        break;
      }
      case "binhex": {
        const { start, head: { head } } = state;
        if (head === undefined) break;
        const name = decodeCharset(octetsOf(head.name), "macintosh");
        const { dataSize, resourceSize } = head;
        if (dataSize > 0 || resourceSize === 0) add({ format: "binhex", name, start, end, size: dataSize });
        if (resourceSize > 0) {
          add({ format: "binhex-resource", name, start, end, size: resourceSize });
        }
        break;
      }
    }
    return consumed;
  }
}

const LF = Uint8Array.of(0x0a);

function text(octetString: string, fallback: string | undefined): string {
  return decodeCharset(octetsOf(octetString), undefined, fallback);
}

function isBlank(line: Uint8Array): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 0x0d);
}

function isBase64Line(line: Uint8Array): boolean {
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    const letter = c | 0x20;
    const data = (letter >= 0x61 && letter <= 0x7a) || (c >= 0x2f && c <= 0x39) || c === 0x2b || c === 0x3d;
    if (!data && c !== 0x0d) return false;
  }
  return true;
}

import { indexOfCrOrLf, wordsOf } from "../bytes/words.ts";
import { NEED } from "../core/step.ts";

const CR = 0x0d, LF = 0x0a, DOT = 0x2e;
const NOTHING = new Uint8Array(0);
const CRLF = Uint8Array.of(CR, LF);
const JUST_CR = Uint8Array.of(CR);
const JUST_LF = Uint8Array.of(LF);

/** What DATA's lines may be. */
export interface DataRules {
  /** Octets of the longest line, with its CRLF. */
  readonly line: number;
  /** What a CR or LF that stands alone is: a defect of the message, or a CRLF. */
  readonly bareNewline: "reject" | "normalize";
}

/** What is wrong with the lines of a message that came by DATA. */
export type DataDefect = "bare newline" | "line too long";

/** What DataReader gives. */
export type DataStep =
  | { readonly kind: "need" }
  /** Octets of the message: a view, valid until the next `push`. */
  | { readonly kind: "item"; readonly value: Uint8Array }
  /** The message is over; octets behind it are in `rest`. */
  | { readonly kind: "end" };

const END: DataStep = Object.freeze({ kind: "end" });

// Where we are in a line. A dot that begins a line is held back until the next octet tells what it is.
const enum At {
  LineStart,
  Text,
  AfterCr,
  Dot,
  DotCr,
}

/**
 * Takes the octets behind DATA's 354, gives the message without dot-stuffing, and finds its end: CRLF.CRLF and
 * nothing else (RFC 5321 §4.1.1.4, §4.5.2). Octets come out as views on the chunks, in the longest runs there
 * are; a defect is noted, and the search for the true end goes on.
 */
export class DataReader {
  readonly #rules: DataRules;
  #chunk: Uint8Array = NOTHING;
  #words: DataView = wordsOf(NOTHING);
  #at = 0;
  #state: At = At.LineStart;
  /** Octets of this line that came in earlier chunks. */
  #lineBefore = 0;
  /** Where this line begins in the chunk. */
  #lineStart = 0;
  #after: Uint8Array | undefined;
  #defect: DataDefect | undefined;

  constructor(rules: DataRules) {
    this.#rules = rules;
  }

  /** The first thing that is wrong with the message's lines, as far as it was read. */
  get defect(): DataDefect | undefined {
    return this.#defect;
  }

  /** Octets of the chunk that are not read yet; after `end`, those behind the message. */
  get rest(): number {
    return this.#chunk.length - this.#at;
  }

  /** Feeds octets; call only after `next` said `need`. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#words = wordsOf(chunk);
    this.#at = 0;
    this.#lineStart = 0;
  }

  /** The next run of the message's octets, or its end. */
  next(): DataStep {
    if (this.#after !== undefined) {
      const value = this.#after;
      this.#after = undefined;
      return { kind: "item", value };
    }
    const chunk = this.#chunk;
    const words = this.#words;
    const length = chunk.length;
    // Octets from `run` on are the message's and not given out yet.
    let run = this.#at;
    let at = run;
    while (at < length) {
      switch (this.#state) {
        case At.LineStart:
          if (chunk[at] === DOT) {
            this.#state = At.Dot;
            this.#at = at + 1;
            if (at > run) return { kind: "item", value: chunk.subarray(run, at) };
            run = ++at;
          } else this.#state = At.Text;
          break;
        case At.Dot:
          if (chunk[at] === CR) {
            this.#state = At.DotCr;
            run = ++at;
            this.#at = at;
          } else this.#state = At.Text;
          break;
        case At.DotCr:
          if (chunk[at] === LF) {
            this.#at = at + 1;
            return END;
          }
          // ".\rX": the dot was stuffed, and the CR, held back till now, stands alone.
          this.#newline(at);
          this.#at = at;
          return this.#bare(JUST_CR);
        case At.AfterCr:
          if (chunk[at] === LF) {
            at++;
            this.#endLine(at);
          } else {
            this.#newline(at);
            if (this.#rules.bareNewline === "normalize") {
              this.#at = at;
              if (at === run) return { kind: "item", value: JUST_LF };
              this.#after = JUST_LF;
              return { kind: "item", value: chunk.subarray(run, at) };
            }
            this.#defect ??= "bare newline";
          }
          break;
        default: {
          at = indexOfCrOrLf(chunk, words, at);
          if (at === length) break;
          if (chunk[at] === CR) {
            this.#state = At.AfterCr;
            at++;
            break;
          }
          this.#newline(at + 1);
          if (this.#rules.bareNewline === "normalize") {
            this.#at = at + 1;
            if (at === run) return { kind: "item", value: CRLF };
            this.#after = CRLF;
            return { kind: "item", value: chunk.subarray(run, at) };
          }
          this.#defect ??= "bare newline";
          at++;
        }
      }
    }
    this.#at = length;
    this.#lineBefore += length - this.#lineStart;
    this.#lineStart = length;
    if (this.#lineBefore > this.#rules.line) this.#defect ??= "line too long";
    return run < length ? { kind: "item", value: chunk.subarray(run, length) } : NEED;
  }

  /** A line ended with CRLF; the next begins at `at`. */
  #endLine(at: number): void {
    this.#state = At.LineStart;
    if (this.#lineBefore + at - this.#lineStart > this.#rules.line) this.#defect ??= "line too long";
    this.#lineBefore = 0;
    this.#lineStart = at;
  }

  /** A bare CR or LF stood before `at`. The next octet is text, and no dot there is stuffed or ends anything. */
  #newline(at: number): void {
    this.#state = At.Text;
    if (this.#rules.bareNewline === "reject") return;
    this.#lineBefore = 0;
    this.#lineStart = at;
  }

  #bare(octets: Uint8Array): DataStep {
    if (this.#rules.bareNewline === "normalize") return { kind: "item", value: CRLF };
    this.#defect ??= "bare newline";
    return { kind: "item", value: octets };
  }
}

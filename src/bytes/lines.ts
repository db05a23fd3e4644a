import { type Fault, fault, item, NEED, type Step } from "../core/step.ts";

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

/** What a line may be. */
export interface LineRules {
  /** Octets of the longest line, without its CRLF. */
  readonly line: number;
  /**
   * Octets of a refused line that are skipped in search of its CRLF before framing is given up. Eight times
   * `line` when left out.
   */
  readonly skip?: number;
  /**
   * What a CR or LF that stands alone is: `fault` refuses the line that holds it, `keep` takes it as an octet
   * like any other. It never ends a line.
   */
  readonly bare: "fault" | "keep";
}

/** Rule names of the faults that LineParser gives. */
export type LineFault = "line too long" | "bare newline" | "line without end";

/**
 * Cuts a stream into lines that end with CRLF, and with nothing else.
 *
 * A line is a view without its CRLF, valid until the next call of `next` or `push`. A line that breaks a rule
 * is one fault, given as soon as the rule is broken; what follows up to its CRLF is skipped, so framing is kept.
 * Only `line without end` is fatal. Lines that span chunks are copied once.
 */
export class LineParser {
  readonly #rules: Required<LineRules>;
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  #held: Uint8Array = NOTHING;
  #heldLength = 0;
  #skipping = false;
  #skipped = 0;
  #skippedCr = false;

  constructor(rules: LineRules) {
    this.#rules = { skip: rules.line * 8, ...rules };
  }

  /** Feeds octets; call only after `next` said `need`, or after `take` emptied the chunk. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** True when no octet is held: neither a begun line nor a rest of the chunk. */
  get empty(): boolean {
    return this.#heldLength === 0 && this.#at >= this.#chunk.length && !this.#skipping;
  }

  /**
   * Takes up to `max` octets that are not lines, as a view on the chunk, of length 0 when it is used up. Only
   * between lines.
   */
  take(max: number): Uint8Array {
    const start = this.#at;
    this.#at = Math.min(this.#chunk.length, start + max);
    return this.#chunk.subarray(start, this.#at);
  }

  /** Gives back the last `count` octets of what `take` gave. */
  untake(count: number): void {
    this.#at -= count;
  }

  /** The next line. */
  next(): Step<Uint8Array> {
    if (this.#skipping) {
      const step = this.#skip();
      if (step !== undefined) return step;
    }
    const { line, bare } = this.#rules;
    const chunk = this.#chunk;
    const start = this.#at;
    if (this.#heldLength > 0) return this.#nextHeld();
    if (start >= chunk.length) return NEED;
    const lf = chunk.indexOf(LF, start);
    // Nearly every line: whole in its chunk, short, its first CR just before its first LF.
    if (lf > start && lf - 1 - start <= line && chunk[lf - 1] === CR) {
      if (bare === "keep" || chunk.indexOf(CR, start) === lf - 1) {
        this.#at = lf + 1;
        return item(chunk.subarray(start, lf - 1));
      }
    }
    return this.#inspect(chunk, start, start, Math.min(chunk.length, start + line + 2), start);
  }

  /** The next line when its beginning came in an earlier chunk. */
  #nextHeld(): Step<Uint8Array> {
    const { line, bare } = this.#rules;
    const before = this.#heldLength;
    const room = line + 2 - before;
    // Where a bare LF is a fault, no octet behind the first LF is looked at.
    const lf = bare === "fault" ? this.#chunk.indexOf(LF, this.#at) : -1;
    const until = Math.min(this.#chunk.length, this.#at + room, lf < 0 ? Infinity : lf + 1);
    this.#hold(this.#chunk.subarray(this.#at, until));
    return this.#inspect(this.#held, 0, before, this.#heldLength, this.#at - before);
  }

  /**
   * Looks for the end of the line that begins at `start` of `octets`, or for what is wrong with it; octets
   * before `from` were looked at before. Octet `i` of the line stands at `origin + i` of the chunk (negative:
   * it came earlier).
   */
  #inspect(octets: Uint8Array, start: number, from: number, end: number, origin: number): Step<Uint8Array> {
    const { line, bare } = this.#rules;
    for (let at = from; at < end; at++) {
      const octet = octets[at]!;
      const place = at - start;
      const afterCr = place > 0 && octets[at - 1] === CR;
      if (octet === LF && afterCr) {
        this.#at = origin + place + 1;
        this.#heldLength = 0;
        return item(octets.subarray(start, at - 1));
      }
      if (bare === "fault" && afterCr) return this.#refuse(BARE, origin + place);
      if (bare === "fault" && octet === LF) return this.#refuse(BARE, origin + place + 1);
      // A CR in the place behind the longest line may still begin its CRLF.
      if (place > line || (place === line && octet !== CR)) return this.#refuse(TOO_LONG, origin + place);
    }
    if (octets !== this.#held) this.#hold(octets.subarray(start, end));
    this.#at = this.#chunk.length;
    return NEED;
  }

  #refuse(what: Fault, resumeAt: number): Step<Uint8Array> {
    this.#heldLength = 0;
    this.#at = resumeAt;
    this.#skipping = true;
    this.#skipped = 0;
    this.#skippedCr = false;
    return { kind: "fault", fault: what };
  }

  /** Skips the rest of a refused line. Undefined: its CRLF was found. */
  #skip(): Step<Uint8Array> | undefined {
    const chunk = this.#chunk;
    const start = this.#at;
    if (start >= chunk.length) return NEED;
    let end = -1;
    if (this.#skippedCr && chunk[start] === LF) end = start + 1;
    else {
      for (let lf = chunk.indexOf(LF, start); lf >= 0; lf = chunk.indexOf(LF, lf + 1)) {
        if (lf > start && chunk[lf - 1] === CR) {
          end = lf + 1;
          break;
        }
      }
    }
    this.#at = end < 0 ? chunk.length : end;
    this.#skipped += this.#at - start;
    this.#skippedCr = chunk[this.#at - 1] === CR;
    if (this.#skipped > this.#rules.skip) return ENDLESS;
    if (end < 0) return NEED;
    this.#skipping = false;
    return undefined;
  }

  #hold(octets: Uint8Array): void {
    const length = this.#heldLength + octets.length;
    if (this.#held.length < length) {
      const grown = new Uint8Array(Math.min(Math.max(256, length * 2), this.#rules.line + 2));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(octets, this.#heldLength);
    this.#heldLength = length;
  }
}

const lineFault = (rule: LineFault, text: string, fatal = false) => fault(rule, text, fatal);
const BARE = lineFault("bare newline", "Line with a CR or LF that stands alone: lines end with CRLF").fault;
const TOO_LONG = lineFault("line too long", "Line too long").fault;
const ENDLESS = lineFault("line without end", "Line too long, and no end in sight", true);

/** The mbox format (RFC 4155, in its variant mboxrd, where quoting can be undone): reading and writing. */
import { join } from "../bytes/join.ts";
import { latin1, octetsOf } from "../bytes/ascii.ts";

const LF = 10, CR = 13, GREATER = 0x3e;
const FROM = octetsOf("From ");
/** A line's beginning that is looked at as a whole: separator lines are shorter. */
const LINE = 4096;

/** What a mbox holds, in order. Octets are views on what was pushed, or copies where a line spanned pieces. */
export type MboxItem =
  /** `date`: milliseconds since the epoch, from the separator line; undefined where it has none. */
  | { readonly kind: "begin"; readonly date: number | undefined }
  | { readonly kind: "octets"; readonly octets: Uint8Array }
  | { readonly kind: "end" };

/**
 * Cuts a mbox into messages. A line `From ` begins a message at the start of the file and behind an empty line;
 * the empty line before it is not the message's. Of lines that begin with `>`s and `From `, one `>` is taken away.
 */
export class MboxReader {
  #held = new Uint8Array(0);
  /** The line that is going on was longer than LINE, and what came of it has been given out. */
  #within = false;
  #open = false;
  /** An empty line that may be the separator's. */
  #blank: Uint8Array | undefined;
  #afterBlank = true;
  /** Octets before the first separator that are more than white space: not a mbox. */
  #stray = false;

  /** True when the file did not begin as a mbox does. */
  get isStray(): boolean {
    return this.#stray;
  }

  /** Takes the next octets. */
  *push(octets: Uint8Array): Generator<MboxItem> {
    let rest = octets;
    if (this.#held.length > 0) {
      rest = new Uint8Array(this.#held.length + octets.length);
      rest.set(this.#held);
      rest.set(octets, this.#held.length);
      this.#held = new Uint8Array(0);
    }
    let at = 0;
    for (;;) {
      const end = rest.indexOf(LF, at);
      if (end < 0) break;
      yield* this.#line(rest.subarray(at, end + 1), true);
      at = end + 1;
    }
    const left = rest.subarray(at);
    if (left.length < LINE && !this.#within) this.#held = left.slice();
    else if (left.length > 0) yield* this.#line(left, false);
  }

  /** The end of the file. */
  *finish(): Generator<MboxItem> {
    if (this.#held.length > 0) yield* this.#line(this.#held, true);
    this.#held = new Uint8Array(0);
    if (this.#open) yield { kind: "end" };
    this.#open = false;
  }

  *#line(line: Uint8Array, complete: boolean): Generator<MboxItem> {
    const goesOn = this.#within;
    this.#within = !complete;
    if (!goesOn && this.#afterBlank && startsWith(line, FROM, 0)) {
      if (this.#open) yield { kind: "end" };
      this.#open = true;
      this.#blank = undefined;
      this.#afterBlank = false;
      yield { kind: "begin", date: separatorDate(line) };
      return;
    }
    if (!this.#open) {
      if (line.some((octet) => octet > 0x20)) this.#stray = true;
      return;
    }
    if (this.#blank !== undefined) yield { kind: "octets", octets: this.#blank };
    this.#blank = undefined;
    this.#afterBlank = !goesOn && (line.length === 1 || line.length === 2 && line[0] === CR);
    if (this.#afterBlank) this.#blank = line.slice();
    else yield { kind: "octets", octets: goesOn ? line : unquoted(line) };
  }
}

/** `From` line of a message: sender and date as RFC 4155 has them, UTC. */
export function separatorLine(milliseconds: number): Uint8Array {
  const [week, day, month, year, time] = new Date(milliseconds).toUTCString().replace(",", "").split(" ");
  return octetsOf(`From MAILER-DAEMON ${week} ${month} ${day!.replace(/^0/, " ")} ${time} ${year}\n`);
}

/** Quotes a message's lines that would be taken for separators: one `>` before `From ` and `>From `. Streams. */
export class MboxQuoter {
  #held = new Uint8Array(0);
  #within = false;

  /** Octets with LF line ends. A beginning of a line that may have to be quoted waits for what follows. */
  convert(octets: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#held.length + octets.length);
    all.set(this.#held);
    all.set(octets, this.#held.length);
    this.#held = new Uint8Array(0);
    const pieces: Uint8Array[] = [];
    let at = 0;
    while (at < all.length) {
      const newline = all.indexOf(LF, at);
      const end = newline < 0 ? all.length : newline + 1;
      if (!this.#within) {
        const depth = quotes(all, at, end);
        if (newline < 0 && depth < LINE && mayBeFrom(all, at + depth, end)) {
          this.#held = all.slice(at);
          break;
        }
        if (startsWith(all, FROM, at + depth)) pieces.push(Uint8Array.of(GREATER));
      }
      pieces.push(all.subarray(at, end));
      this.#within = newline < 0;
      at = end;
    }
    return join(pieces);
  }

  /** The end of a message: what waited, a line end where there is none, and the empty line behind it. */
  finish(): Uint8Array {
    const pieces: Uint8Array[] = [];
    const goesOn = this.#within || this.#held.length > 0;
    if (this.#held.length > 0) {
      if (startsWith(this.#held, FROM, quotes(this.#held, 0, this.#held.length))) {
        pieces.push(Uint8Array.of(GREATER));
      }
      pieces.push(this.#held);
    }
    this.#held = new Uint8Array(0);
    this.#within = false;
    pieces.push(octetsOf(goesOn ? "\n\n" : "\n"));
    return join(pieces);
  }
}

function quotes(octets: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && octets[at] === GREATER) at++;
  return at - from;
}

/** Could it become `From ` once more octets have come? A run of `>` beyond LINE is no quoted separator. */
function mayBeFrom(octets: Uint8Array, at: number, end: number): boolean {
  if (end - at >= FROM.length) return false;
  for (let i = at; i < end; i++) if (octets[i] !== FROM[i - at]) return false;
  return true;
}

function unquoted(line: Uint8Array): Uint8Array {
  const depth = quotes(line, 0, line.length);
  return depth > 0 && startsWith(line, FROM, depth) ? line.subarray(1) : line;
}

function startsWith(octets: Uint8Array, what: Uint8Array, at: number): boolean {
  if (octets.length - at < what.length) return false;
  for (let i = 0; i < what.length; i++) if (octets[at + i] !== what[i]) return false;
  return true;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DATE = / (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) (\d{2}):(\d{2})(?::(\d{2}))?/;

function separatorDate(line: Uint8Array): number | undefined {
  const text = latin1(line, 0, Math.min(line.length, 200));
  const match = DATE.exec(text);
  const year = / (\d{4})\s*(?:[+-]\d{4})?\s*$/.exec(text)?.[1];
  if (match === null || year === undefined) return undefined;
  const [, month, day, hour, minute, second = "0"] = match;
  return Date.UTC(+year, MONTHS.indexOf(month!), +day!, +hour!, +minute!, +second);
}

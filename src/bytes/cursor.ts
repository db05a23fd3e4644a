import { Buffer, isUtf8 } from "node:buffer";

/** Latin-1 text of a run of octets; for short runs of known ASCII (50 ns, a TextDecoder takes five times that). */
export function asciiText(octets: Uint8Array, start: number, end: number): string {
  return Buffer.prototype.latin1Slice.call(octets, start, end);
}

/** UTF-8 text of a run of octets; undefined when the run is not valid UTF-8. */
export function utf8Text(octets: Uint8Array, start: number, end: number): string | undefined {
  const run = octets.subarray(start, end);
  return isUtf8(run) ? Buffer.prototype.utf8Slice.call(run, 0, run.length) : undefined;
}

/** A place in a run of octets, for grammar functions: each looks, and moves `at` over what it took. */
export class Cursor {
  /** The next octet's index. */
  at: number;

  constructor(readonly octets: Uint8Array, start = 0, readonly end = octets.length) {
    this.at = start;
  }

  /** True when nothing is left. */
  get done(): boolean {
    return this.at >= this.end;
  }

  /** The next octet, or -1 at the end. */
  peek(): number {
    return this.at < this.end ? this.octets[this.at]! : -1;
  }

  /** Takes one octet if it is `octet`. */
  eat(octet: number): boolean {
    if (this.at >= this.end || this.octets[this.at] !== octet) return false;
    this.at++;
    return true;
  }

  /** Takes `keyword` if it comes next, whatever the case of its ASCII letters. Give it in capitals. */
  eatFold(keyword: string): boolean {
    if (this.end - this.at < keyword.length) return false;
    for (let i = 0; i < keyword.length; i++) {
      if (upper(this.octets[this.at + i]!) !== keyword.charCodeAt(i)) return false;
    }
    this.at += keyword.length;
    return true;
  }

  /** Takes octets as long as `table` has a 1 for them; says how many. */
  skipWhile(table: Uint8Array): number {
    const start = this.at;
    let at = start;
    while (at < this.end && table[this.octets[at]!] === 1) at++;
    this.at = at;
    return at - start;
  }

  /** Latin-1 text from `start` to here. */
  textFrom(start: number): string {
    return asciiText(this.octets, start, this.at);
  }
}

/** An ASCII letter in capitals; any other octet as it is. */
export function upper(octet: number): number {
  return octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet;
}

/** A table for `skipWhile`: 1 for every character of `characters`, and for all octets from 0x80 with `eightBit`. */
export function octetTable(characters: string, eightBit = false): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  if (eightBit) table.fill(1, 0x80);
  return table;
}

/** The ASCII letters, for `octetTable`. */
export const ALPHA = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** The ASCII digits, for `octetTable`. */
export const DIGIT = "0123456789";

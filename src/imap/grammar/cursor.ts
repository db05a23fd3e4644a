import type { ImapLimits } from "../limits.ts";
import type { CommandFault, FaultCode } from "./fault.ts";
import { ascii, CLASS, WORD_CHAR } from "./octets.ts";

/** What the session's state changes about the grammar. */
export interface ParserMode {
  /** Mailbox names are UTF-8 (IMAP4rev2 or UTF8=ACCEPT enabled); otherwise modified UTF-7. */
  readonly utf8: boolean;
}

/**
 * A place in one whole command: its line with the literals where the client sent them, without the last
 * CRLF.
 *
 * Grammar functions carry the ABNF rule's name, take a cursor and answer the parsed value, or `undefined`
 * after {@link Cursor.fail}: the first fault stands, and every caller up the stack gives up at once.
 */
export class Cursor {
  /** The command's octets. */
  octets: Uint8Array;
  /** The next octet to look at. */
  pos: number;
  /** One past the last octet. */
  end: number;
  /** The first fault, if any. */
  fault: CommandFault | undefined = undefined;
  /** The command's tag once it was read. */
  tag: string | undefined = undefined;

  constructor(
    octets: Uint8Array,
    readonly limits: ImapLimits,
    readonly mode: ParserMode,
    start = 0,
    end: number = octets.length,
  ) {
    this.octets = octets;
    this.pos = start;
    this.end = end;
  }

  /** Records a fault, if it is the first, and answers `undefined` for the caller to return. */
  fail(rule: string, text: string, status: "BAD" | "NO" = "BAD", code?: FaultCode): undefined {
    this.fault ??= { rule, text, fatal: false, tag: this.tag, status, code };
    return undefined;
  }

  /** Fails because something else was expected here. */
  expected(what: string): undefined {
    return this.fail("syntax", this.pos < this.end ? `Expected ${what}` : `Expected ${what}, found the end`);
  }

  /** The octet here, or -1 at the end. */
  peek(): number {
    return this.pos < this.end ? this.octets[this.pos]! : -1;
  }

  /** The octet `ahead` of here, or -1 past the end. */
  peekAt(ahead: number): number {
    const at = this.pos + ahead;
    return at < this.end ? this.octets[at]! : -1;
  }

  /** Passes the octet if it is the one here. */
  take(octet: number): boolean {
    if (this.peek() !== octet) return false;
    this.pos++;
    return true;
  }

  /** Passes the octet or fails. */
  expect(octet: number): boolean {
    if (this.take(octet)) return true;
    this.expected(octet === 0x20 ? "a space" : `"${String.fromCharCode(octet)}"`);
    return false;
  }

  /** SP: exactly one (RFC 9051 §9, note 2). */
  sp(): boolean {
    return this.expect(0x20);
  }

  /** `SP "("` if it is here: how every optional list begins. */
  takeSpaceParen(): boolean {
    if (this.peek() !== 0x20 || this.peekAt(1) !== 0x28) return false;
    this.pos += 2;
    return true;
  }

  /** Passes a keyword of the grammar, given in capitals, in any case and as a whole word. */
  keyword(word: string): boolean {
    const end = this.pos + word.length;
    if (!this.startsWith(word)) return false;
    if (end < this.end && (CLASS[this.octets[end]!]! & WORD_CHAR) !== 0) return false;
    this.pos = end;
    return true;
  }

  /** True when `word`, given in capitals, is here in any case; passes nothing. */
  startsWith(word: string): boolean {
    if (this.pos + word.length > this.end) return false;
    for (let i = 0; i < word.length; i++) {
      const want = word.charCodeAt(i);
      const have = this.octets[this.pos + i]!;
      if (have !== want && (want < 0x41 || want > 0x5a || have !== want + 0x20)) return false;
    }
    return true;
  }

  /** Passes a run of WORD-CHARs and gives it in capitals; empty when none is here. */
  word(): string {
    const start = this.pos;
    let at = start;
    while (at < this.end && (CLASS[this.octets[at]!]! & WORD_CHAR) !== 0) at++;
    this.pos = at;
    return ascii(this.octets, start, at).toUpperCase();
  }

  /** Passes a run of octets of a class; gives where it began. */
  run(classBit: number): number {
    const start = this.pos;
    let at = start;
    while (at < this.end && (CLASS[this.octets[at]!]! & classBit) !== 0) at++;
    this.pos = at;
    return start;
  }

  /** True at the command's end; fails otherwise. */
  atEnd(): boolean {
    if (this.pos === this.end) return true;
    this.fail("syntax", "Unexpected text behind the command");
    return false;
  }
}

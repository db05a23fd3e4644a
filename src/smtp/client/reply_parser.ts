import { utf8 } from "../../bytes/ascii.ts";
import { fault, item, NEED, type Step } from "../../core/step.ts";

const LF = 0x0a, CR = 0x0d, SPACE = 0x20, HYPHEN = 0x2d;
const NOTHING = new Uint8Array(0);

/** One whole reply of a server. */
export interface WireReply {
  /** 200..559. */
  readonly code: number;
  /** What stands behind the code, line by line; without controls. */
  readonly lines: readonly string[];
}

/** How much a reply may hold. */
export interface ReplyRules {
  readonly replyOctets: number;
  readonly replyLines: number;
}

/**
 * Cuts what a server sends into replies (RFC 5321 §4.2). A line may end with a bare LF, which some servers
 * send, and consist of nothing but the code (§4.2.1). All lines of a reply carry the same code, or it is not
 * known what the server meant. Every fault is fatal.
 */
export class ReplyParser {
  readonly #rules: ReplyRules;
  #held: Uint8Array = NOTHING;
  /** Octets of the reply whose lines were cut already. */
  #before = 0;
  #code = 0;
  #lines: string[] = [];

  constructor(rules: ReplyRules) {
    this.#rules = rules;
  }

  /** Octets that came and belong to no reply that was given out. */
  get pending(): number {
    return this.#held.length + this.#before;
  }

  /** Feeds octets; they are copied. */
  push(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#held.length + chunk.length);
    joined.set(this.#held);
    joined.set(chunk, this.#held.length);
    this.#held = joined;
  }

  /** The next reply. */
  next(): Step<WireReply> {
    for (;;) {
      const lf = this.#held.indexOf(LF);
      const size = this.#before + (lf < 0 ? this.#held.length : lf + 1);
      if (size > this.#rules.replyOctets) return fault("reply too long", "The reply is too long", true);
      if (lf < 0) return NEED;
      const line = this.#held.subarray(0, lf > 0 && this.#held[lf - 1] === CR ? lf - 1 : lf);
      this.#held = this.#held.subarray(lf + 1);
      this.#before = size;
      const code = codeOf(line);
      const after = line[3] ?? SPACE;
      if (code === undefined || after !== SPACE && after !== HYPHEN) {
        return fault("not a reply", "What came is no SMTP reply", true);
      }
      if (this.#lines.length > 0 && code !== this.#code) {
        return fault("mixed codes", "The lines of the reply have different codes", true);
      }
      if (this.#lines.length === this.#rules.replyLines) {
        return fault("too many lines", "The reply has too many lines", true);
      }
      this.#code = code;
      this.#lines.push(printable(utf8(line, 4)));
      if (after === SPACE) {
        const lines = this.#lines;
        this.#lines = [];
        this.#before = 0;
        return item({ code, lines });
      }
    }
  }
}

/** Reply-code = %x32-35 %x30-35 %x30-39 (RFC 5321 §4.2); any second digit is taken. */
function codeOf(line: Uint8Array): number | undefined {
  let code = 0;
  for (let at = 0; at < 3; at++) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    code = code * 10 + digit;
  }
  return code >= 200 && code < 600 ? code : undefined;
}

/** Text without controls, line separators and what was no UTF-8. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\ufffd]/gu, "?");
}

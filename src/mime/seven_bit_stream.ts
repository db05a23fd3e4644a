/** Makes the changes of a SevenBitPlan while a message passes by, in constant memory. */
import { encodeQuotedPrintable } from "../bytes/quoted_printable.ts";
import { Base64Lines } from "./compose_transfer.ts";
import { join } from "../bytes/join.ts";
import { type Change, withEncoding } from "./seven_bit.ts";

const NOTHING = new Uint8Array(0);
const CRLF = Uint8Array.of(0x0d, 0x0a);

/** Takes the octets of the message in any pieces, gives those that go out; `finish` once. */
export class SevenBitConverter {
  readonly #changes: readonly Change[];
  #next = 0;
  /** Octets so far. */
  #at = 0;
  /** The header block that is being gathered. */
  #header: Uint8Array[] = [];
  #body: QuotedPrintableLines | Base64Lines | undefined;
  #last = 0x0a;

  constructor(changes: readonly Change[]) {
    this.#changes = changes;
  }

  /** The next octets; what comes out are views on them where nothing changes. */
  push(octets: Uint8Array): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    let from = 0;
    // A change without octets (an empty body behind its header) is over before it begins.
    while (from < octets.length || this.#changes[this.#next]?.end === this.#at) {
      const change = this.#changes[this.#next];
      if (change === undefined || this.#at < change.start) {
        const until = Math.min(octets.length - from, (change?.start ?? Infinity) - this.#at);
        out.push(octets.subarray(from, from + until));
        from += until;
        this.#at += until;
        continue;
      }
      const until = Math.min(octets.length - from, change.end - this.#at);
      this.#take(change, octets.subarray(from, from + until), out);
      from += until;
      this.#at += until;
      if (this.#at === change.end) {
        this.#end(change, out);
        this.#next++;
      }
    }
    for (const { length, [length - 1]: last } of out) if (length > 0) this.#last = last!;
    return out;
  }

  /** What ends the message: whoever encoded its last line did not end it. */
  finish(): Uint8Array {
    return this.#last === 0x0a ? NOTHING : CRLF;
  }

  #take(change: Change, octets: Uint8Array, out: Uint8Array[]): void {
    if (change.what === "header") this.#header.push(octets.slice());
    else {
      this.#body ??= change.encoding === "base64" ? new Base64Lines() : new QuotedPrintableLines();
      out.push(this.#body.push(octets));
    }
  }

  #end(change: Change, out: Uint8Array[]): void {
    if (change.what === "header") {
      out.push(withEncoding(join(this.#header), change.encoding, change.start === 0));
      this.#header = [];
    } else {
      if (this.#body !== undefined) out.push(this.#body.finish());
      this.#body = undefined;
    }
  }
}

/** Octets of a line that are held back until its end is there; a longer one is cut by a soft line break. */
const HELD = 16_384;

/** Behind the last CRLF; a bare LF ends no line. */
function endOfLines(octets: Uint8Array): number {
  let lf = octets.lastIndexOf(0x0a);
  while (lf > 0 && octets[lf - 1] !== 0x0d) lf = octets.lastIndexOf(0x0a, lf - 1);
  return lf > 0 ? lf + 1 : 0;
}

/** Quoted-printable (RFC 2045 §6.7) as a stream. */
class QuotedPrintableLines {
  #held: Uint8Array = NOTHING;

  /** Lines that are whole so far. */
  push(octets: Uint8Array): Uint8Array {
    const all = this.#held.length === 0 ? octets : join([this.#held, octets]);
    const lines = endOfLines(all);
    let text = encodeQuotedPrintable(all.subarray(0, lines));
    let rest = all.subarray(lines);
    if (rest.length > HELD) {
      // The last octet stays: it may be the CR of a CRLF, and a soft break is nothing to end with.
      const cut = rest.length - 1;
      text += `${encodeQuotedPrintable(rest.subarray(0, cut))}=\r\n`;
      rest = rest.subarray(cut);
    }
    this.#held = rest.slice();
    return new TextEncoder().encode(text);
  }

  /** The last line, which may have no end. */
  finish(): Uint8Array {
    const text = encodeQuotedPrintable(this.#held);
    this.#held = NOTHING;
    return new TextEncoder().encode(text);
  }
}

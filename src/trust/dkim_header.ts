import { latin1 } from "../bytes/ascii.ts";
import { TRUST_LIMITS } from "./limits.ts";

/** One field of a header as it came, an octet string; `name` in lower case. */
export interface SignedField {
  readonly name: string;
  /** Behind the colon, with its folds, without the last CRLF. */
  readonly value: string;
}

/**
 * Cuts a message into its header and its body while it streams. The header ends with the first empty line; a
 * message without one is all header.
 */
export class HeaderCutter {
  #held = new Uint8Array(4096);
  #size = 0;
  #over = false;

  /** True when the header is longer than TRUST_LIMITS.signedHeader: nothing can be signed then. */
  get tooLong(): boolean {
    return this.#size > TRUST_LIMITS.signedHeader;
  }

  /** The next octets of the message; gives those that are the body's. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#over) return chunk;
    if (this.tooLong) return chunk.subarray(chunk.length);
    const before = this.#size;
    this.#append(chunk);
    const end = headerEnd(this.#held.subarray(0, this.#size), Math.max(0, before - 3));
    if (end < 0) return chunk.subarray(chunk.length);
    this.#over = true;
    this.#size = end;
    return chunk.subarray(end - before);
  }

  /** The fields of the header, in order. */
  fields(): readonly SignedField[] {
    const text = latin1(this.#held, 0, this.#size);
    const fields: { name: string; value: string }[] = [];
    for (const line of text.split("\r\n")) {
      if (line === "") continue;
      const last = fields.at(-1);
      if (line[0] === " " || line[0] === "\t") {
        if (last !== undefined) last.value += `\r\n${line}`;
        continue;
      }
      const colon = line.indexOf(":");
      if (colon < 1) continue;
      fields.push({ name: line.slice(0, colon).trimEnd().toLowerCase(), value: line.slice(colon + 1) });
    }
    return fields;
  }

  #append(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > this.#held.length) {
      const larger = new Uint8Array(Math.max(size, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#size));
      this.#held = larger;
    }
    this.#held.set(chunk, this.#size);
    this.#size = size;
  }
}

/** Where the body begins, -1 while the empty line is not there. */
function headerEnd(octets: Uint8Array, from: number): number {
  if (from === 0 && octets[0] === 0x0d && octets[1] === 0x0a) return 2;
  for (let at = octets.indexOf(0x0d, from); at >= 0; at = octets.indexOf(0x0d, at + 1)) {
    if (octets[at + 1] === 0x0a && octets[at + 2] === 0x0d && octets[at + 3] === 0x0a) return at + 4;
  }
  return -1;
}

/** A field in its relaxed form (RFC 6376 §3.4.2), without CRLF. */
export function relaxedField({ name, value }: SignedField): string {
  return `${name}:${
    value.replaceAll("\r\n", "").replaceAll(/[ \t]+/g, " ").replace(/^ /, "").replace(/ $/, "")
  }`;
}

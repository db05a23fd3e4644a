/** The part tree as octets, for the database: small, versioned, quick to read back. */
import { latin1 } from "../bytes/ascii.ts";
import type { Parameter } from "./parameter.ts";
import type { Disposition, Part } from "./part.ts";
import { borrow, copyOf, giveBack } from "./scratch.ts";

const VERSION = 1;
/** Deeper trees were never packed; guards against corrupt octets. */
const DEPTH = 256;

/** Bits of a part's first octet: which of the rare members follow. */
const Has = {
  id: 1,
  description: 2,
  disposition: 4,
  language: 8,
  location: 16,
  md5: 32,
  envelope: 64,
} as const;

/**
 * Octets from which `unpackParts` makes the same tree. A version octet, then part by part: member bits,
 * numbers as LEB128 (offsets as distances), strings as length and octets, the children.
 */
export function packParts(root: Part): Uint8Array {
  const packer = new Packer();
  packer.number(VERSION);
  packer.part(root, 0);
  return packer.take();
}

/**
 * The tree that was packed.
 *
 * @throws RangeError when the octets are not what `packParts` makes.
 */
export function unpackParts(octets: Uint8Array): Part {
  const unpacker = new Unpacker(octets);
  const version = unpacker.number();
  if (version !== VERSION) throw new RangeError(`Cannot unpack parts: unknown version ${version}`);
  return unpacker.part(0, 0);
}

class Packer {
  #octets = borrow();
  #length = 0;

  take(): Uint8Array {
    const taken = copyOf(this.#octets, this.#length);
    giveBack(this.#octets);
    return taken;
  }

  part(part: Part, base: number): void {
    this.number(
      (part.id === undefined ? 0 : Has.id) | (part.description === undefined ? 0 : Has.description) |
        (part.disposition === undefined ? 0 : Has.disposition) |
        (part.language.length === 0 ? 0 : Has.language) |
        (part.location === undefined ? 0 : Has.location) | (part.md5 === undefined ? 0 : Has.md5) |
        (part.envelope === undefined ? 0 : Has.envelope),
    );
    this.number(part.headerStart - base);
    this.number(part.bodyStart - part.headerStart);
    this.number(part.bodyEnd - part.bodyStart);
    this.number(part.lines);
    this.string(part.type);
    this.string(part.subtype);
    this.string(part.encoding);
    this.#params(part.params);
    if (part.id !== undefined) this.string(part.id);
    if (part.description !== undefined) this.string(part.description);
    if (part.disposition !== undefined) {
      this.string(part.disposition.type);
      this.#params(part.disposition.params);
    }
    if (part.language.length > 0) {
      this.number(part.language.length);
      for (const tag of part.language) this.string(tag);
    }
    if (part.location !== undefined) this.string(part.location);
    if (part.md5 !== undefined) this.string(part.md5);
    if (part.envelope !== undefined) this.#envelope(part.envelope);
    this.number(part.children.length);
    for (const child of part.children) this.part(child, part.headerStart);
  }

  number(value: number): void {
    this.#room(8);
    while (value >= 0x80) {
      this.#octets[this.#length++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#octets[this.#length++] = value;
  }

  string(text: string): void {
    this.number(text.length);
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) this.#octets[this.#length + i] = text.charCodeAt(i);
    this.#length += text.length;
  }

  #params(params: readonly Parameter[]): void {
    this.number(params.length);
    for (const { name, value } of params) {
      this.string(name);
      this.string(value);
    }
  }

  #envelope(octets: Uint8Array): void {
    this.number(octets.length);
    this.#room(octets.length);
    this.#octets.set(octets, this.#length);
    this.#length += octets.length;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(this.#octets.length * 2, this.#length + more));
    larger.set(this.#octets.subarray(0, this.#length));
    this.#octets = larger;
  }
}

class Unpacker {
  #pos = 0;

  constructor(readonly octets: Uint8Array) {}

  part(base: number, depth: number): Part {
    if (depth > DEPTH) throw new RangeError("Cannot unpack parts: too deep");
    const has = this.number();
    const headerStart = base + this.number();
    const bodyStart = headerStart + this.number();
    const bodyEnd = bodyStart + this.number();
    const lines = this.number();
    const type = this.#string();
    const subtype = this.#string();
    const encoding = this.#string();
    const params = this.#params();
    const id = has & Has.id ? this.#string() : undefined;
    const description = has & Has.description ? this.#string() : undefined;
    const disposition = has & Has.disposition ? this.#disposition() : undefined;
    const language = has & Has.language ? this.#list(() => this.#string()) : [];
    const location = has & Has.location ? this.#string() : undefined;
    const md5 = has & Has.md5 ? this.#string() : undefined;
    const envelope = has & Has.envelope ? this.#view() : undefined;
    const children = this.#list(() => this.part(headerStart, depth + 1));
    return {
      type,
      subtype,
      params,
      id,
      description,
      encoding,
      disposition,
      language,
      location,
      md5,
      headerStart,
      bodyStart,
      bodyEnd,
      lines,
      children,
      envelope,
    };
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const octet = this.octets[this.#pos++];
      if (octet === undefined) break;
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
    throw new RangeError("Cannot unpack parts: a number has no end");
  }

  #view(): Uint8Array {
    const size = this.number();
    const start = this.#pos;
    if (size > this.octets.length - start) throw new RangeError("Cannot unpack parts: cut short");
    this.#pos += size;
    return this.octets.subarray(start, this.#pos);
  }

  #string(): string {
    return latin1(this.#view());
  }

  #disposition(): Disposition {
    return { type: this.#string(), params: this.#params() };
  }

  #params(): readonly Parameter[] {
    return this.#list(() => ({ name: this.#string(), value: this.#string() }));
  }

  #list<T>(one: () => T): T[] {
    const count = this.number();
    if (count > this.octets.length - this.#pos) throw new RangeError("Cannot unpack parts: cut short");
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(one());
    return list;
  }
}

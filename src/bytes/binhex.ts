/**
 * BinHex 4.0 (RFC 1741 §§ 3–4 and Appendix A): both forks of a Macintosh file as text between two colons, six bits to
 * a character, runs shortened, each section with a CRC.
 */
import { latin1 } from "./ascii.ts";

const ALPHABET = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
const VALUES = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Octet → the change of a CRC-16 with polynomial x¹⁶+x¹²+x⁵+1. */
const CRC = Uint16Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** Marks a run: the octet behind it says how often the octet before it stands there, 0 for the mark itself. */
const RUN = 0x90;
/** A name's length octet, 63 octets of name, and what follows it: version, type, creator, flags, two sizes, CRC. */
const HEAD_FIXED = 1 + 1 + 4 + 4 + 2 + 4 + 4 + 2;

/** What a BinHex file says of itself before its forks. */
export interface BinHexHead {
  /** An octet string in Mac OS Roman. */
  readonly name: string;
  /** Four octets each, as Mac OS had them. */
  readonly type: string;
  readonly creator: string;
  /** Octets of the data fork, as declared. */
  readonly dataSize: number;
  readonly resourceSize: number;
}

/** True for the octets that may stand in BinHex's text: the alphabet, colon and white space. */
export function isBinHexOctet(c: number): boolean {
  return VALUES[c]! >= 0 || c === 0x3a || isSpace(c);
}

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d || c === 0x0a;
}

/**
 * Decodes one fork of the first BinHex file of a body: from the first colon that begins a line to the next
 * colon. Octets that are not BinHex are passed over. The same octets come out however the input is cut.
 */
export class BinHexDecoder {
  readonly #fork: "data" | "resource";
  #state: "before" | "inside" | "after" = "before";
  /** The octet before is a line end (or there is none): a colon begins the file. */
  #lineStart = true;
  #bits = 0;
  #bitCount = 0;
  /** The octet that a run repeats; -1 when there is none. */
  #last = -1;
  #runMark = false;
  readonly #head = new Uint8Array(HEAD_FIXED + 255);
  #headLength = 0;
  #known: BinHexHead | undefined;
  /** Octets of the section at hand that are still to come, its CRC not counted. */
  #left = 0;
  /** CRC octets of the section that are still to come. */
  #crcLeft = 0;
  #section: "head" | "data" | "resource" | "end" = "head";
  #crc = 0;
  #stated = 0;
  #intact: boolean | undefined;
  #out = new Uint8Array(0);
  #at = 0;

  constructor(fork: "data" | "resource" = "data") {
    this.#fork = fork;
  }

  /** The file's head; undefined until all of it was decoded, and when there is none. */
  get head(): BinHexHead | undefined {
    return this.#known;
  }

  /** True when all of the fork came and its CRC is right, false when it is wrong; undefined when it is not over. */
  get intact(): boolean | undefined {
    return this.#intact;
  }

  /** True once the closing colon was seen. */
  get ended(): boolean {
    return this.#state === "after";
  }

  /** Decodes what is certain; a fresh array each time. Runs make at most 255 octets of two. */
  push(octets: Uint8Array): Uint8Array {
    this.#out = new Uint8Array(octets.length);
    this.#at = 0;
    for (let i = 0; i < octets.length && this.#state !== "after"; i++) this.#character(octets[i]!);
    return this.#out.subarray(0, this.#at);
  }

  /** Ends the body; gives nothing more. */
  finish(): Uint8Array {
    return new Uint8Array(0);
  }

  #character(c: number): void {
    if (c === 0x3a) {
      if (this.#state === "inside") this.#state = "after";
      else if (this.#lineStart) this.#state = "inside";
      return;
    }
    this.#lineStart = c === 0x0a || c === 0x0d;
    const value = VALUES[c]!;
    if (value < 0 || this.#state === "before") return;
    this.#bits = ((this.#bits << 6) | value) & 0xffff;
    this.#bitCount += 6;
    if (this.#bitCount < 8) return;
    this.#bitCount -= 8;
    this.#packed((this.#bits >> this.#bitCount) & 0xff);
  }

  /** One octet of the run-length stage (RFC 1741 Appendix A). */
  #packed(octet: number): void {
    if (!this.#runMark) {
      if (octet === RUN) this.#runMark = true;
      else this.#octet(this.#last = octet);
      return;
    }
    this.#runMark = false;
    if (octet === 0) this.#octet(this.#last = RUN);
    else if (this.#last >= 0) { for (let i = 1; i < octet; i++) this.#octet(this.#last); }
  }

  /** One octet of the file: head, data fork, resource fork, each with its CRC. */
  #octet(octet: number): void {
    if (this.#section === "head" && this.#known === undefined) {
      this.#readHead(octet);
      return;
    }
    if (this.#section === "end") return;
    if (this.#left > 0) {
      this.#crc = crc16(this.#crc, octet);
      if (this.#section === this.#fork) this.#put(octet);
      if (--this.#left === 0) this.#crcLeft = 2;
      return;
    }
    this.#stated = (this.#stated << 8) | octet;
    if (--this.#crcLeft > 0) return;
    if (this.#section === this.#fork) this.#intact = this.#crc === (this.#stated & 0xffff);
    this.#begin(this.#section === "data" ? "resource" : "end");
  }

  #begin(section: "data" | "resource" | "end"): void {
    this.#section = section;
    const head = this.#known!;
    this.#left = section === "data" ? head.dataSize : section === "resource" ? head.resourceSize : 0;
    this.#crcLeft = 2;
    this.#crc = 0;
    this.#stated = 0;
  }

  #readHead(octet: number): void {
    this.#head[this.#headLength++] = octet;
    const name = this.#head[0]!;
    if (this.#headLength < HEAD_FIXED + name) return;
    const view = new DataView(this.#head.buffer, 1 + name);
    this.#known = {
      name: latin1(this.#head, 1, 1 + name),
      type: latin1(this.#head, 2 + name, 6 + name),
      creator: latin1(this.#head, 6 + name, 10 + name),
      dataSize: view.getUint32(11),
      resourceSize: view.getUint32(15),
    };
    this.#begin("data");
  }

  #put(octet: number): void {
    if (this.#at === this.#out.length) {
      const larger = new Uint8Array(Math.max(1024, this.#out.length * 2));
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#at++] = octet;
  }
}

/** RFC 1741 counts two zero octets for the CRC's own place; the table needs no such thing. */
function crc16(crc: number, octet: number): number {
  return ((crc << 8) & 0xffff) ^ CRC[(crc >> 8) ^ octet]!;
}

/**
 * Files inside the body of one part: uuencode, yEnc and BinHex in text, TNEF. First they are found, which
 * keeps no octets (`EmbeddedFinder`); then any of them is decoded from the same octets (`createEmbeddedDecoder`).
 */
import { BinHexDecoder } from "../bytes/binhex.ts";
import { Base64Decoder } from "../bytes/base64.ts";
import { UuDecoder } from "../bytes/uuencode.ts";
import { YencDecoder } from "../bytes/yenc.ts";
import type { EmbeddedFile } from "./embedded_file.ts";
import { TextFinder } from "./embedded_text.ts";
import { parameterText } from "./parameter.ts";
import type { Part } from "./part.ts";
import { RtfDecoder } from "./rtf_compressed.ts";
import type { SearchRange } from "./search_text.ts";
import { TnefFinder } from "./tnef.ts";
import { createTransferDecoder, type TransferDecoder } from "./transfer.ts";

/** Text with files in it, or a part that is nothing else but BinHex, or TNEF. */
export type EmbeddedKind = "text" | "binhex" | "tnef";

/** Parts whose body may hold files, with their bodies' octets in the message. */
export function embeddedParts(root: Part): readonly SearchRange[] {
  const ranges: SearchRange[] = [];
  const waiting: Part[] = [root];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (embeddedKind(part) !== undefined && part.bodyEnd > part.bodyStart) {
      ranges.push({ start: part.bodyStart, end: part.bodyEnd, part });
    }
    for (let i = part.children.length - 1; i >= 0; i--) waiting.push(part.children[i]!);
  }
  return ranges;
}

/** What kind of files the body of a part may hold; undefined for none. */
export function embeddedKind(part: Part): EmbeddedKind | undefined {
  const type = `${part.type}/${part.subtype}`;
  if (TNEF.has(type)) return "tnef";
  if (BINHEX.has(type)) return "binhex";
  if (type === "text/plain") return "text";
  if (type !== "application/octet-stream") return undefined;
  // RFC 2045 has no type for it that gateways agree on; the name is what all of them write.
  const name = parameterText(part.params, "name") ??
    parameterText(part.disposition?.params ?? [], "filename");
  return name?.toLowerCase() === "winmail.dat" ? "tnef" : undefined;
}

const TNEF: ReadonlySet<string> = new Set(["application/ms-tnef", "application/vnd.ms-tnef"]);
const BINHEX: ReadonlySet<string> = new Set(["application/mac-binhex40", "application/mac-binhex"]);

/**
 * Finds the files in a part's body: `push` the body as it stands in the message, in any pieces, then `finish`
 * once. No octets are kept.
 */
export class EmbeddedFinder {
  readonly #transfer: TransferDecoder | undefined;
  readonly #finder: TnefFinder | TextFinder | undefined;

  constructor(part: Part) {
    const kind = embeddedKind(part);
    this.#transfer = createTransferDecoder(part.encoding);
    if (kind === "tnef") this.#finder = new TnefFinder();
    else if (kind !== undefined) this.#finder = new TextFinder(kind === "binhex");
  }

  /** Takes the next octets of the body. */
  push(octets: Uint8Array): void {
    if (this.#transfer !== undefined) this.#finder?.push(this.#transfer.push(octets));
  }

  /** Ends the body: the files, in the order in which they stand there. */
  finish(): readonly EmbeddedFile[] {
    if (this.#finder === undefined || this.#transfer === undefined) return [];
    this.#finder.push(this.#transfer.finish());
    return this.#finder.finish();
  }
}

/** Turns the octets of a body into those of one file in it. */
export interface EmbeddedDecoder extends TransferDecoder {
  /**
   * After `finish`: true when what the file says of itself (CRC, size) is so, false when it is not; undefined
   * where it says nothing.
   */
  readonly intact: boolean | undefined;
}

/** A decoder that takes the part's whole body, as it stands in the message, and gives the file's octets. */
export function createEmbeddedDecoder(part: Part, file: EmbeddedFile): EmbeddedDecoder {
  const transfer = createTransferDecoder(part.encoding);
  if (transfer === undefined) return NONE;
  return new RangeDecoder(transfer, file, formatDecoder(file));
}

const NONE: EmbeddedDecoder = {
  push: () => new Uint8Array(0),
  finish: () => new Uint8Array(0),
  intact: undefined,
};

function formatDecoder(
  { format }: EmbeddedFile,
): TransferDecoder & { readonly intact?: boolean | undefined } {
  switch (format) {
    case "uuencode":
      return new UuDecoder();
    case "base64":
      return new Base64Block();
    case "yenc":
      return new YencDecoder();
    case "binhex":
      return new BinHexDecoder();
    case "binhex-resource":
      return new BinHexDecoder("resource");
    case "rtf":
      return new RtfDecoder();
    case "octets":
      return { push: (octets) => octets, finish: () => new Uint8Array(0) };
  }
}

/** Base64 between `begin-base64` and `====`: the first line is not data. */
class Base64Block implements TransferDecoder {
  readonly #decoder = new Base64Decoder();
  #begun = false;

  push(octets: Uint8Array): Uint8Array {
    if (this.#begun) return this.#decoder.push(octets);
    const lf = octets.indexOf(0x0a);
    this.#begun = lf >= 0;
    return this.#decoder.push(octets.subarray(lf < 0 ? octets.length : lf + 1));
  }

  finish(): Uint8Array {
    return this.#decoder.finish();
  }
}

/** Undoes the transfer encoding, takes the file's range out of it and decodes that. */
class RangeDecoder implements EmbeddedDecoder {
  readonly #transfer: TransferDecoder;
  readonly #format: TransferDecoder & { readonly intact?: boolean | undefined };
  #skip: number;
  #left: number;

  constructor(transfer: TransferDecoder, file: EmbeddedFile, format: TransferDecoder) {
    this.#transfer = transfer;
    this.#format = format;
    this.#skip = file.start;
    this.#left = file.end - file.start;
  }

  get intact(): boolean | undefined {
    return this.#format.intact;
  }

  push(octets: Uint8Array): Uint8Array {
    return this.#format.push(this.#within(this.#transfer.push(octets)));
  }

  finish(): Uint8Array {
    const first = this.#format.push(this.#within(this.#transfer.finish()));
    const rest = this.#format.finish();
    if (rest.length === 0) return first;
    const whole = new Uint8Array(first.length + rest.length);
    whole.set(first);
    whole.set(rest, first.length);
    return whole;
  }

  #within(octets: Uint8Array): Uint8Array {
    const from = Math.min(this.#skip, octets.length);
    const size = Math.min(this.#left, octets.length - from);
    this.#skip -= from;
    this.#left -= size;
    return octets.subarray(from, from + size);
  }
}

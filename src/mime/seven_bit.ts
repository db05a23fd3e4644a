/**
 * What must change in a message that holds 8-bit or binary octets, so that a host without 8BITMIME or BINARYMIME can
 * take it (RFC 6152 §3, RFC 3030 §3): bodies get a transfer encoding, containers say that they are 7-bit.
 */
import { join } from "../bytes/join.ts";
import { FieldScanner, findField } from "./field.ts";
import { MIME_LIMITS } from "./limits.ts";
import { type ParsedMessage } from "./parser.ts";
import { isIdentity, type Part } from "./part.ts";

/** A stretch of the message that goes out changed; offsets are octets of the message, as Part has them. */
export type Change =
  | { readonly what: "header"; readonly start: number; readonly end: number; readonly encoding: string }
  | {
    readonly what: "body";
    readonly start: number;
    readonly end: number;
    readonly encoding: "quoted-printable" | "base64";
  };

/** What is needed, or why it cannot be had. */
export type SevenBitPlan =
  | { readonly kind: "changes"; readonly changes: readonly Change[] }
  /** It is 7-bit as it is. */
  | { readonly kind: "none" }
  | { readonly kind: "impossible"; readonly why: string };

/** Finds the octets that need a change; goes over the message between the parser and the conversion. */
export class SevenBitSurvey {
  readonly #bodies: readonly Part[];
  readonly #line: number;
  readonly #found: { eightBit: number; binary: boolean }[];
  readonly #outside = { eightBit: 0, binary: false };
  #at = 0;
  #next = 0;
  #cr = false;
  #column = 0;

  /** `line`: octets of the longest line that passes. */
  constructor(readonly parsed: ParsedMessage, line: number) {
    this.#bodies = [...leaves(parsed.root)];
    this.#line = line;
    this.#found = this.#bodies.map(() => ({ eightBit: 0, binary: false }));
  }

  /** The next octets of the message. */
  push(octets: Uint8Array): void {
    for (const octet of octets) {
      while (this.#next < this.#bodies.length && this.#at >= this.#bodies[this.#next]!.bodyEnd) this.#next++;
      const body = this.#bodies[this.#next];
      const of = body !== undefined && this.#at >= body.bodyStart ? this.#found[this.#next]! : this.#outside;
      // A line end belongs to what it ends.
      if (this.#cr !== (octet === 0x0a) || octet === 0) of.binary = true;
      this.#cr = octet === 0x0d;
      if (octet === 0x0a) this.#column = 0;
      else if (!this.#cr && ++this.#column > this.#line) of.binary = true;
      if (octet > 0x7f) of.eightBit++;
      this.#at++;
    }
  }

  /** What is to be changed. `eightBit`: 8-bit text passes, and nothing changes where nothing is binary. */
  plan(eightBit = false): SevenBitPlan {
    const { root, header, defects } = this.parsed;
    if (eightBit && !this.#outside.binary && !this.#found.some(({ binary }) => binary)) {
      return { kind: "none" };
    }
    const touched = new Set<Part>();
    this.#found.forEach(({ eightBit, binary }, i) => {
      if (eightBit > 0 || binary) touched.add(this.#bodies[i]!);
    });
    if (this.#outside.eightBit > 0 || this.#outside.binary) {
      return impossible("8-bit or binary octets in a header, or outside of all parts");
    }
    if (touched.size === 0) return { kind: "none" };
    if (SIGNATURES.some((name) => findField(header, name) !== undefined)) {
      return impossible("it bears a signature that conversion would break");
    }
    const defect = defects.find(({ kind }) => UNSAFE.has(kind));
    if (defect !== undefined) return impossible(`its structure is not clear: ${defect.kind}`);
    const changes: Change[] = [];
    const why = this.#walk(root, touched, changes);
    if (why !== undefined) return impossible(why);
    return { kind: "changes", changes: changes.sort((a, b) => a.start - b.start) };
  }

  /** Notes the changes of a part and what is in it; says why it cannot be. */
  #walk(part: Part, touched: ReadonlySet<Part>, changes: Change[]): string | undefined {
    const inside = [...leaves(part)].some((leaf) => touched.has(leaf));
    if (!inside) return undefined;
    const header = { what: "header", start: part.headerStart, end: part.bodyStart } as const;
    if (part.bodyStart - part.headerStart > MIME_LIMITS.headerBlock) return "a header is too long";
    if (part.children.length === 0 || isOpaque(part)) {
      if (part.type === "multipart" || part.type === "message" && !part.subtype.startsWith("global")) {
        return `${part.type}/${part.subtype} may not be encoded`;
      }
      if (!isIdentity(part.encoding)) return `a body is not what its encoding, ${part.encoding}, says`;
      const encoding = this.#encodingOf(part);
      changes.push({ ...header, encoding });
      changes.push({ what: "body", start: part.bodyStart, end: part.bodyEnd, encoding });
      return undefined;
    }
    // RFC 1847 §2.1: what is signed stays as it is.
    if (part.type === "multipart" && part.subtype === "signed") return "it is signed (multipart/signed)";
    if (part.encoding !== "7bit") changes.push({ ...header, encoding: "7bit" });
    for (const child of part.children) {
      const why = this.#walk(child, touched, changes);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #encodingOf(part: Part): "quoted-printable" | "base64" {
    if (part.type !== "text") return "base64";
    const { eightBit } = this.#found[this.#bodies.indexOf(part)]!;
    return eightBit * 6 <= part.bodyEnd - part.bodyStart ? "quoted-printable" : "base64";
  }
}

/** Signatures over the whole message, by whoever passed it on. Our own is made after the conversion. */
const SIGNATURES = ["dkim-signature", "domainkey-signature", "arc-message-signature"];

/** Defects with which two readers may take different octets for a part's body. */
const UNSAFE: ReadonlySet<string> = new Set([
  "header too large",
  "header without end",
  "bad content-type",
  "repeated content-type",
  "repeated transfer-encoding",
  "repeated boundary",
  "multipart without boundary",
  "multipart without end",
  "encoded container",
  "too deep",
  "too many parts",
]);

/** message/global and its kin are encoded as a whole (RFC 6532 §3.7): their headers are UTF-8. */
function isOpaque(part: Part): boolean {
  return part.type === "message" && part.subtype.startsWith("global");
}

function* leaves(part: Part): Generator<Part> {
  if (part.children.length === 0 || isOpaque(part)) yield part;
  else for (const child of part.children) yield* leaves(child);
}

function impossible(why: string): SevenBitPlan {
  return { kind: "impossible", why };
}

/**
 * A header block with another Content-Transfer-Encoding. `whole`: it is the message's own, which gets what makes it
 * MIME where that is missing; of a text whose charset nobody told the name is unknown-8bit (RFC 1428 §3).
 */
export function withEncoding(block: Uint8Array, encoding: string, whole: boolean): Uint8Array {
  const scanner = new FieldScanner(block);
  const kept: Uint8Array[] = [];
  let end = 0, isMime = false, hasType = false;
  while (scanner.next()) {
    // What stands between fields is no field, and stays.
    const replaced = scanner.is("content-transfer-encoding");
    kept.push(block.subarray(end, replaced ? scanner.nameStart : scanner.end));
    end = scanner.end;
    isMime ||= scanner.is("mime-version");
    hasType ||= scanner.is("content-type");
  }
  const encoder = new TextEncoder();
  const lines = [
    ...(whole && !isMime ? ["MIME-Version: 1.0\r\n"] : []),
    ...(whole && !hasType ? ["Content-Type: text/plain; charset=unknown-8bit\r\n"] : []),
    `Content-Transfer-Encoding: ${encoding}\r\n`,
  ];
  return join([...kept, encoder.encode(lines.join("")), block.subarray(end)]);
}

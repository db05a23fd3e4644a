/** FETCH responses, mirror of `grammar/{fetch,section}.ts`: RFC 9051 §7.5.2, RFC 7162 §3.1.4.2, RFC 9586. */
import type { Gather } from "../../bytes/gather.ts";
import type { Partial, SectionSpec } from "../command.ts";
import { type AnnotationEntry, annotationEntryList, annotationNameList } from "./annotation.ts";
import { dateTime } from "./date.ts";
import { flagList } from "./flags.ts";
import { astring, type EncodeMode, literal8Head, literalHead, string } from "./string.ts";

/** The names under which octets of a message go out; the same types as in FetchItem. */
export type BodyName =
  | {
    readonly item: "BODY[]";
    readonly section: SectionSpec;
    readonly partial: Partial | undefined;
  }
  | { readonly item: "BINARY"; readonly part: readonly number[]; readonly partial: Partial | undefined }
  | { readonly item: "RFC822" | "RFC822.HEADER" | "RFC822.TEXT" };

/**
 * Writes `* n FETCH (…)` lines, item by item. One object serves a whole command.
 *
 * ```ts ignore
 * line.begin(seq, uid);
 * line.uid(uid);
 * line.bodyLiteral(item, size);
 * out.octets(body);              // or flush and send it chunk by chunk
 * line.end();
 * ```
 */
export class FetchLine {
  #first = true;

  /** `uidOnly`: UIDFETCH responses (RFC 9586 §3.3). */
  constructor(readonly out: Gather, readonly uidOnly = false) {}

  /** `* seq FETCH (`, or `* uid UIDFETCH (`. */
  begin(seq: number, uid: number): void {
    this.#first = true;
    this.out.text("* ");
    if (this.uidOnly) this.out.number(uid).text(" UIDFETCH (");
    else this.out.number(seq).text(" FETCH (");
  }

  /** `)` CRLF */
  end(): void {
    this.out.text(")\r\n");
  }

  /** "UID" SP uniqueid */
  uid(uid: number): void {
    this.#name("UID ").number(uid);
  }

  /** "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"; keywords by their indexes into `names`. */
  flags(flags: number, keywords: readonly number[], names: readonly string[]): void {
    flagList(this.#name("FLAGS "), flags, keywords, names);
  }

  /** "MODSEQ" SP "(" permsg-modsequence ")" (RFC 7162 §7) */
  modSeq(modSeq: number): void {
    this.#name("MODSEQ (").number(modSeq).octet(0x29);
  }

  /** "INTERNALDATE" SP date-time; milliseconds since the epoch. */
  internalDate(epochMs: number): void {
    dateTime(this.#name("INTERNALDATE "), epochMs);
  }

  /** "SAVEDATE" SP (date-time / nil) (RFC 8514 §4.2); every message has one here. */
  saveDate(epochMs: number): void {
    dateTime(this.#name("SAVEDATE "), epochMs);
  }

  /** "EMAILID" SP "(" objectid ")" (RFC 8474 §5.3) */
  emailId(id: string): void {
    this.#name("EMAILID (").text(id).octet(0x29);
  }

  /** "THREADID" SP nil: there are no thread identifiers (RFC 8474 §5.2). */
  threadId(): void {
    this.#name("THREADID NIL");
  }

  /** "PREVIEW" SP nstring (RFC 8970 §6) */
  preview(text: string, mode: EncodeMode): void {
    string(this.#name("PREVIEW "), text, mode);
  }

  /** "SNIPPET" SP "(" "FUZZY" SP nstring ")": PREVIEW before it had an RFC, as Dovecot answers it. */
  snippet(text: string, mode: EncodeMode): void {
    string(this.#name("SNIPPET (FUZZY "), text, mode);
    this.out.octet(0x29);
  }

  /** "ANNOTATION" SP entries with values (RFC 5257 §5) */
  annotation(entries: readonly AnnotationEntry[], mode: EncodeMode): void {
    annotationEntryList(this.#name("ANNOTATION "), entries, mode);
  }

  /** "ANNOTATION" SP names of entries whose values changed (RFC 5257 §4.4) */
  annotationNames(entries: readonly string[]): void {
    annotationNameList(this.#name("ANNOTATION "), entries);
  }

  /** "RFC822.SIZE" SP number64; octets. */
  size(octets: number): void {
    this.#name("RFC822.SIZE ").number(octets);
  }

  /** "ENVELOPE" SP envelope, which comes encoded. */
  envelope(envelope: Uint8Array): void {
    this.#name("ENVELOPE ").octets(envelope);
  }

  /** "BODY" ["STRUCTURE"] SP body, which comes encoded. */
  bodyStructure(name: "BODY" | "BODYSTRUCTURE", body: Uint8Array): void {
    this.#name(name).octet(0x20).octets(body);
  }

  /** "BINARY.SIZE" section-binary SP number; octets once decoded. */
  binarySize(part: readonly number[], octets: number): void {
    this.#name("BINARY.SIZE[");
    sectionPart(this.out, part);
    this.out.text("] ").number(octets);
  }

  /** An item's name and a literal's head: `size` octets must follow before the next item. */
  bodyLiteral(name: BodyName, size: number): void {
    this.#bodyName(name);
    literalHead(this.out, size);
  }

  /** The same with a literal8, for decoded octets that hold NUL (RFC 3516 §4.2). BINARY only. */
  binaryLiteral8(name: Extract<BodyName, { readonly item: "BINARY" }>, size: number): void {
    this.#bodyName(name);
    literal8Head(this.out, size);
  }

  /** An item that the message does not have: NIL. */
  bodyNil(name: BodyName): void {
    this.#bodyName(name);
    this.out.text("NIL");
  }

  #name(name: string): Gather {
    if (!this.#first) this.out.octet(0x20);
    this.#first = false;
    return this.out.text(name);
  }

  #bodyName(name: BodyName): void {
    switch (name.item) {
      case "BODY[]":
        section(this.#name("BODY"), name.section);
        origin(this.out, name.partial);
        break;
      case "BINARY":
        this.#name("BINARY[");
        sectionPart(this.out, name.part);
        this.out.octet(0x5d);
        origin(this.out, name.partial);
        break;
      default:
        this.#name(name.item);
    }
    this.out.octet(0x20);
  }
}

/** section = "[" [section-spec] "]" */
export function section(out: Gather, spec: SectionSpec): void {
  out.octet(0x5b);
  sectionPart(out, spec.part);
  if (spec.text !== "") {
    if (spec.part.length > 0) out.octet(0x2e);
    out.text(spec.text);
  }
  if (spec.text === "HEADER.FIELDS" || spec.text === "HEADER.FIELDS.NOT") {
    spec.fields.forEach((field, i) => {
      out.text(i === 0 ? " (" : " ");
      astring(out, field, { utf8: false });
    });
    out.octet(0x29);
  }
  out.octet(0x5d);
}

function sectionPart(out: Gather, part: readonly number[]): void {
  part.forEach((n, i) => {
    if (i > 0) out.octet(0x2e);
    out.number(n);
  });
}

/** "<" number ">": where a partial answer begins (RFC 9051 §7.5.2). */
function origin(out: Gather, partial: Partial | undefined): void {
  if (partial !== undefined) out.octet(0x3c).number(partial.start).octet(0x3e);
}

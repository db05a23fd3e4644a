/** Where the octets are that a body item of FETCH asks for (RFC 9051 §6.4.5.1). */
import type { FetchRow, OctetRange } from "../../core/store.ts";
import { locate, type Part, PREVIEW_OCTETS, previewPart, type Section } from "../../mime/mod.ts";
import type { Partial, SectionSpec } from "../command.ts";
import type { NamedBody } from "./fetch_plan.ts";

/** Header octets that HEADER.FIELDS looks at: as many as MIME parsing itself does. */
const HEADER_OCTETS = 262_144;

/** What has to be done for one body item of one message. */
export type BodyJob =
  /** Octets as they are. */
  | { readonly kind: "raw"; readonly named: NamedBody; readonly range: OctetRange }
  /** Fields chosen from a header. */
  | {
    readonly kind: "fields";
    readonly named: NamedBody;
    readonly range: OctetRange;
    readonly spec: SectionSpec;
  }
  /** Content, decoded. */
  | {
    readonly kind: "binary";
    readonly named: NamedBody;
    readonly range: OctetRange;
    readonly encoding: string;
  }
  /** The first words of a part, made from its first octets. */
  | { readonly kind: "preview"; readonly named: NamedBody; readonly range: OctetRange; readonly part: Part }
  /** No such part: NIL. */
  | { readonly kind: "nil"; readonly named: NamedBody };

/** Finds the octets. `root` is needed for all but the whole message, its header and its text. */
export function bodyJob(named: NamedBody, row: FetchRow, root: Part | undefined): BodyJob {
  const { item } = named;
  if (item.item === "PREVIEW" || item.item === "SNIPPET") return previewJob(named, row, root!);
  if (item.item !== "BODY[]") return binaryJob(named, row, root!, item.part);
  const spec = item.section;
  const place = spec.part.length === 0 ? wholePlace(spec, row) : locate(root!, sectionOf(spec));
  if (place === undefined) return { kind: "nil", named };
  const range = { message: row.message, start: place.start, end: place.end };
  if (spec.text === "HEADER.FIELDS" || spec.text === "HEADER.FIELDS.NOT") {
    const end = Math.min(range.end, range.start + HEADER_OCTETS);
    return { kind: "fields", named, range: { ...range, end }, spec };
  }
  return { kind: "raw", named, range: clip(range, item.partial) };
}

/** Cuts `<start.length>` out of a range; beyond its end there is nothing (RFC 9051 §6.4.5). */
export function clip(range: OctetRange, partial: Partial | undefined): OctetRange {
  if (partial === undefined) return range;
  const start = Math.min(range.start + partial.start, range.end);
  return { message: range.message, start, end: Math.min(start + partial.length, range.end) };
}

function binaryJob(named: NamedBody, row: FetchRow, root: Part, part: readonly number[]): BodyJob {
  // RFC 3516 §4.2: BINARY[] is the whole message, which has no transfer encoding as a whole.
  if (part.length === 0) {
    const range = { message: row.message, start: 0, end: row.size };
    return { kind: "binary", named, range, encoding: "binary" };
  }
  const place = locate(root, { part, kind: "all" });
  if (place === undefined) return { kind: "nil", named };
  const range = { message: row.message, start: place.start, end: place.end };
  return { kind: "binary", named, range, encoding: place.part.encoding };
}

function previewJob(named: NamedBody, row: FetchRow, root: Part): BodyJob {
  const part = previewPart(root);
  if (part === undefined) return { kind: "nil", named };
  const end = Math.min(part.bodyEnd, part.bodyStart + PREVIEW_OCTETS);
  return { kind: "preview", named, range: { message: row.message, start: part.bodyStart, end }, part };
}

function wholePlace(spec: SectionSpec, row: FetchRow): { readonly start: number; readonly end: number } {
  if (spec.text === "") return { start: 0, end: row.size };
  if (spec.text === "TEXT") return { start: row.headerSize, end: row.size };
  return { start: 0, end: row.headerSize };
}

function sectionOf(spec: SectionSpec): Section {
  switch (spec.text) {
    case "":
      return { part: spec.part, kind: "all" };
    case "TEXT":
      return { part: spec.part, kind: "text" };
    case "MIME":
      return { part: spec.part, kind: "mime" };
    default:
      return { part: spec.part, kind: "header" };
  }
}

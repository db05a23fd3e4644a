/** Single header fields as Stalwart's mail-parser expects them read. The corpus is not part of the repository. */
import { assertEquals } from "@std/assert";
import { latin1, lowerAscii, octetsOf } from "../../src/bytes/ascii.ts";
import { decodeWords, findField, parameterText, parseAddressList, parseDate } from "../../src/mime/mod.ts";
import { findCorpus } from "./corpus.ts";
import { FIELDS } from "./differences.ts";
import { parseIn } from "./samples.ts";

const corpus = findCorpus();
const ignore = corpus === undefined;
const encoder = new TextEncoder();

interface Case<T> {
  readonly header: string;
  readonly expected: T;
}

/** Fields that we read otherwise: the file and the field, shortened. */
function differing<T>(
  name: string,
  count: number,
  same: (value: Uint8Array, expected: T) => boolean,
): string[] {
  const path = `expected/stalwartlabs+mail-parser/resources/${name}.json`;
  const cases: Case<T>[] = JSON.parse(Deno.readTextFileSync(new URL(path, corpus)));
  assertEquals(cases.length, count);
  return cases.filter(({ header, expected }) => !same(firstField(header), expected))
    .map(({ header }) => `${name}: ${header.trim().slice(0, 60)}`);
}

/** The value up to the end of its field. */
function firstField(header: string): Uint8Array {
  return findField(encoder.encode(`X:${header}`), "x") ?? new Uint8Array(0);
}

interface TheirDate {
  readonly [part: string]: number | boolean;
}

interface TheirAddress {
  readonly name?: string | null;
  readonly address?: string | null;
}

interface TheirList {
  readonly List?: readonly TheirAddress[];
  readonly Group?: readonly { readonly name?: string | null; readonly addresses?: readonly TheirAddress[] }[];
}

interface TheirType {
  readonly c_type: string;
  readonly c_subtype?: string | null;
  /** In either of two forms. */
  readonly attributes?:
    | readonly ({ readonly name: string; readonly value: string } | readonly [string, string])[]
    | null;
}

Deno.test({
  name: "fields as mail-parser expects them, but for the differences that are listed",
  ignore,
  fn() {
    const differ = [
      ...differing<TheirDate | null>(
        "date",
        40,
        (value, expected) => sameDate(parseDate(value)?.epochMs, expected),
      ),
      ...differing<TheirList | null>("address", 60, sameAddresses),
      ...differing<string | null>(
        "unstructured",
        30,
        (value, expected) => decodeWords(value) === (expected ?? ""),
      ),
      ...differing<TheirType | null>("content_type", 103, sameType),
    ];
    assertEquals(differ, FIELDS);
  },
});

function sameDate(ours: number | undefined, theirs: TheirDate | null): boolean {
  if (theirs === null) return ours === undefined;
  const { year, month, day, hour, minute, second, tz_hour, tz_minute } = theirs as Record<string, number>;
  const utc = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  const zone = (tz_hour! * 60 + tz_minute!) * 60_000;
  return ours === (theirs.tz_before_gmt ? utc + zone : utc - zone);
}

function sameAddresses(value: Uint8Array, theirs: TheirList | null): boolean {
  const text = (octetString: string | undefined) => decodeWords(octetsOf(octetString ?? ""));
  const ours: string[] = [];
  for (const one of parseAddressList(value)) {
    if (one.kind === "group") ours.push(`${text(one.name)}:`);
    else if (one.kind === "mailbox") {
      const domain = one.domain === undefined ? "" : `@${text(one.domain)}`;
      ours.push(`${text(one.name)} <${text(one.local)}${domain}>`);
    }
  }
  const address = ({ name, address }: TheirAddress) => `${name ?? ""} <${address ?? ""}>`;
  const list = theirs?.List?.map(address) ??
    theirs?.Group?.flatMap(({ name, addresses }) => [
      ...name === null || name === undefined ? [] : [`${name}:`],
      ...(addresses ?? []).map(address),
    ]) ?? [];
  return JSON.stringify(ours) === JSON.stringify(list);
}

/** Content-Disposition's values are in the same list, with a type and no subtype. */
function sameType(value: Uint8Array, theirs: TheirType | null): boolean {
  const disposition = theirs !== null && typeof theirs.c_subtype !== "string";
  const head = latin1(encoder.encode(disposition ? "Content-Disposition: " : "Content-Type: "));
  const message = octetsOf(`${head}${latin1(value)}\r\n\r\n`);
  const { root } = parseIn(message.length, message);
  if (theirs === null) return root.type === "text" && root.subtype === "plain";
  const type = disposition ? root.disposition?.type : `${root.type}/${root.subtype}`;
  const theirType = disposition ? theirs.c_type : `${theirs.c_type}/${theirs.c_subtype}`;
  if (type !== lowerAscii(latin1(encoder.encode(theirType)))) return false;
  const params = disposition ? root.disposition!.params : root.params;
  const wanted = (theirs.attributes ?? []).map((one) => "name" in one ? [one.name, one.value] as const : one)
    // RFC 2231's language and charset, which mail-parser gives out as attributes of their own.
    .filter(([name]) => !name.endsWith("-language") && !name.endsWith("-charset"));
  return params.length <= wanted.length &&
    wanted.every(([name, value]) => parameterText(params, name.toLowerCase()) === value);
}

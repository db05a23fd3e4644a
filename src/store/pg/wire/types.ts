/** PostgreSQL's types on the wire: their object ids, and values into binary (PostgreSQL manual, §55.2, §55.7). */
import { Buffer } from "node:buffer";
import type { Param, PgType } from "../door.ts";
import type { MessageWriter } from "./writer.ts";

/** Object ids of pg_type.dat, fixed for ever. */
export const OIDS: Readonly<Record<PgType, number>> = {
  "bool": 16,
  "bytea": 17,
  "int8": 20,
  "int2": 21,
  "int4": 23,
  "text": 25,
  "date": 1082,
  "timestamptz": 1184,
  "bit": 1560,
  "uuid": 2950,
  "bool[]": 1000,
  "bytea[]": 1001,
  "int2[]": 1005,
  "int4[]": 1007,
  "text[]": 1009,
  "int8[]": 1016,
  "date[]": 1182,
  "timestamptz[]": 1185,
  "bit[]": 1561,
  "uuid[]": 2951,
};

/** 2000-01-01 in milliseconds since 1970: where PostgreSQL's days and microseconds begin. */
export const PG_EPOCH_MS = 946_684_800_000;
const DAY_MS = 86_400_000;
const ARRAY_HEAD = 20;
const EMPTY_ARRAY_HEAD = 12;

type Scalar = number | string | boolean | Uint8Array;
type ScalarType = Exclude<PgType, `${string}[]`>;

/** Octets that `value` takes, without its length word. */
export function sizeOf(type: PgType, value: Exclude<Param, null>): number {
  if (!isArrayType(type)) return sizeOfScalar(type as ScalarType, value as Scalar);
  const element = elementType(type);
  const items = value as ArrayLike<Scalar | null>;
  if (items.length === 0) return EMPTY_ARRAY_HEAD;
  const fixed = FIXED_SIZES[element];
  let size = ARRAY_HEAD + 4 * items.length;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (item !== null) size += fixed ?? sizeOfScalar(element, item);
  }
  return size;
}

/** Writes `value` without its length word. */
export function writeValue(out: MessageWriter, type: PgType, value: Exclude<Param, null>): void {
  if (!isArrayType(type)) return writeScalar(out, type as ScalarType, value as Scalar);
  const element = elementType(type);
  const items = value as ArrayLike<Scalar | null>;
  if (items.length === 0) {
    out.int32(0);
    out.int32(0);
    out.int32(OIDS[element]);
    return;
  }
  out.int32(1);
  out.int32(hasNull(items) ? 1 : 0);
  out.int32(OIDS[element]);
  out.int32(items.length);
  out.int32(1);
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (item === null) {
      out.int32(-1);
      continue;
    }
    out.int32(sizeOfScalar(element, item));
    writeScalar(out, element, item);
  }
}

const FIXED_SIZES: Readonly<Partial<Record<ScalarType, number>>> = {
  bool: 1,
  int2: 2,
  int4: 4,
  int8: 8,
  date: 4,
  timestamptz: 8,
  uuid: 16,
};

function isArrayType(type: PgType): boolean {
  return type.charCodeAt(type.length - 1) === 0x5d;
}

function elementType(type: PgType): ScalarType {
  return type.slice(0, -2) as ScalarType;
}

function hasNull(items: ArrayLike<Scalar | null>): boolean {
  for (let i = 0; i < items.length; i++) if (items[i] === null) return true;
  return false;
}

function sizeOfScalar(type: ScalarType, value: Scalar): number {
  switch (type) {
    case "text":
      return Buffer.byteLength(value as string);
    case "bytea":
      return (value as Uint8Array).length;
    case "bit":
      return 4 + (value as Uint8Array).length;
    default:
      return FIXED_SIZES[type]!;
  }
}

function writeScalar(out: MessageWriter, type: ScalarType, value: Scalar): void {
  switch (type) {
    case "bool":
      return out.int8(value ? 1 : 0);
    case "int2":
      return out.int16(checked(value as number, 0x7fff));
    case "int4":
      return out.int32(checked(value as number, 0x7fff_ffff));
    case "int8":
      return out.int64(checked(value as number, Number.MAX_SAFE_INTEGER));
    case "text":
      return out.text(value as string);
    case "bytea":
      return out.octets(value as Uint8Array);
    case "bit":
      out.int32((value as Uint8Array).length * 8);
      return out.octets(value as Uint8Array);
    case "uuid":
      return out.octets(Uint8Array.fromHex((value as string).replaceAll("-", "")));
    case "date":
      return out.int32((Date.parse(value as string) - PG_EPOCH_MS) / DAY_MS);
    case "timestamptz":
      return out.int64(Math.round(((value as number) - PG_EPOCH_MS) * 1000));
    default:
      return type satisfies never;
  }
}

function checked(value: number, most: number): number {
  if (!Number.isInteger(value) || value > most || value < -most - 1) {
    throw new RangeError(`Cannot send ${value} as an integer up to ${most}`);
  }
  return value;
}

/** Rows in binary as they came; a value is decoded when it is asked for. */
import { Buffer } from "node:buffer";
import type { Rows } from "../door.ts";
import { PG_EPOCH_MS } from "./types.ts";

/** Collects DataRow payloads by reference; each keeps its read buffer alive. */
export class WireRows implements Rows {
  affected = 0;
  readonly #payloads: Uint8Array[] = [];
  /** Per cell: where its value begins, and its length (-1: NULL). */
  readonly #cells: number[] = [];
  #columns = 0;

  get count(): number {
    return this.#payloads.length;
  }

  /** Takes a DataRow's payload. */
  add(payload: Uint8Array): void {
    const columns = payload[0]! << 8 | payload[1]!;
    this.#columns = columns;
    let at = 2;
    for (let i = 0; i < columns; i++) {
      const length = int32(payload, at);
      at += 4;
      this.#cells.push(at, length);
      if (length > 0) at += length;
    }
    this.#payloads.push(payload);
  }

  isNull(row: number, column: number): boolean {
    return this.#cells[this.#cell(row, column) + 1]! < 0;
  }

  bool(row: number, column: number): boolean {
    return this.octets(row, column)[0] === 1;
  }

  int(row: number, column: number): number {
    const [start, length] = this.#value(row, column);
    return int(this.#payloads[row]!, start, length);
  }

  text(row: number, column: number): string {
    const [start, length] = this.#value(row, column);
    return utf8(this.#payloads[row]!, start, start + length);
  }

  octets(row: number, column: number): Uint8Array {
    const [start, length] = this.#value(row, column);
    return this.#payloads[row]!.subarray(start, start + length);
  }

  time(row: number, column: number): number {
    return PG_EPOCH_MS + Math.floor(this.int(row, column) / 1000);
  }

  uuid(row: number, column: number): string {
    const hex = this.octets(row, column).toHex();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${
      hex.slice(20)
    }`;
  }

  bits(row: number, column: number): Uint8Array | undefined {
    return this.isNull(row, column) ? undefined : this.octets(row, column).subarray(4);
  }

  ints(row: number, column: number): Float64Array {
    const octets = this.octets(row, column);
    const count = elements(octets);
    const values = new Float64Array(count);
    let at = ARRAY_HEAD;
    for (let i = 0; i < count; i++) {
      const length = int32(octets, at);
      values[i] = int(octets, at + 4, length);
      at += 4 + length;
    }
    return values;
  }

  times(row: number, column: number): Float64Array {
    const values = this.ints(row, column);
    for (let i = 0; i < values.length; i++) values[i] = PG_EPOCH_MS + Math.floor(values[i]! / 1000);
    return values;
  }

  texts(row: number, column: number): readonly string[] {
    const octets = this.octets(row, column);
    const count = elements(octets);
    const values: string[] = [];
    let at = ARRAY_HEAD;
    for (let i = 0; i < count; i++) {
      const length = int32(octets, at);
      values.push(utf8(octets, at + 4, at + 4 + length));
      at += 4 + length;
    }
    return values;
  }

  #cell(row: number, column: number): number {
    if (row < 0 || row >= this.count || column < 0 || column >= this.#columns) {
      throw new RangeError(
        `Cannot read row ${row}, column ${column}: there are ${this.count} × ${this.#columns}`,
      );
    }
    return 2 * (row * this.#columns + column);
  }

  #value(row: number, column: number): readonly [start: number, length: number] {
    const cell = this.#cell(row, column);
    const length = this.#cells[cell + 1]!;
    if (length < 0) throw new TypeError(`Cannot read row ${row}, column ${column}: it is NULL`);
    return [this.#cells[cell]!, length];
  }
}

const ARRAY_HEAD = 20;

function elements(array: Uint8Array): number {
  return int32(array, 0) === 0 ? 0 : int32(array, 12);
}

function int(octets: Uint8Array, at: number, length: number): number {
  if (length === 4) return int32(octets, at);
  if (length === 2) return (octets[at]! << 8 | octets[at + 1]!) << 16 >> 16;
  if (length !== 8) throw new TypeError(`Cannot read ${length} octets as an integer`);
  const value = int32(octets, at) * 0x1_0000_0000 + (int32(octets, at + 4) >>> 0);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`Cannot read an integer beyond 2^53 from PostgreSQL`);
  }
  return value;
}

/** Big-endian; shared by all that read the server's messages. */
export function int32(octets: Uint8Array, at: number): number {
  return octets[at]! << 24 | octets[at + 1]! << 16 | octets[at + 2]! << 8 | octets[at + 3]!;
}

function utf8(octets: Uint8Array, start: number, end: number): string {
  return Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString("utf8");
}

/** `INSERT 0 5`, `UPDATE 3`, `SELECT 7`: the last number of the tag. */
export function affectedBy(payload: Uint8Array): number {
  let value = 0;
  for (let i = 0, start = true; i < payload.length - 1; i++) {
    const octet = payload[i]!;
    if (octet >= 0x30 && octet <= 0x39) value = (start ? 0 : value) * 10 + octet - 0x30;
    start = octet === 0x20;
  }
  return value;
}

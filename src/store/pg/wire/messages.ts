/** Messages to the server (PostgreSQL manual, §55.7), one function each. */
import { Buffer } from "node:buffer";
import type { Call, Statement } from "../door.ts";
import { OIDS, sizeOf, writeValue } from "./types.ts";
import type { MessageWriter } from "./writer.ts";

const PROTOCOL_3_0 = 196_608;
const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;

/** StartupMessage. */
export function startup(out: MessageWriter, parameters: Readonly<Record<string, string>>): void {
  const pairs = Object.entries(parameters);
  let size = 4 + 4 + 1;
  for (const [name, value] of pairs) size += Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
  out.int32(size);
  out.int32(PROTOCOL_3_0);
  for (const [name, value] of pairs) {
    out.cstring(name);
    out.cstring(value);
  }
  out.int8(0);
}

/** SSLRequest. */
export function sslRequest(out: MessageWriter): void {
  out.int32(8);
  out.int32(SSL_REQUEST);
}

/** CancelRequest, on a connection of its own. */
export function cancelRequest(out: MessageWriter, pid: number, secret: Uint8Array): void {
  out.int32(12 + secret.length);
  out.int32(CANCEL_REQUEST);
  out.int32(pid);
  out.octets(secret);
}

/** PasswordMessage, SASLInitialResponse, SASLResponse: all of type `p`. */
export function password(out: MessageWriter, octets: Uint8Array): void {
  out.int8(0x70);
  out.int32(4 + octets.length);
  out.octets(octets);
}

/** Parse: prepares a statement under its own name. */
export function parse(out: MessageWriter, statement: Statement): void {
  out.int8(0x50);
  out.int32(
    4 + Buffer.byteLength(statement.name) + 1 + Buffer.byteLength(statement.sql) + 1 + 2 +
      4 * statement.params.length,
  );
  out.cstring(statement.name);
  out.cstring(statement.sql);
  out.int16(statement.params.length);
  for (const type of statement.params) out.int32(OIDS[type]);
}

/** Bind to the unnamed portal: all parameters and all results in binary. */
export function bind(out: MessageWriter, { statement, values }: Call): void {
  const { params, name } = statement;
  if (params.length !== values.length) {
    throw new RangeError(`Cannot bind ${name}: it takes ${params.length} values, not ${values.length}`);
  }
  const sizes = new Array<number>(values.length);
  let size = 4 + 1 + Buffer.byteLength(name) + 1 + 2 + 2 + 2 + 2 + 2;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sizes[i] = value === null ? -1 : sizeOf(params[i]!, value);
    size += 4 + Math.max(0, sizes[i]!);
  }
  out.int8(0x42);
  out.int32(size);
  out.int8(0);
  out.cstring(name);
  out.int16(1);
  out.int16(1);
  out.int16(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    out.int32(sizes[i]!);
    if (value !== null) writeValue(out, params[i]!, value);
  }
  out.int16(1);
  out.int16(1);
}

/** Execute the unnamed portal; `rows` of 0 are all. */
export function execute(out: MessageWriter, rows = 0): void {
  out.int8(0x45);
  out.int32(9);
  out.int8(0);
  out.int32(rows);
}

/** Sync: ends the implicit transaction. */
export function sync(out: MessageWriter): void {
  out.int8(0x53);
  out.int32(4);
}

/** Flush: makes the server send what it has. */
export function flush(out: MessageWriter): void {
  out.int8(0x48);
  out.int32(4);
}

/** Terminate. */
export function terminate(out: MessageWriter): void {
  out.int8(0x58);
  out.int32(4);
}

/** Builds messages to the server as a list of chunks: small values are copied together, octets are not. */
import { Buffer } from "node:buffer";

const CHUNK = 16 * 1024;
/** Shorter octets are cheaper to copy than to send as a chunk of their own. */
const COPY_UP_TO = 4096;

/** A place in what was written. */
export interface Mark {
  readonly chunks: number;
  readonly buffer: Buffer<ArrayBuffer>;
  readonly start: number;
  readonly end: number;
}

/** Writes big-endian values; `take` gives what was written. */
export class MessageWriter {
  #chunks: Uint8Array[] = [];
  #buffer: Buffer<ArrayBuffer> = Buffer.allocUnsafe(CHUNK);
  #start = 0;
  #end = 0;

  int8(value: number): void {
    this.#room(1);
    this.#buffer[this.#end++] = value;
  }

  int16(value: number): void {
    this.#room(2);
    this.#end = this.#buffer.writeInt16BE(value, this.#end);
  }

  int32(value: number): void {
    this.#room(4);
    this.#end = this.#buffer.writeInt32BE(value, this.#end);
  }

  /** A whole number up to 2^53 either way. */
  int64(value: number): void {
    this.#room(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#end = this.#buffer.writeInt32BE(high, this.#end);
    this.#end = this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.#end);
  }

  /** UTF-8, without a length or an end. */
  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.#room(size);
    this.#end += this.#buffer.write(value, this.#end, size, "utf8");
  }

  /** UTF-8 with PostgreSQL's closing zero. */
  cstring(value: string): void {
    this.text(value);
    this.int8(0);
  }

  /** By reference when long: the caller leaves them alone until they are sent. */
  octets(value: Uint8Array): void {
    if (value.length <= COPY_UP_TO) {
      this.#room(value.length);
      this.#buffer.set(value, this.#end);
      this.#end += value.length;
      return;
    }
    this.#cut();
    this.#chunks.push(value);
  }

  /** Where we are, for `rollback`. */
  mark(): Mark {
    return { chunks: this.#chunks.length, buffer: this.#buffer, start: this.#start, end: this.#end };
  }

  /** Forgets what was written after `mark`; nothing was taken in between. */
  rollback({ chunks, buffer, start, end }: Mark): void {
    this.#chunks.length = chunks;
    this.#buffer = buffer;
    this.#start = start;
    this.#end = end;
  }

  /** What was written since the last call. */
  take(): Uint8Array[] {
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** All that was ever taken is sent: its room is written to again, unless more was written since. */
  reuse(): void {
    if (this.#chunks.length > 0 || this.#end > this.#start) return;
    if (this.#buffer.length > CHUNK) this.#buffer = Buffer.allocUnsafe(CHUNK);
    this.#start = this.#end = 0;
  }

  #cut(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #room(size: number): void {
    if (this.#buffer.length - this.#end >= size) return;
    this.#cut();
    this.#buffer = Buffer.allocUnsafe(Math.max(CHUNK, size));
    this.#start = this.#end = 0;
  }
}

import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { constants, createDeflateRaw, deflateRawSync, inflateRawSync } from "node:zlib";
import { MemoryConn } from "../../tests/support/imap_conn.ts";
import { ConnError } from "../core/conn.ts";
import { CompressedConn } from "./compression.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** A pair: what is written to one end is read, compressed on the way, at the other. */
function pair() {
  const inner = new MemoryConn(true);
  const conn = new CompressedConn(inner);
  /** Octets that the peer sends, as they are on the wire. */
  const send = (octets: Uint8Array, size = octets.length) => {
    for (let at = 0; at < octets.length; at += size) inner.toServer.push(octets.subarray(at, at + size));
  };
  /** What went out so far, inflated. */
  const sent = () => {
    const wire = inner.toClient.chunks.splice(0);
    const whole = new Uint8Array(wire.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of wire) {
      whole.set(piece, at);
      at += piece.length;
    }
    return {
      wire: whole,
      text: decoder.decode(inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH })),
    };
  };
  return { inner, conn, send, sent };
}

/** Deflates, ended by a sync flush, as a client does after each command. */
async function deflated(...texts: readonly string[]): Promise<Uint8Array[]> {
  const stream = createDeflateRaw();
  const chunks: Uint8Array[] = [];
  stream.on("data", (octets: Uint8Array) => chunks.push(octets));
  const pieces: Uint8Array[] = [];
  for (const text of texts) {
    stream.write(encoder.encode(text));
    await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    pieces.push(new Uint8Array(chunks.splice(0).flatMap((chunk) => [...chunk])));
  }
  stream.destroy();
  return pieces;
}

async function readText(conn: CompressedConn, length: number): Promise<string> {
  let text = "";
  while (text.length < length) {
    const octets = await conn.read(1000);
    if (octets === null) break;
    text += decoder.decode(octets);
  }
  return text;
}

Deno.test("what comes in is inflated, however it is cut", async () => {
  for (const size of [1, 2, 3, 7, 1000]) {
    const { conn, send } = pair();
    const [one, two] = await deflated("a NOOP\r\n", "b LOGOUT\r\n");
    send(one!, size);
    assertEquals(await readText(conn, 8), "a NOOP\r\n");
    send(two!, size);
    assertEquals(await readText(conn, 10), "b LOGOUT\r\n");
    conn[Symbol.dispose]();
  }
});

Deno.test("what goes out is deflated and can be read at once", async () => {
  const { conn, inner, sent } = pair();
  const text = "* 1 FETCH (FLAGS (\\Seen))\r\n".repeat(500);
  await conn.write([encoder.encode(text), new Uint8Array(0), encoder.encode("a OK\r\n")]);
  const first = sent();
  assertEquals(first.text, text + "a OK\r\n");
  assert(first.wire.length < text.length / 20, `${first.wire.length} octets`);
  // Two writes at once keep their order, and one context serves all.
  const before = inner.toClient.chunks.length;
  await Promise.all([conn.write(encoder.encode("b ")), conn.write(encoder.encode("OK\r\n"))]);
  assert(inner.toClient.chunks.length > before);
  await conn.close();
  assert(inner.toClient.ended);
});

Deno.test("any octets come through in both directions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), async (parts) => {
      const there = pair(), back = pair();
      for (const part of parts) {
        await there.conn.write(part);
        for (const wire of there.inner.toClient.chunks.splice(0)) back.send(wire, 5);
      }
      const want = parts.flatMap((part) => [...part]);
      const got: number[] = [];
      while (got.length < want.length) got.push(...(await back.conn.read(1000))!);
      assertEquals(got, want);
      there.conn[Symbol.dispose]();
      back.conn[Symbol.dispose]();
    }),
    { numRuns: 50 },
  );
});

Deno.test("a bomb ends the connection before it fills the memory", async () => {
  const { conn, send } = pair();
  send(deflateRawSync(new Uint8Array(200_000_000)));
  let read = 0;
  await assertRejects(async () => {
    for (;;) read += (await conn.read(1000))!.length;
  }, ConnError);
  assert(read <= 1_048_576, `${read} octets were handed out`);
  conn[Symbol.dispose]();
});

Deno.test("much that repeats itself within reason is no bomb", async () => {
  const { conn, send } = pair();
  const text = Array.from({ length: 200_000 }, (_, i) => `a${i} NOOP\r\n`).join("");
  send(deflateRawSync(encoder.encode(text)));
  assertEquals(await readText(conn, text.length), text);
  conn[Symbol.dispose]();
});

Deno.test("what is no DEFLATE ends the connection, and so does its end", async () => {
  const { conn, send } = pair();
  send(encoder.encode("a NOOP\r\nb NOOP\r\n"));
  await assertRejects(async () => {
    while (await conn.read(1000) !== null);
  }, ConnError);
  conn[Symbol.dispose]();
  const other = pair();
  other.inner.toServer.end();
  assertEquals(await other.conn.read(1000), null);
  await assertRejects(() => other.conn.startTls(), ConnError);
  other.conn.destroy();
  await assertRejects(() => other.conn.write(encoder.encode("x")), ConnError);
});

Deno.test("a read that timed out may be asked again", async () => {
  const { conn, send } = pair();
  await assertRejects(() => conn.read(5), ConnError);
  const [one] = await deflated("a NOOP\r\n");
  send(one!);
  assertEquals(await readText(conn, 8), "a NOOP\r\n");
  conn[Symbol.dispose]();
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Conn } from "../core/conn.ts";
import { Outgoing } from "./outgoing.ts";

/** A peer that takes writes when it is told to, in order, and sees their octets as they are then. */
function slowPeer() {
  const waiting: { parts: readonly Uint8Array[]; taken(): void }[] = [];
  let text = "";
  const conn = {
    write: (parts: readonly Uint8Array[]) =>
      new Promise<void>((taken) => waiting.push({ parts, taken: () => taken() })),
  } as unknown as Conn;
  return {
    conn,
    text: () => text,
    async take(writes: number): Promise<void> {
      for (const { parts, taken } of waiting.splice(0, writes)) {
        for (const part of parts) text += new TextDecoder().decode(part);
        taken();
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

Deno.test("Outgoing writes over nothing that a peer has not taken yet", async () => {
  const acts = fc.array(
    fc.record({
      of: fc.integer({ min: 0, max: 2 }),
      act: fc.constantFrom("write", "write", "flush", "write and flush", "peer takes one", "peer takes all"),
      // Short ones are copied, and some fill a buffer alone.
      size: fc.constantFrom(1, 30, 2000, 3000, 15_000, 40_000),
    }),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(acts, async (acts) => {
      const peers = [slowPeer(), slowPeer(), slowPeer()];
      const outs = peers.map(({ conn }) => new Outgoing(conn, 65_536));
      const want = ["", "", ""];
      for (const [i, { of, act, size }] of acts.entries()) {
        const [out, peer] = [outs[of]!, peers[of]!];
        if (act.startsWith("write")) {
          const text = String.fromCharCode(0x41 + i).repeat(size);
          out.gather.text(text);
          want[of] += text;
        }
        if (act.endsWith("flush")) out.flush();
        if (act.startsWith("peer")) await peer.take(act.endsWith("one") ? 1 : Infinity);
      }
      for (const [of, peer] of peers.entries()) {
        outs[of]!.flush();
        await peer.take(Infinity);
        assertEquals(peer.text(), want[of]);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("Outgoing gives no buffer back when the peer is gone: who knows what still reads it", async () => {
  const parts: Uint8Array[] = [];
  const conn = {
    write: (octets: readonly Uint8Array[]) => {
      parts.push(...octets);
      return parts.length === 1 ? Promise.reject(new Error("reset")) : Promise.resolve();
    },
  } as unknown as Conn;
  const out = new Outgoing(conn, 65_536);
  out.gather.text("first");
  await out.flush().catch(() => {});
  out.gather.text("second");
  await out.flush();
  out.gather.text("third");
  await out.flush();
  assert(new Set(parts.map((part) => part.byteOffset)).size === 3);
  assertEquals(parts.map((part) => new TextDecoder().decode(part)), ["first", "second", "third"]);
});

import type { HopReply } from "../../core/outbound.ts";
import type { Dialogue } from "./dialogue.ts";
import type { ClientLimits } from "./limits.ts";
import { isYes } from "./outcome.ts";
import { DataWriter } from "./stuff.ts";

/** Sends a message behind the 354, with its final dot. The reply is still to be read. */
export async function sendData(
  dialogue: Dialogue,
  octets: AsyncIterable<Uint8Array>,
  limits: ClientLimits,
): Promise<void> {
  const writer = new DataWriter(limits.line);
  for await (const chunk of octets) {
    await dialogue.write(writer.push(chunk));
    // Nobody listens any more: the reply says why.
    if (dialogue.over) return;
  }
  await dialogue.write(writer.finish());
}

/**
 * Sends a message in chunks (RFC 3030 §2), octet by octet as it is. Gives the reply to a chunk that was refused,
 * undefined when the last one went out: then its reply is still to be read.
 */
export async function sendChunks(
  dialogue: Dialogue,
  octets: AsyncIterable<Uint8Array>,
  limits: ClientLimits,
): Promise<HopReply | undefined> {
  let held: Uint8Array[] = [];
  let size = 0;
  const chunk = async (last: string) => {
    const head = new TextEncoder().encode(`BDAT ${size}${last}\r\n`);
    const parts = [head, ...held];
    held = [];
    size = 0;
    await dialogue.write(parts);
  };
  for await (const piece of octets) {
    // One chunk is always held back: the last one must say that it is.
    if (size > 0 && size + piece.length > limits.chunk) {
      await chunk("");
      const reply = await dialogue.reply(limits.dataEnd);
      if (!isYes(reply)) return reply;
    }
    held.push(piece.slice());
    size += piece.length;
  }
  await chunk(" LAST");
  return undefined;
}

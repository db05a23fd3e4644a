/** What is put in front of a message at each try. */
import type { OutboundMessage, Signer } from "../core/outbound.ts";

/** The message behind the fields that sign it; itself where nothing signs. Rejects when `sign` does. */
export async function signed(message: OutboundMessage, signer: Signer | undefined): Promise<OutboundMessage> {
  const fields = await signer?.sign(message);
  if (fields === undefined || fields.length === 0) return message;
  return {
    ...message,
    size: message.size + fields.length,
    async *octets() {
      yield fields;
      yield* message.octets();
    },
  };
}

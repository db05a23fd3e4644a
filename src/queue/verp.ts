/** Variable envelope return paths: each recipient's failures come to an address of their own. */
import type { OutboundEnvelope } from "../core/outbound.ts";

/**
 * A recipient's own reverse-path: `list@origin` becomes `list+user=domain@origin` for `user@domain`, with the two
 * characters that the sender chose (Postfix's VERP_README). The null one stays.
 */
export function variablePath(reversePath: string, delimiters: string, recipient: string): string {
  const at = reversePath.lastIndexOf("@"), to = recipient.lastIndexOf("@");
  if (at < 1 || to < 1) return reversePath;
  const user = recipient.slice(0, to), domain = recipient.slice(to + 1);
  return reversePath.slice(0, at) + delimiters[0] + user + delimiters[1] + domain + reversePath.slice(at);
}

/** The envelope with which a message goes to a recipient. */
export function envelopeFor(envelope: OutboundEnvelope, recipient: string): OutboundEnvelope {
  const { verp, reversePath } = envelope;
  return verp === undefined
    ? envelope
    : { ...envelope, reversePath: variablePath(reversePath, verp, recipient) };
}

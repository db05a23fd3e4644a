import type { OutboundRecipient } from "../../core/outbound.ts";
import type { Extensions } from "./extensions.ts";

/**
 * Splits recipients into those that one transaction may carry, in order: RCPTMAX and RCPTDOMAINMAX of the next
 * hop (RFC 9422 §4), and a limit of ours.
 */
export function groups(
  recipients: readonly OutboundRecipient[],
  extensions: Extensions,
  most: number,
): readonly (readonly OutboundRecipient[])[] {
  const size = Math.min(most, extensions.limit("RCPTMAX") ?? most);
  const domains = extensions.limit("RCPTDOMAINMAX") ?? Infinity;
  const all: OutboundRecipient[][] = [];
  let group: OutboundRecipient[] = [];
  let met = new Set<string>();
  for (const recipient of recipients) {
    const domain = recipient.address.slice(recipient.address.lastIndexOf("@") + 1);
    if (group.length === size || met.size >= domains && !met.has(domain)) {
      all.push(group);
      group = [];
      met = new Set();
    }
    group.push(recipient);
    met.add(domain);
  }
  if (group.length > 0) all.push(group);
  return all;
}

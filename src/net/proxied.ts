import { ConnError } from "../core/conn.ts";
import { ProxyParser } from "./proxy.ts";
import type { Transport } from "./transport.ts";

/**
 * Reads a PROXY header off a new connection and renames its ends; what followed the header stays to be read
 * (it may be a ClientHello). Undefined when all is well, otherwise why not.
 *
 * @param withinMs from now to the header's last octet
 */
export async function readProxyHeader(conn: Transport, withinMs: number): Promise<string | undefined> {
  const parser = new ProxyParser();
  const until = performance.now() + withinMs;
  try {
    for (;;) {
      const octets = await conn.read(Math.max(0, until - performance.now()));
      if (octets === null) return "closed before its header";
      parser.push(octets);
      const step = parser.next();
      if (step.kind === "fault") return step.fault.rule;
      if (step.kind === "item") {
        const { ends, rest } = step.value;
        if (ends !== undefined) conn.rename(ends.source, ends.destination);
        conn.unread(rest);
        return undefined;
      }
    }
  } catch (thrown) {
    if (thrown instanceof ConnError) return thrown.reason === "timeout" ? "no header in time" : thrown.reason;
    throw thrown;
  }
}

import type { Dial } from "../../../core/conn.ts";
import type { DatabaseAddress } from "../database.ts";
import { wireTarget } from "./address.ts";
import { sslRequest } from "./messages.ts";
import { MessageWriter } from "./writer.ts";

const TIMEOUT_MS = 5_000;

/**
 * Settles what sslmode=prefer, libpq's default, means with this server, once and for all connections: npm pg
 * does not know `prefer`. An address with another mode, and one whose server does not answer, stays as it is.
 */
export async function settlePrefer(dial: Dial, address: DatabaseAddress): Promise<DatabaseAddress> {
  if (address.kind !== "url") return address;
  const { tls, to } = wireTarget(address);
  if (tls !== "prefer") return address;
  try {
    await using conn = await dial(to, { timeoutMs: TIMEOUT_MS });
    const out = new MessageWriter();
    sslRequest(out);
    await conn.write(out.take());
    const answer = await conn.read(TIMEOUT_MS);
    const url = new URL(address.url);
    url.searchParams.set("sslmode", answer?.[0] === 0x53 ? "require" : "disable");
    return { kind: "url", url: url.href };
  } catch {
    return address;
  }
}

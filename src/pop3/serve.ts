import type { Conn } from "../core/conn.ts";
import type { Services } from "../core/services.ts";
import type { Pop3End } from "./events.ts";
import type { Pop3Limits } from "./limits.ts";
import { Runner } from "./runner.ts";

/**
 * Serves one POP3 connection to its end (RFC 1939). Never rejects; closes the connection. What was marked for
 * deletion is removed after QUIT and at no other end.
 */
export async function servePop3(conn: Conn, services: Services<Pop3Limits>): Promise<void> {
  const runner = new Runner(conn, services);
  let end: Pop3End;
  try {
    end = await runner.run();
  } catch (thrown) {
    end = await runner.failed(thrown);
  }
  await runner.finish(end);
}

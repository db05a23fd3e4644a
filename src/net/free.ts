import { parseAddress } from "./address.ts";
import { bind } from "./bind.ts";

/**
 * Finds out whether an address can be listened on. Listeners that share their port with the kernel's help
 * (`reusePort`) would also share it with another server of the same user, and each would get some of the
 * other's connections: so this binds without that, and lets go again.
 *
 * @throws Error of the runtime, with its `code`: EADDRINUSE, EACCES, …
 */
export async function checkFree(address: string): Promise<void> {
  const where = parseAddress(address);
  // A unix socket is never shared: binding it tells by itself.
  if ("path" in where || where.port === 0) return;
  const server = await bind({ address: where, backlog: 1, reusePort: false });
  await new Promise<void>((closed) => server.close(() => closed()));
}

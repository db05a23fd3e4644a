/** An echo listener in a process with few descriptors. Arguments: maxConnections, watchMs, `fd` or an address. */
import { silent } from "../../src/core/events.ts";
import { listen } from "../../src/net/mod.ts";

const [max, watchMs, where] = Deno.args;
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
// The runtime (2.9.6) asks for a descriptor for signals a while after its start and panics when there is none;
// asked for now, it is there. The server does the same by listening for SIGTERM first.
Deno.addSignalListener("SIGHUP", () => {});
const listener = await listen({
  ...(where === "fd" ? { fd: 3 } : { address: where! }),
  tls: "none",
  exempt: ["127.0.0.0/8"],
  limits: { maxConnections: Number(max), watchMs: Number(watchMs) },
  refusal: (reason) => new TextEncoder().encode(`421 ${reason}\r\n`),
  emit: (name, fields) => {
    silent(name, fields);
    if (name.startsWith("net.listen")) say(`event ${name}`);
  },
  handler: async (conn) => {
    for (let chunk; (chunk = await conn.read(60_000)) !== null;) await conn.write(chunk);
  },
});
say(`port ${listener.address.port}`);

/**
 * A peer that sends without end in sight, in a process of its own so that the test can look at its own
 * memory. `dial PORT starttls|plain OCTETS`: connects and sends. `serve OCTETS`: listens with TLS, prints its
 * port, sends to who comes. Both then wait to be closed.
 */
import type { Conn } from "../../src/core/conn.ts";
import { dial, listen, selfSigned, TlsContextHolder } from "../../src/net/mod.ts";

async function flood(conn: Conn, octets: number): Promise<void> {
  const chunk = new Uint8Array(65_536).fill(120);
  for (let left = octets; left > 0; left -= chunk.length) await conn.write(chunk.subarray(0, left));
  await conn.read(60_000);
  await conn.close();
}

const [mode, ...args] = Deno.args;
if (mode === "dial") {
  const conn = await dial({ host: "127.0.0.1", port: Number(args[0]) }, { tls: { verify: false } });
  if (args[1] === "starttls") await conn.startTls();
  await flood(conn, Number(args[2]));
} else {
  const certificates = new TlsContextHolder([await selfSigned("localhost")]);
  const listener = await listen({
    address: "127.0.0.1:0",
    tls: "implicit",
    certificates,
    handler: async (conn) => {
      await flood(conn, Number(args[0]));
      await listener.close();
    },
  });
  await Deno.stdout.write(new TextEncoder().encode(`${listener.address.port}\n`));
}

import type { Conn } from "../../src/core/conn.ts";
import { dial, listen, type Listener, type ListenOptions } from "../../src/net/mod.ts";
import type { Transport } from "../../src/net/transport.ts";

/** ASCII to octets. */
export function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a condition holds, at most 5 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await sleep(5);
  }
}

/** Reads until `n` octets have come or the stream ends; as text. */
export async function readText(conn: Conn, n = Infinity, timeoutMs = 5_000): Promise<string> {
  let text = "";
  while (text.length < n) {
    const chunk = await conn.read(timeoutMs);
    if (chunk === null) break;
    text += new TextDecoder("latin1").decode(chunk);
  }
  return text;
}

/** A listener on a free port that reads what comes until the peer ends. */
export function drain(options: Partial<ListenOptions> = {}): Promise<Listener> {
  return listen({
    address: "127.0.0.1:0",
    tls: "none",
    ...options,
    handler: async (conn) => {
      while (await conn.read(60_000) !== null);
    },
  });
}

/** A listener on a free port whose connections are handed to the test, which ends them. */
export async function capture(
  options: Partial<ListenOptions> = {},
): Promise<{ listener: Listener; accepted: () => Promise<Transport> }> {
  const arrived: Transport[] = [];
  const wanted: ((conn: Transport) => void)[] = [];
  const listener = await listen({
    address: "127.0.0.1:0",
    tls: "none",
    ...options,
    handler: (conn) => {
      const transport = conn as Transport;
      const take = wanted.shift();
      if (take === undefined) arrived.push(transport);
      else take(transport);
      return transport.closed;
    },
  });
  const accepted = () => {
    const conn = arrived.shift();
    return conn === undefined
      ? new Promise<Transport>((resolve) => wanted.push(resolve))
      : Promise.resolve(conn);
  };
  return { listener, accepted };
}

/** Both ends of a connection; disposing it closes the lot. */
export async function pair(
  options: Partial<ListenOptions> = {},
  dialOptions: Parameters<typeof dial>[1] = {},
): Promise<{ client: Transport; server: Transport; listener: Listener } & AsyncDisposable> {
  const { listener, accepted } = await capture(options);
  const { address, port } = listener.address;
  const client = await dial(
    address.startsWith("/") ? { path: address } : { host: address, port },
    dialOptions,
  );
  const server = await accepted();
  return {
    client: client as Transport,
    server,
    listener,
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await (client as Transport).closed;
      await listener[Symbol.asyncDispose]();
    },
  };
}

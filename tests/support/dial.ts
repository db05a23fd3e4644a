/** A plain client connection for tests of what stands below `net/`. */
import net from "node:net";
import { type Conn, ConnError, type Dial } from "../../src/core/conn.ts";

/** Opens a connection without TLS, deadlines or limits. */
export const dial: Dial = (to) =>
  new Promise((resolve, reject) => {
    const socket = "path" in to ? net.connect(to.path) : net.connect(to.port, to.host);
    socket.once("error", (error) => reject(new ConnError("reset", error.message)));
    socket.once("connect", () => resolve(plainConn(socket)));
  });

function plainConn(socket: net.Socket): Conn {
  const chunks: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let over = false;
  socket.setNoDelay(true);
  socket.on("data", (chunk: Uint8Array) => {
    chunks.push(chunk);
    wake?.();
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((done) =>
    socket.on("close", () => {
      over = true;
      wake?.();
      done();
    })
  );
  return {
    id: "test",
    remote: { address: "127.0.0.1", port: 0 },
    local: { address: "127.0.0.1", port: 0 },
    tls: undefined,
    get buffered() {
      return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    },
    async read() {
      while (chunks.length === 0 && !over) await new Promise<void>((go) => wake = go);
      return chunks.shift() ?? null;
    },
    write(octets) {
      if (over) return Promise.reject(new ConnError("reset", "the connection is closed"));
      socket.cork();
      for (const part of octets instanceof Uint8Array ? [octets] : octets) socket.write(part);
      socket.uncork();
      return Promise.resolve();
    },
    startTls: () => Promise.reject(new ConnError("tls", "no TLS here")),
    async close() {
      socket.end();
      await closed;
    },
    destroy: () => void socket.destroy(),
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed;
    },
  };
}

import { createConnection, type Socket } from "node:net";
import { type Conn, ConnError, type Dial, type Endpoint } from "../core/conn.ts";
import { canonicalAddress } from "./address.ts";
import { clientTls } from "./handshake.ts";
import { nextId } from "./ids.ts";
import { type NetLimits, netLimits } from "./limits.ts";
import { Transport } from "./transport.ts";
import { suspectExhaustion } from "./watchdog.ts";

/** Makes a Dial with limits of one's own. */
export function dialer(limits: Partial<NetLimits> = {}): Dial {
  const all = netLimits(limits);
  return async (to, options = {}) => {
    const raw = await connected(to, options.timeoutMs ?? all.dialMs);
    return clientConn(raw, to, options.tls ?? { verify: true }, all);
  };
}

/**
 * Opens a client connection, TCP or unix socket.
 *
 * @throws ConnError `timeout` when it does not come up in time, `reset` when it is refused.
 */
export const dial: Dial = dialer();

function clientConn(
  raw: Socket,
  to: Parameters<Dial>[0],
  tls: NonNullable<NonNullable<Parameters<Dial>[1]>["tls"]>,
  limits: NetLimits,
): Conn {
  const unix = "path" in to;
  const remote: Endpoint = unix
    ? { address: to.path, port: 0 }
    : { address: canonicalAddress(raw.remoteAddress ?? "") ?? to.host, port: raw.remotePort ?? to.port };
  const local: Endpoint = unix
    ? { address: "", port: 0 }
    : { address: canonicalAddress(raw.localAddress ?? "") ?? "", port: raw.localPort ?? 0 };
  return new Transport(raw, {
    id: nextId(),
    remote,
    local,
    limits,
    beginTls: clientTls(unix ? "" : to.host, tls),
  });
}

/** A connected socket, paused. A dial is rare enough for a timer of its own. */
function connected(to: Parameters<Dial>[0], timeoutMs: number): Promise<Socket> {
  const name = "path" in to ? to.path : `${to.host}:${to.port}`;
  return new Promise((resolve, reject) => {
    const raw = createConnection({ ...to, allowHalfOpen: true });
    raw.pause();
    const settle = () => {
      clearTimeout(timer);
      raw.off("error", failed).off("connect", up);
    };
    const failed = (error: Error & { code?: string }) => {
      settle();
      if (error.code === "EMFILE" || error.code === "ENFILE") suspectExhaustion();
      reject(new ConnError("reset", `Cannot connect to ${name}: ${error.message}`));
    };
    const up = () => {
      settle();
      if (!("path" in to)) raw.setNoDelay(true);
      resolve(raw);
    };
    const timer = setTimeout(() => {
      settle();
      raw.on("error", () => {});
      raw.destroy();
      reject(new ConnError("timeout", `Cannot connect to ${name}: no answer for ${timeoutMs} ms`));
    }, timeoutMs);
    raw.on("error", failed).on("connect", up);
  });
}

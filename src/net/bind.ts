/** Binding a listening socket: TCP, unix, or one that was inherited. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import type { Address } from "./address.ts";

/** How to bind. */
export interface BindOptions {
  /** Left out when `fd` is given. */
  readonly address?: Address;
  /** An inherited listening socket's descriptor; it is closed with the server. */
  readonly fd?: number;
  readonly backlog: number;
  readonly reusePort: boolean;
  /** Rights of a unix socket's file. */
  readonly mode?: number;
}

/**
 * A server that listens and has no listeners for connections yet. Its sockets come paused and half-open.
 *
 * @throws Error of the runtime, with its `code`: EADDRINUSE, EACCES, …
 */
export async function bind(options: BindOptions): Promise<Server> {
  const { address } = options;
  try {
    return await listening(options);
  } catch (thrown) {
    if (address === undefined || !("path" in address) || !await isStale(address.path)) throw thrown;
    unlinkSync(address.path);
    return await listening(options);
  }
}

function listening(options: BindOptions): Promise<Server> {
  const { address, fd, backlog, reusePort } = options;
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.once("error", reject);
    const up = () => {
      server.off("error", reject);
      if (address !== undefined && "path" in address && options.mode !== undefined) {
        chmodSync(address.path, options.mode);
      }
      resolve(server);
    };
    if (fd !== undefined) server.listen({ fd, backlog }, up);
    else if (address === undefined) {
      reject(new TypeError("Cannot listen: neither address nor descriptor given"));
    } else if ("path" in address) server.listen({ path: address.path, backlog }, up);
    else {server.listen(
        { host: address.host, port: address.port, backlog, ...(reusePort && { reusePort }) },
        up,
      );}
  });
}

/** True when the path is a socket on which nobody answers: left behind by a server that was killed. */
async function isStale(path: string): Promise<boolean> {
  try {
    if (!lstatSync(path).isSocket()) return false;
  } catch {
    return false;
  }
  const probe = createConnection({ path });
  const answer = await new Promise<string>((resolve) => {
    probe.once("connect", () => resolve("up")).once("error", (e: Error & { code?: string }) => {
      resolve(e.code ?? "");
    });
  });
  probe.destroy();
  return answer === "ECONNREFUSED";
}

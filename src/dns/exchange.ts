/** One question to one server, over UDP, and over TCP where UDP will not do (RFC 7766). */
import { createSocket } from "node:dgram";
import { ConnError, type Dial } from "../core/conn.ts";
import { answerTo, type Question, type WireAnswer } from "./wire.ts";

/** Where a server listens. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/** Asks by UDP; by TCP when the answer was cut short or its name came back in other letters. */
export async function ask(
  server: DnsServer,
  asked: Question,
  dial: Dial,
  timeoutMs: number,
): Promise<WireAnswer | string> {
  const answer = await byUdp(server, asked, timeoutMs);
  if (answer === "case" || typeof answer === "object" && answer.truncated) {
    return await byTcp(server, asked, dial, timeoutMs);
  }
  return answer;
}

/** A socket, and so a port, of its own for each question; what does not answer it is not looked at. */
function byUdp(server: DnsServer, asked: Question, timeoutMs: number): Promise<WireAnswer | string> {
  return new Promise((resolve) => {
    const socket = createSocket(server.host.includes(":") ? "udp6" : "udp4");
    const settle = (answer: WireAnswer | string) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      try {
        socket.close();
      } catch { /* it never opened */ }
      resolve(answer);
    };
    const timer = setTimeout(() => settle(`${server.host} did not answer`), timeoutMs);
    socket.on("error", (error) => settle(`${server.host}: ${error.message}`));
    socket.on("message", (octets, from) => {
      if (from.port !== server.port || !sameHost(from.address, server.host)) return;
      const answer = answerTo(asked, octets);
      if (answer !== "other") settle(answer);
    });
    socket.send(asked.octets, server.port, server.host, (error) => {
      if (error) settle(`${server.host}: ${error.message}`);
    });
  });
}

async function byTcp(
  server: DnsServer,
  asked: Question,
  dial: Dial,
  timeoutMs: number,
): Promise<WireAnswer | string> {
  const until = performance.now() + timeoutMs;
  try {
    const conn = await dial(server, { timeoutMs });
    try {
      const framed = new Uint8Array(asked.octets.length + 2);
      framed.set([asked.octets.length >> 8, asked.octets.length & 255]);
      framed.set(asked.octets, 2);
      await conn.write(framed);
      let held = new Uint8Array(0);
      for (;;) {
        const size = held.length < 2 ? Infinity : 2 + (held[0]! << 8 | held[1]!);
        if (held.length >= size) {
          // Nobody else can write into this connection: letters in another case are no sign of anything.
          return answerTo(asked, held.subarray(2, size), { anyCase: true });
        }
        const left = until - performance.now();
        const chunk = left > 0 ? await conn.read(left) : null;
        if (chunk === null) return `${server.host} did not answer by TCP`;
        const joined = new Uint8Array(held.length + chunk.length);
        joined.set(held);
        joined.set(chunk, held.length);
        held = joined;
      }
    } finally {
      conn.destroy();
    }
  } catch (thrown) {
    if (!(thrown instanceof ConnError)) throw thrown;
    return `${server.host}: ${thrown.message}`;
  }
}

function sameHost(a: string, b: string): boolean {
  return a === b || a === `::ffff:${b}` || a.split("%")[0] === b;
}

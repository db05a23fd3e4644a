/** An SMTP server that takes everything at once and counts it, in a process of its own where it is run as a program. */
import { createServer, type Server, type Socket } from "node:net";

/** What came. */
export interface Sink extends AsyncDisposable {
  readonly port: number;
  /** How often each recipient was told 250 after its message. */
  readonly counts: ReadonlyMap<string, number>;
  /** Most connections at once, ever. */
  readonly most: number;
  readonly messages: number;
}

/** Listens on a free port of loopback. Knows EHLO with PIPELINING, and no TLS. */
export function listenSink(port = 0): Promise<Sink> {
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  let most = 0, messages = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.write("220 sink ESMTP\r\n");
    let rest = "", inData = false;
    let recipients: string[] = [];
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1");
      let out = "";
      for (;;) {
        if (inData) {
          const end = rest.startsWith(".\r\n") ? 0 : rest.indexOf("\r\n.\r\n");
          if (end < 0) break;
          rest = rest.slice(end === 0 && rest.startsWith(".\r\n") ? 3 : end + 5);
          inData = false;
          messages++;
          for (const one of recipients) counts.set(one, (counts.get(one) ?? 0) + 1);
          recipients = [];
          out += "250 2.0.0 taken\r\n";
          continue;
        }
        const at = rest.indexOf("\r\n");
        if (at < 0) break;
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        const verb = line.slice(0, 4).toUpperCase();
        if (verb === "EHLO") out += "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE\r\n";
        else if (verb === "RCPT") {
          recipients.push(/<([^>]*)>/.exec(line)?.[1] ?? "");
          out += "250 2.1.5 ok\r\n";
        } else if (verb === "DATA") {
          inData = true;
          out += "354 go ahead\r\n";
        } else if (verb === "QUIT") {
          socket.end(`${out}221 bye\r\n`);
          return;
        } else out += "250 2.0.0 ok\r\n";
      }
      if (out !== "") socket.write(out);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", 1024, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        counts,
        get most() {
          return most;
        },
        get messages() {
          return messages;
        },
        [Symbol.asyncDispose]: () => {
          for (const socket of sockets) socket.destroy();
          return new Promise((done) => server.close(() => done()));
        },
      });
    });
  });
}

/** The server that one file of these tests talks to. */
import { join } from "node:path";
import { PASSWORD, type PortName, startServer, type TestServer } from "../../support/server.ts";

export { PASSWORD };

/** A server, and what clients want to know about it. */
export interface Site extends AsyncDisposable {
  readonly server: TestServer;
  readonly ports: Readonly<Record<PortName, number>>;
  /** Its certificate, which is also the authority that clients trust. */
  readonly certificate: string;
  /** An account that nobody used yet. */
  readonly account: () => string;
}

/** The name in the server's certificate: clients check it. */
export const HOST = "localhost";

/**
 * Starts a server with `count` accounts. Passwords may go over plain connections, because some clients cannot do
 * TLS to a port of their choice; limits for each address are off, because all clients come from one.
 */
export async function startSite(count: number, accounts: readonly string[] = []): Promise<Site> {
  const numbered = Array.from({ length: count }, (_, i) => `user${i + 1}@example.test`);
  const server = await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "limits.exempt=[127.0.0.0/8]",
      "log.level=warn",
      // What is submitted here comes from all over the world.
      "smtp.from_must_match=false",
    ],
    accounts: [...numbered, ...accounts],
  });
  return {
    server,
    ports: server.ports,
    certificate: join(server.folder, "self-signed.pem"),
    account() {
      const address = numbered.shift();
      if (address === undefined) throw new Error("All accounts are used: start the site with more");
      return address;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

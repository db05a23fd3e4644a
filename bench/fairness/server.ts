/** The server whose fairness is measured, with its limits as they are by default but for the good clients. */
import { PASSWORD, startServer, type TestServer } from "../../tests/support/server.ts";
import type { Subject } from "./run.ts";

/** A server with eight good accounts and a bad one. */
export async function startFairServer(): Promise<
  { readonly subject: Subject; readonly server: TestServer } & AsyncDisposable
> {
  const users = Array.from({ length: 8 }, (_, i) => `good${i + 1}@fair.test`), account = "bad@fair.test";
  const server = await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "log.level=warn",
      "limits.smtp.messages=1000000000",
      // All good clients come from one address here, and are more than one address may have.
      "limits.exempt=[127.0.0.1/32]",
      "limits.imap.session.per_account_and_address=1000",
    ],
    accounts: [...users, account],
  });
  return {
    server,
    subject: { ports: server.ports, users, account, password: PASSWORD },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

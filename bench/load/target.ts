/** The server under load: somebody's that runs already, or one that we start in a folder of its own. */
import { PASSWORD, startServer } from "../../tests/support/server.ts";

/** Where it listens and who lives there. */
export interface Target extends AsyncDisposable {
  readonly host: string;
  readonly ports: Readonly<Record<"smtp" | "lmtp" | "imap" | "pop3", number>>;
  /** `user%d@domain`. */
  readonly users: string;
  readonly password: string;
  /** Process whose CPU and memory are reported, with its children; undefined for a foreign server. */
  readonly pid: number | undefined;
}

/** Starts `deno task serve` on free ports with `accounts` accounts, real fsync, limits for loopback off. */
export async function startTarget(accounts: number, workers: number | undefined): Promise<Target> {
  const server = await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "limits.exempt=[127.0.0.0/8]",
      "log.level=warn",
      "limits.smtp.messages=1000000000",
      ...(workers === undefined ? [] : [`workers=${workers}`]),
    ],
    accounts: Array.from({ length: accounts }, (_, i) => `user${i + 1}@load.test`),
  });
  return {
    host: server.host,
    ports: server.ports,
    users: "user%d@load.test",
    password: PASSWORD,
    pid: server.pid,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

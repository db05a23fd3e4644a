/** The server under load: somebody's that runs already, or one that we start in a folder of its own. */
import { PASSWORD, startServer } from "../../tests/support/server.ts";

/** Ports by protocol; undefined where the server does not have it. */
export interface Ports {
  readonly smtp: number | undefined;
  readonly lmtp: number | undefined;
  readonly imap: number;
  readonly imaps: number | undefined;
  readonly pop3: number | undefined;
}

/** Where it listens and who lives there. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  readonly ports: Ports;
  /** `user%d@domain`; %d is 1, 2, … */
  readonly users: string;
  readonly password: string;
  /** Processes whose CPU and memory are reported, with their children; none for a foreign server. */
  readonly pids: readonly number[];
}

/** How to start one. */
export interface OwnOptions {
  readonly accounts: number;
  readonly workers?: number | undefined;
  /** Another copy of the project to run. */
  readonly root?: string | undefined;
  /** `--set` each. */
  readonly settings?: readonly string[];
}

/** Starts `deno task serve` on free ports with real fsync; limits for one address, which all load shares, are off. */
export async function startTarget(options: OwnOptions): Promise<Target> {
  const server = await startServer({
    settings: [
      "auth.allow_plaintext=true",
      "limits.exempt=[127.0.0.0/8]",
      "log.level=warn",
      "limits.smtp.messages=1000000000",
      "limits.imap.session.per_account_and_address=100000",
      ...(options.workers === undefined ? [] : [`workers=${options.workers}`]),
      ...(options.settings ?? []),
    ],
    accounts: Array.from({ length: options.accounts }, (_, i) => `user${i + 1}@load.test`),
    timeoutMs: 300_000,
    ...(options.root === undefined ? {} : { root: options.root }),
  });
  return {
    name: options.root ?? "malleposte",
    host: server.host,
    ports: server.ports,
    users: "user%d@load.test",
    password: PASSWORD,
    pids: [server.pid],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/**
 * A target by its name: `self`, the folder of another copy of the project, or a JSON file with the members of
 * `Target` (as `bench/load/peers` writes it).
 */
export async function openTarget(spec: string, options: OwnOptions): Promise<Target> {
  if (spec === "self") return await startTarget(options);
  if ((await Deno.stat(spec)).isDirectory) {
    return await startTarget({ ...options, root: await Deno.realPath(spec) });
  }
  const written: Omit<Target, typeof Symbol.asyncDispose> = JSON.parse(await Deno.readTextFile(spec));
  return { ...written, async [Symbol.asyncDispose]() {} };
}

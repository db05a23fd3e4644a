/** The whole server as a user starts it: a process of its own in a folder of its own, on free ports. */
import { join } from "node:path";

/** The listeners that the built-in configuration has. */
export type PortName =
  | "smtp"
  | "submission"
  | "submissions"
  | "lmtp"
  | "imap"
  | "imaps"
  | "pop3"
  | "pop3s"
  | "http";

const PORT_NAMES: readonly PortName[] = [
  "smtp",
  "submission",
  "submissions",
  "lmtp",
  "imap",
  "imaps",
  "pop3",
  "pop3s",
  "http",
];

/** A running server. */
export interface TestServer extends AsyncDisposable {
  readonly host: string;
  readonly ports: Readonly<Record<PortName, number>>;
  /** Its data folder; `self-signed.pem` in it is its certificate. */
  readonly folder: string;
  /** The process that was started; the server is it or a child of it. */
  readonly pid: number;
  /** What it wrote to stdout and stderr so far. */
  readonly output: () => string;
  /** Runs `deno task mail …` against it. */
  readonly mail: (...words: string[]) => Promise<Finished>;
  readonly signal: (name: Deno.Signal) => void;
  /** Ends it by SIGTERM; resolves with the exit code. The folder stays until disposal. */
  readonly stop: () => Promise<number>;
}

/** A command that ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start it. */
export interface ServerOptions {
  /** A configuration file. */
  readonly config?: string;
  /** `--set` each. */
  readonly settings?: readonly string[];
  /** Addresses of accounts; their domains are made too. */
  readonly accounts?: readonly string[];
  /** Of all of them. */
  readonly password?: string;
  /** A folder to use again; a fresh one, removed at the end, when left out. */
  readonly folder?: string;
  /** Milliseconds until `ready`. */
  readonly timeoutMs?: number;
  /** Put before deno, e.g. `setpriv …` to be another user. */
  readonly prefix?: readonly string[];
  /** A program of the tests that serves in place of `deno task serve`. */
  readonly script?: string;
  /** Told its process, before it is ready. */
  readonly onSpawn?: (pid: number) => void;
  /** Another copy of the project to run. */
  readonly root?: string;
  /** Put into the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Deno to run, where another user cannot reach ours. */
  readonly deno?: string;
}

/** The password of accounts, unless another is given. */
export const PASSWORD = "correct-horse-battery";

const root = new URL("../..", import.meta.url).pathname;

/** Starts a server and waits for its `ready` line. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "malleposte-server-" });
  const settings = [
    ...(options.config === undefined ? [] : ["--config", options.config]),
    ...settingsFor(folder, options.settings),
  ];
  const [program, ...prefix] = [...(options.prefix ?? []), options.deno ?? Deno.execPath()];
  const serve = options.script === undefined ? ["task", "-q", "serve"] : ["run", "-A", options.script];
  const child = new Deno.Command(program!, {
    args: [...prefix, ...serve, ...settings],
    cwd: options.root ?? root,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  options.onSpawn?.(child.pid);
  let output = "";
  const ready = Promise.withResolvers<void>();
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (/^ready/m.test(output)) ready.resolve();
    }
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const late = setTimeout(() => ready.reject(new Error("not ready in time")), options.timeoutMs ?? 60_000);
  const ended = child.status.then(async ({ code }) => {
    await collected;
    ready.reject(new Error(`the server ended with code ${code}`));
    return code;
  });
  const mail = (...words: string[]) => run(["task", "-q", "mail", ...settings, ...words], options);
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch { /* ended already */ }
    return await ended;
  };
  const dispose = async () => {
    clearTimeout(late);
    await stop();
    if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
  };
  try {
    await ready.promise;
    clearTimeout(late);
    if (options.accounts !== undefined) await addAccounts(mail, folder, options.accounts, options.password);
  } catch (error) {
    await dispose();
    throw new Error(`Cannot start the server: ${(error as Error).message}\n${output}`);
  }
  return {
    host: "127.0.0.1",
    ports: portsIn(output),
    folder,
    pid: child.pid,
    output: () => output,
    mail,
    signal: (name) => child.kill(name),
    stop,
    [Symbol.asyncDispose]: dispose,
  };
}

/** `--set` arguments for a data folder, free ports, and what else is asked for. */
export function settingsFor(folder: string, settings: readonly string[] = []): string[] {
  return [
    `data=${folder}`,
    "workers=2",
    ...PORT_NAMES.map((name) => `listeners.${name}.address=127.0.0.1:0`),
    ...settings,
  ].flatMap((setting) => ["--set", setting]);
}

/** The lowest of the ports that the kernel gives to clients, here and on most machines. */
const FIRST_EPHEMERAL = 32_768;

/**
 * Settings for ports that stay the same from start to start. None of them is one that a client may be given: where a
 * server is down, who tries to connect to such a port may be given it, and be connected to itself.
 */
export function lastingPorts(): string[] {
  const taken = new Set<number>();
  return PORT_NAMES.map((name) => {
    for (;;) {
      const port = FIRST_EPHEMERAL - 1 - Math.floor(Math.random() * 20_000);
      try {
        Deno.listen({ hostname: "127.0.0.1", port }).close();
      } catch {
        continue;
      }
      if (taken.has(port)) continue;
      taken.add(port);
      return `listeners.${name}.address=127.0.0.1:${port}`;
    }
  });
}

/** How to run a command. */
export interface RunOptions extends Pick<ServerOptions, "prefix" | "root" | "env" | "deno"> {
  /** What it reads from standard input. */
  readonly input?: string;
}

/** Runs deno with arguments in the project's folder. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program, ...prefix] = [...(options.prefix ?? []), options.deno ?? Deno.execPath()];
  const child = new Deno.Command(program!, {
    args: [...prefix, ...args],
    cwd: options.root ?? root,
    env: { NO_COLOR: "1", ...options.env },
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (options.input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.input));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function addAccounts(
  mail: TestServer["mail"],
  folder: string,
  accounts: readonly string[],
  password = PASSWORD,
): Promise<void> {
  const file = join(folder, "accounts.csv");
  await Deno.writeTextFile(file, accounts.map((address) => `${address},{PLAIN}${password}\n`).join(""));
  const domains = new Set(accounts.map((address) => address.slice(address.lastIndexOf("@") + 1)));
  for (
    const words of [...Array.from(domains, (domain) => ["domain", "add", domain]), [
      "account",
      "import",
      file,
    ]]
  ) {
    const { code, stderr } = await mail(...words);
    if (code !== 0) throw new Error(`mail ${words.join(" ")}: ${stderr}`);
  }
}

function portsIn(output: string): Record<PortName, number> {
  const ports: Partial<Record<PortName, number>> = {};
  for (const [, name, port] of output.matchAll(/^ {2}(\w+)\s+\S*:(\d+)$/gm)) {
    // Of several listeners of a protocol the first is the built-in one.
    ports[name as PortName] ??= Number(port);
  }
  const missing = PORT_NAMES.filter((name) => ports[name] === undefined);
  if (missing.length > 0) throw new Error(`no port of ${missing.join(", ")} in:\n${output}`);
  return ports as Record<PortName, number>;
}

/** The embedded PostgreSQL: made once, started with the server, stopped with it, recovered after a crash. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import { kill } from "node:process";
import type { DatabaseAddress } from "../database.ts";
import { type Binaries, installBinaries } from "./binaries.ts";
import { accessFile, closeAccess, OWNER, ownerAddress, servingAddress } from "./owner.ts";
import { SERVER_SETTINGS, type ServerSettings } from "./settings.ts";
import { findLauncher, type Launcher, openTheWay } from "./unprivileged.ts";

/** A running embedded server. */
export interface Embedded extends AsyncDisposable {
  /** As its owner. */
  readonly address: DatabaseAddress;
  /** As the role that serves mail. */
  readonly serving: DatabaseAddress;
  readonly pid: number;
  /** True when this start made the data directory. */
  readonly created: boolean;
  /** Resolves when the server ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

type SocketAddress = DatabaseAddress & { kind: "socket" };

const PORT = 5432;
/** sockaddr_un holds 107 characters; PostgreSQL adds `/.s.PGSQL.5432`. */
const LONGEST_SOCKET_DIRECTORY = 107 - "/.s.PGSQL.5432".length;
const START_TIMEOUT_MS = 60_000;
/** Looks at a process that is not our child between two that cost a process of their own. */
const ZOMBIE_EVERY = 20;

/**
 * Starts the server whose data lies below `directory`, making it first where it is missing. A server that a
 * crashed process of ours left running is taken over.
 *
 * `mayCreate`: false where data was there before, so that a file system that went away is not taken for a
 * first start.
 *
 * The caller holds the lock that keeps a second process away from the directory.
 *
 * @throws Error saying what PostgreSQL said, and where its log is.
 */
export async function startEmbedded(
  directory: string,
  settings: ServerSettings = SERVER_SETTINGS,
  mayCreate = true,
): Promise<Embedded> {
  const home = resolve(directory);
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  const [binaries, launcher] = await Promise.all([installBinaries(home), findLauncher()]);
  await openTheWay(home, launcher);
  const data = join(home, "data");
  const log = join(home, "postgres.log");
  const created = !await isThere(join(data, "PG_VERSION"));
  if (created && !mayCreate) throw new Error(`Cannot start the embedded database: ${data} is not there`);
  if (created) await initialise(binaries, launcher, data, log);
  const address = await socketAddress(home, launcher);
  const left = created ? undefined : await runningPostmaster(data, address);
  if (left !== undefined) {
    await waitUntilReady(data, left, () => !isAlive(left), log);
    return running(await closeAccess(home, address), left, created, pollEnd(left));
  }
  await removeStaleLocks(data, address);
  const args = ["-D", data, "-k", address.directory, "-p", String(PORT), "-h", ""];
  args.push("-c", `hba_file=${await accessFile(home)}`);
  for (const [name, value] of Object.entries(settings)) args.push("-c", `${name}=${value}`);
  const child = launch(launcher, binaries.postgres, args, log);
  let over = false;
  const ended = child.ended.then(() => {
    over = true;
  });
  await waitUntilReady(data, child.pid, () => over, log);
  return running(await closeAccess(home, address), child.pid, created, ended);
}

/** The embedded server whose data lies below `directory`, if it runs: as its owner, and as the role that serves. */
export async function embeddedAddresses(directory: string): Promise<Pick<Embedded, "address" | "serving">> {
  const home = resolve(directory);
  const address = await ownerAddress(home, await socketAddress(home, await findLauncher()));
  return { address, serving: servingAddress(address) };
}

async function initialise(binaries: Binaries, launcher: Launcher, data: string, log: string): Promise<void> {
  // Made beside and renamed: an interrupted first start leaves nothing half done.
  const fresh = `${data}.new`;
  await Deno.remove(fresh, { recursive: true }).catch(() => {});
  await Deno.mkdir(fresh, { mode: 0o700 });
  if (launcher.ids !== undefined) await Deno.chown(fresh, launcher.ids.uid, launcher.ids.gid);
  const child = launch(launcher, binaries.initdb, [
    ...["-D", fresh, "-U", OWNER, "-A", "trust", "-E", "UTF8", "-k"],
    ...["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"],
  ], log);
  if (await child.ended !== 0) throw new Error(await withLog("Cannot make the embedded database", log));
  await Deno.rename(fresh, data);
}

function launch(launcher: Launcher, program: string, args: readonly string[], log: string) {
  const [command, ...rest] = [...launcher.prefix, program, ...args];
  // A log of its own: a child that inherits our streams keeps their readers waiting for ever.
  const output = openSync(log, "a", 0o600);
  const child = spawn(command!, rest, {
    cwd: "/",
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
    // A session of its own: Ctrl-C on the terminal is for us, who first let transactions finish.
    detached: true,
    stdio: ["ignore", output, output],
    ...(launcher.ids === undefined ? {} : launcher.ids),
  });
  closeSync(output);
  const ended = new Promise<number>((end) => {
    child.once("exit", (code) => end(code ?? 1));
    child.once("error", () => end(1));
  });
  return { pid: child.pid ?? 0, ended };
}

function running(
  address: SocketAddress,
  pid: number,
  created: boolean,
  ended: Promise<void>,
): Embedded {
  const stop = async () => {
    if (isAlive(pid)) kill(pid, "SIGINT");
    const late = setTimeout(() => isAlive(pid) && kill(pid, "SIGQUIT"), 8_000);
    await ended;
    clearTimeout(late);
  };
  return {
    address,
    serving: servingAddress(address),
    pid,
    created,
    ended,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The server writes its state into the eighth line of postmaster.pid, where a crashed one left its own. */
async function waitUntilReady(data: string, pid: number, failed: () => boolean, log: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!failed() && Date.now() < deadline) {
    const lines = await pidFile(data);
    if (Number(lines[0]) === pid && lines[7]?.trim() === "ready") return;
    await new Promise((wake) => setTimeout(wake, 10));
  }
  throw new Error(await withLog("Cannot start the embedded database", log));
}

/** The server that a crashed process of ours left running: its process is alive, and its socket answers. */
async function runningPostmaster(
  data: string,
  { directory, port }: { readonly directory: string; readonly port: number },
): Promise<number | undefined> {
  const pid = Number((await pidFile(data))[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
  // The number may belong to another program by now.
  const conn = await Deno.connect({ transport: "unix", path: `${directory}/.s.PGSQL.${port}` }).catch(() =>
    undefined
  );
  conn?.close();
  return conn === undefined ? undefined : pid;
}

/**
 * After a crash the number in a lock file of PostgreSQL's (`postmaster.pid`, and one beside its socket) may be
 * another program's, or that of a dead process which nobody has waited for; PostgreSQL would refuse to start
 * beside it. The caller holds the data lock and has found no server on the socket.
 */
async function removeStaleLocks(
  data: string,
  { directory, port }: { readonly directory: string; readonly port: number },
): Promise<void> {
  for (const file of [join(data, "postmaster.pid"), `${directory}/.s.PGSQL.${port}.lock`]) {
    const pid = Number((await Deno.readTextFile(file).catch(() => "")).split("\n")[0]);
    if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) continue;
    const command = await commandOf(pid);
    if (command === undefined || command.includes(data)) continue;
    await Deno.remove(file);
  }
}

/**
 * What a process was started with, asked of a child, because /proc is closed to us; "" when it is dead and nobody
 * has waited for it, as where the first process of a container does not; undefined when it cannot be found out.
 */
async function commandOf(pid: number): Promise<string | undefined> {
  for (const [program, ...args] of [["cat", `/proc/${pid}/cmdline`], ["ps", "-o", "args=", "-p", `${pid}`]]) {
    const command = new Deno.Command(program!, { args, stdin: "null", stderr: "null" });
    const text = await command.output().then(
      ({ success, stdout }) => success ? new TextDecoder().decode(stdout).trim() : undefined,
      () => undefined,
    );
    if (text !== undefined) return text;
  }
  return undefined;
}

async function pidFile(data: string): Promise<string[]> {
  return (await Deno.readTextFile(join(data, "postmaster.pid")).catch(() => "")).split("\n");
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits for the end of a server that is not our child. */
async function pollEnd(pid: number): Promise<void> {
  for (let look = 1; isAlive(pid); look++) {
    if (look % ZOMBIE_EVERY === 0 && await commandOf(pid) === "") return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

async function socketAddress(
  home: string,
  launcher: Launcher,
): Promise<SocketAddress> {
  let directory = home;
  if (launcher.ids !== undefined || home.length > LONGEST_SOCKET_DIRECTORY) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(home));
    directory = `/tmp/malleposte-${new Uint8Array(digest).slice(0, 8).toHex()}`;
    await Deno.mkdir(directory, { mode: 0o700 }).catch(() => {});
    if (launcher.ids !== undefined) await Deno.chown(directory, launcher.ids.uid, launcher.ids.gid);
    const { mode, uid } = await Deno.lstat(directory);
    if (((mode ?? 0) & 0o77) !== 0 || uid !== (launcher.ids?.uid ?? Deno.uid())) {
      throw new Error(`Cannot use ${directory} for the database's socket: others may write there; remove it`);
    }
  }
  return { kind: "socket", directory, port: PORT, user: OWNER, database: "postgres" };
}

async function withLog(what: string, log: string): Promise<string> {
  const lines = (await Deno.readTextFile(log).catch(() => "")).trimEnd().split("\n").slice(-5);
  return `${what}: ${lines.join(" | ")} (whole log: ${log})`;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

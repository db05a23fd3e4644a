/**
 * Mail servers of others, each in a folder of its own: installed, or unpacked side by side into `.ci/peers` (`.ci/run`
 * does that; Debian lets only one of them be installed). They want users and folders that are not there: they run
 * in a mount namespace that has them, which takes root.
 */
import { lacks } from "./program.ts";

const PEERS = new URL("../../../.ci/peers", import.meta.url).pathname;

/** The root under which a program of a package lies: "" or the folder of peers; undefined when it cannot run. */
export function peerRoot(program: string, debianPackage: string): string | undefined {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    console.log(`skipped: ${debianPackage} runs as root only`);
    return undefined;
  }
  try {
    if (Deno.statSync(PEERS + program).isFile) return PEERS;
  } catch { /* perhaps it is installed */ }
  return lacks(program, debianPackage) ? undefined : "";
}

/** How to run one. */
export interface PeerOptions {
  readonly root: string;
  /** A folder for it, which all users can enter. */
  readonly folder: string;
  /** Names of users that it must find. */
  readonly users: readonly string[];
  /** Shell commands in the namespace before it starts. */
  readonly prepare?: string;
  readonly command: readonly string[];
}

/** A running one; ended with its block. */
export interface Peer extends AsyncDisposable {
  /** What it wrote. */
  readonly output: () => string;
}

/** Starts it. */
export async function startPeer({ root, folder, users, prepare = "", command }: PeerOptions): Promise<Peer> {
  const lines = (from: number, tail: string) =>
    users.map((user, i) => `${user}:x:${from + i}:${tail}\n`).join("");
  const [passwd, group] = await Promise.all(
    ["/etc/passwd", "/etc/group"].map((path) => Deno.readTextFile(path)),
  );
  await Deno.writeTextFile(`${folder}/passwd`, passwd + lines(61_000, "61000::/nonexistent:/bin/false"));
  await Deno.writeTextFile(`${folder}/group`, group + lines(61_000, ""));
  await Deno.writeTextFile(
    `${folder}/run.sh`,
    `set -e\nmount --bind ${folder}/passwd /etc/passwd\nmount --bind ${folder}/group /etc/group\n${prepare}\nexec "$@"\n`,
  );
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"];
  const child = new Deno.Command("unshare", {
    args: ["-m", "sh", `${folder}/run.sh`, ...command],
    clearEnv: true,
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      ...(root === "" ? {} : { LD_LIBRARY_PATH: libraries.map((path) => `${root}/${path}`).join(":") }),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  return {
    output: () => output,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch { /* ended already */ }
      await child.status;
      await collected;
    },
  };
}

/** A port that is free now. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

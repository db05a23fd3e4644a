/** Programs of others: is one there, run it, and files for it. */
import { join } from "node:path";
import { concat } from "../../support/transcript.ts";

/** What a program did. */
export interface Ran {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** How to run it. */
export interface RunOptions {
  readonly stdin?: Uint8Array | string;
  /** Its whole environment but for PATH: none of the user's own settings may leak in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds until it is ended by force. */
  readonly timeoutMs?: number;
  /** The exit codes that are fine; any other fails, with what the program said. */
  readonly codes?: readonly number[];
}

/**
 * True when a program is missing: what a test's `ignore` is set to. Says which of Debian's packages has it; the
 * test then counts as ignored, not as passed.
 */
export function lacks(program: string, debianPackage: string): boolean {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(program.startsWith("/") ? program : join(folder, program)).isFile) return false;
    } catch { /* not in this folder */ }
  }
  console.log(`skipped: install ${debianPackage}`);
  return true;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(), options.timeoutMs ?? 60_000);
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", LC_ALL: "C.UTF-8", HOME: "/nonexistent", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: abort.signal,
  }).spawn();
  const feed = async () => {
    if (options.stdin === undefined) return;
    const writer = child.stdin.getWriter();
    const octets = typeof options.stdin === "string"
      ? new TextEncoder().encode(options.stdin)
      : options.stdin;
    // A program that ends early closes its stdin: what it says is of interest then, not the broken pipe.
    await writer.write(octets).then(() => writer.close()).catch(() => {});
  };
  const [stdout, stderr, { code }] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    child.status,
    feed(),
  ]);
  clearTimeout(late);
  const ran = { code, stdout, stderr: new TextDecoder().decode(stderr) };
  if (!(options.codes ?? [0]).includes(code)) {
    const shown = new TextDecoder().decode(stdout.subarray(0, 4000));
    throw new Error(
      `${program} ${args.join(" ")} ended with ${code}:\n${ran.stderr.slice(-4000)}\n${shown}`,
    );
  }
  return ran;
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return concat(chunks);
}

/** A folder for one test; removed at the end of its block. */
export class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** Makes a fresh one. */
  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir({ prefix: "malleposte-interop-" }));
  }

  /** The path of a name in it. */
  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Writes a file that only its owner can read (many clients ask that of a file with a password). */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.at(name);
    if (typeof content === "string") await Deno.writeTextFile(path, content, { mode: 0o600 });
    else await Deno.writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** The messages of a Maildir's `new` and `cur`, in order of their names. */
export async function maildirMessages(path: string): Promise<Uint8Array[]> {
  const files: { name: string; path: string }[] = [];
  for (const sub of ["new", "cur"]) {
    for await (const entry of Deno.readDir(join(path, sub))) {
      files.push({ name: entry.name, path: join(path, sub, entry.name) });
    }
  }
  files.sort((a, b) => a.name < b.name ? -1 : 1);
  return await Promise.all(files.map((file) => Deno.readFile(file.path)));
}

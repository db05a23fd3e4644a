/**
 * A crowd of clients that nobody wants, as a process of its own, so that it takes no time from those who measure:
 * `deno run -A bench/fairness/crowd.ts JSON`, with a `Crowd`. Ends when standard input does.
 */
import { Random } from "../../tests/fuzz/random.ts";
import { type Host, KINDS } from "./kinds.ts";
import { pause } from "./peer.ts";

/** Who comes. */
export interface Crowd extends Host {
  readonly count: number;
  readonly seed: number;
  /** How many addresses they come from; 1: all from 127.9.9.9. */
  readonly addresses: number;
  /** Names of KINDS; all when left out. */
  readonly kinds?: readonly string[];
}

/** The address of the n-th of them: each in a network of its own. */
function addressOf(n: number, addresses: number): string {
  const at = n % addresses;
  return addresses === 1 ? "127.9.9.9" : `127.${10 + (at >> 8)}.${at & 255}.1`;
}

async function visits(crowd: Crowd, n: number): Promise<never> {
  const kinds = crowd.kinds ?? Object.keys(KINDS);
  const kind = KINDS[kinds[n % kinds.length]!]!;
  const chance = new Random(crowd.seed, n);
  const random = () => chance.next() / 2 ** 32;
  for (;;) {
    try {
      await kind(crowd, addressOf(n, crowd.addresses), random);
    } catch { /* the server hung up, or did not let us in: as it should */ }
    await pause(50 + random() * 450);
  }
}

if (import.meta.main) {
  const crowd: Crowd = JSON.parse(Deno.args[0]!);
  for (let n = 0; n < crowd.count; n++) void visits(crowd, n);
  console.log("here");
  for await (const _ of Deno.stdin.readable);
  Deno.exit(0);
}

/** Brings a crowd; disposing it sends it away. */
export async function bring(crowd: Crowd): Promise<{ readonly pid: number } & AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL(import.meta.url).pathname, JSON.stringify(crowd)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await output.cancel();
      await child.status;
    },
  };
}

/**
 * What a password hash of ours costs in one memory that is kept and in a new one for each (src/directory/argon2.ts):
 * `deno run -A bench/hashes.ts [ROUNDS]`. Prints milliseconds, processor time of the program and of the kernel, and how
 * much the process has grown.
 */
import process from "node:process";
import { argon2id } from "hash-wasm";
import { argon2 } from "../src/directory/argon2.ts";
import { ARGON2 } from "../src/directory/schemes.ts";

const rounds = Number(Deno.args[0] ?? 100);
const password = new TextEncoder().encode("correct-horse-battery"), salt = new Uint8Array(16).fill(7);
const ways = {
  "kept": () => argon2(password, { ...ARGON2, variant: "argon2id", salt }),
  "new": () =>
    argon2id({
      ...{ password, salt, iterations: ARGON2.passes, memorySize: ARGON2.memory },
      ...{ parallelism: ARGON2.lanes, hashLength: ARGON2.hashOctets, outputType: "binary" },
    }),
};
for (const turn of [1, 2]) {
  for (const [name, hash] of Object.entries(ways)) {
    await hash();
    const rss = Deno.memoryUsage().rss, before = process.cpuUsage(), began = performance.now();
    for (let i = 0; i < rounds; i++) await hash();
    const took = performance.now() - began, { user, system } = process.cpuUsage(before);
    console.log(
      `${turn} ${name.padEnd(5)} ${(took / rounds).toFixed(1)} ms; user ${
        (user / rounds / 1000).toFixed(1)
      }, system ${(system / rounds / 1000).toFixed(1)} ms; ${
        ((Deno.memoryUsage().rss - rss) / 2 ** 20).toFixed(0)
      } MiB more`,
    );
  }
}

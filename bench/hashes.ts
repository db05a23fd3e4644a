/**
 * What a password hash of ours costs: as src/directory/argon2.ts does it, with the driver of the package whose
 * WebAssembly that uses, and by hash-wasm, which makes a new memory for each: `deno run -A bench/hashes.ts [ROUNDS]`. Prints
 * milliseconds, processor time of the program and of the kernel, what a hash leaves on the heap (median), and how much the
 * process has grown.
 */
import process from "node:process";
import setUp from "argon2id/lib/setup.js";
import { argon2id } from "hash-wasm";
import { argon2 } from "../src/directory/argon2.ts";
import { simd } from "../src/directory/argon2_module.js";
import { ARGON2 } from "../src/directory/schemes.ts";
import { percentile } from "./fairness/good.ts";

const rounds = Number(Deno.args[0] ?? 100);
const password = new TextEncoder().encode("correct-horse-battery"), salt = new Uint8Array(16).fill(7);
const instantiate = async (imports: WebAssembly.Imports) => ({
  instance: await WebAssembly.instantiate(simd, imports),
  module: simd,
});
const packages = await setUp(instantiate, instantiate);
const input = {
  ...{ password, salt, memorySize: ARGON2.memory, parallelism: ARGON2.lanes, passes: ARGON2.passes },
};
const ways: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
  "ours": () => argon2(password, { ...ARGON2, variant: "argon2id", salt }),
  "argon2id": () => packages({ ...input, tagLength: ARGON2.hashOctets }),
  "hash-wasm": () =>
    argon2id({ ...input, iterations: ARGON2.passes, hashLength: ARGON2.hashOctets, outputType: "binary" }),
};
for (const turn of [1, 2]) {
  for (const [name, hash] of Object.entries(ways)) {
    await hash();
    const rss = Deno.memoryUsage().rss, left: number[] = [];
    const before = process.cpuUsage(), began = performance.now();
    for (let i = 0; i < rounds; i++) {
      const heap = Deno.memoryUsage().heapUsed;
      await hash();
      left.push((Deno.memoryUsage().heapUsed - heap) / 2 ** 20);
    }
    const took = performance.now() - began, { user, system } = process.cpuUsage(before);
    const each = [took, user / 1000, system / 1000].map((ms) => (ms / rounds).toFixed(1));
    console.log(
      `${turn} ${name.padEnd(9)} ${each[0]} ms; user ${each[1]}, system ${each[2]} ms; ${
        percentile(left, 0.5).toFixed(2)
      } MiB left; ${((Deno.memoryUsage().rss - rss) / 2 ** 20).toFixed(0)} MiB more`,
    );
  }
}

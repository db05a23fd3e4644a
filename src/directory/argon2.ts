/** Computes argon2 hashes (RFC 9106). Only the hash threads call it. */
import setUp, { type computeHash } from "argon2id/lib/setup.js";
import { argon2d, argon2i, argon2id } from "hash-wasm";
import { simd } from "./argon2_module.js";

/** What is asked of argon2. */
export interface Argon2 {
  readonly variant: "argon2d" | "argon2i" | "argon2id";
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly hashOctets: number;
}

/**
 * KiB up to which one memory of the thread is used again and again. hash-wasm, which computes all others, makes a new one
 * for each hash: a third of its time goes into pages that the kernel clears, and the garbage collector leaves them for
 * minutes.
 */
const KEPT_KIB = 65_536;

let kept: Promise<computeHash> | undefined;

/** The hash of a password. */
export async function argon2(password: Uint8Array, asked: Argon2): Promise<Uint8Array> {
  const { variant, memory, passes, lanes, salt, hashOctets } = asked;
  if (variant === "argon2id" && memory <= KEPT_KIB) {
    const compute = await (kept ??= load());
    return compute({
      ...{ password, salt, passes },
      ...{ parallelism: lanes, memorySize: memory, tagLength: hashOctets },
    });
  }
  return await { argon2d, argon2i, argon2id }[variant]({
    ...{ password, salt, iterations: passes, memorySize: memory },
    ...{ parallelism: lanes, hashLength: hashOctets, outputType: "binary" },
  });
}

function load(): Promise<computeHash> {
  const instantiate = async (imports: WebAssembly.Imports) => ({
    instance: await WebAssembly.instantiate(simd, imports),
    module: simd,
  });
  // Every processor that Deno runs on has SIMD, so there is nothing else to fall back to.
  return setUp(instantiate, instantiate);
}

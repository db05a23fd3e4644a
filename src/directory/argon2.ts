/** Computes argon2 hashes (RFC 9106). Only the hash threads call it. */
import { argon2d, argon2i, argon2id } from "hash-wasm";
import { Argon2id, type Argon2idInput } from "./argon2id.ts";

/** What is asked of argon2. */
export interface Argon2 extends Omit<Argon2idInput, "password"> {
  readonly variant: "argon2d" | "argon2i" | "argon2id";
}

/**
 * KiB up to which one memory of the thread is used again and again. hash-wasm, which computes all others, makes a new one
 * for each hash: a third of its time goes into pages that the kernel clears, and the garbage collector leaves them for
 * minutes.
 */
const KEPT_KIB = 65_536;

let kept: Promise<Argon2id> | undefined;

/** The hash of a password. */
export async function argon2(password: Uint8Array, asked: Argon2): Promise<Uint8Array> {
  const { variant, memory, passes, lanes, salt, hashOctets } = asked;
  if (variant === "argon2id" && memory <= KEPT_KIB) {
    return await (await (kept ??= Argon2id.create(KEPT_KIB))).compute({ password, ...asked });
  }
  return await { argon2d, argon2i, argon2id }[variant]({
    ...{ password, salt, iterations: passes, memorySize: memory },
    ...{ parallelism: lanes, hashLength: hashOctets, outputType: "binary" },
  });
}

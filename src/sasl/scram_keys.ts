import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import type { ScramHash } from "./mechanisms.ts";
import { utf8 } from "./octets.ts";
import { saslprep } from "./saslprep.ts";

/** What a server keeps of a password for SCRAM (RFC 5802 §3): enough to verify, not enough to log in with. */
export interface ScramKeys {
  readonly hash: ScramHash;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Names in node:crypto, and octets of a digest. */
const HASHES = {
  "SHA-1": { name: "sha1", octets: 20 },
  "SHA-256": { name: "sha256", octets: 32 },
} as const;

/** Octets of a digest. */
export function hashLength(hash: ScramHash): number {
  return HASHES[hash].octets;
}

/** H(octets). */
export function digest(hash: ScramHash, octets: Uint8Array): Uint8Array {
  return createHash(HASHES[hash].name).update(octets).digest();
}

/** HMAC(key, octets). */
export function hmac(hash: ScramHash, key: Uint8Array, octets: Uint8Array | string): Uint8Array {
  return createHmac(HASHES[hash].name, key).update(octets).digest();
}

/**
 * Hi(password, salt, iterations) = PBKDF2 (RFC 5802 §2.2). Blocks the thread: 1.3 ms for 4096 rounds of
 * SHA-256, so leave larger counts to a thread that serves nobody. `password` is prepared already.
 */
export function saltPassword(
  password: string,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): Uint8Array {
  return pbkdf2Sync(utf8(password), salt, iterations, HASHES[hash].octets, HASHES[hash].name);
}

/**
 * Password → keys (RFC 5802 §3), with Normalize() = SASLprep. Blocks as `saltPassword` does. Undefined when
 * the password cannot be prepared: such an account has no SCRAM.
 */
export function deriveScramKeys(
  password: string,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): ScramKeys | undefined {
  const prepared = saslprep(password, "stored");
  if (prepared === undefined) return undefined;
  return scramKeysOf(saltPassword(prepared, salt, iterations, hash), salt, iterations, hash);
}

/** SaltedPassword → keys, for callers that ran PBKDF2 elsewhere (RFC 5802 §3). */
export function scramKeysOf(
  saltedPassword: Uint8Array,
  salt: Uint8Array,
  iterations: number,
  hash: ScramHash,
): ScramKeys {
  return {
    hash,
    salt,
    iterations,
    storedKey: digest(hash, clientKeyOf(saltedPassword, hash)),
    serverKey: serverKeyOf(saltedPassword, hash),
  };
}

/** ClientKey (RFC 5802 §3). */
export function clientKeyOf(saltedPassword: Uint8Array, hash: ScramHash): Uint8Array {
  return hmac(hash, saltedPassword, "Client Key");
}

/** ServerKey (RFC 5802 §3). */
export function serverKeyOf(saltedPassword: Uint8Array, hash: ScramHash): Uint8Array {
  return hmac(hash, saltedPassword, "Server Key");
}

/**
 * Keys for a user who is not there (RFC 5802 §9 would tell strangers who is): the same salt each time the same
 * name is tried, and a StoredKey that nobody knows the ClientKey of. `secret` is the installation's, and stays
 * the same across restarts and nodes; `iterations` is what real accounts have.
 */
export function fakeScramKeys(
  secret: Uint8Array,
  user: string,
  iterations: number,
  hash: ScramHash,
): ScramKeys {
  const of = (what: string) => hmac("SHA-256", secret, `${hash}\0${what}\0${user}`);
  const octets = hashLength(hash);
  return {
    hash,
    salt: of("salt").subarray(0, 16),
    iterations,
    storedKey: of("stored").subarray(0, octets),
    serverKey: of("server").subarray(0, octets),
  };
}

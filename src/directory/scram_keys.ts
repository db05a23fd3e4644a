/** SCRAM keys as the directory stores them: `iterations:salt:storedkey:serverkey`, the parts in base64. */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** The hash functions of SCRAM mechanisms: SHA-1 (RFC 5802) and SHA-256 (RFC 7677). */
export type ScramHash = "sha1" | "sha256";

/** Iterations of new keys. RFC 7677 §4 wants 4096 at least; each costs the client's processor time. */
export const SCRAM_ITERATIONS = 10_000;

/** What a server keeps of a password (RFC 5802 §3). */
export interface StoredScram {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Derives the keys from a prepared password (RFC 5802 §3). Takes milliseconds: for the hash threads. */
export function deriveScram(
  hash: ScramHash,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): StoredScram {
  const salted = pbkdf2Sync(password, salt, iterations, hash === "sha1" ? 20 : 32, hash);
  const clientKey = createHmac(hash, salted).update("Client Key").digest();
  return {
    iterations,
    salt,
    storedKey: new Uint8Array(createHash(hash).update(clientKey).digest()),
    serverKey: new Uint8Array(createHmac(hash, salted).update("Server Key").digest()),
  };
}

/** The text form for `credential.scram_sha1` and `credential.scram_sha256`. */
export function formatScram(keys: StoredScram): string {
  return [keys.iterations, keys.salt.toBase64(), keys.storedKey.toBase64(), keys.serverKey.toBase64()]
    .join(":");
}

/** Reads the text form; undefined when it is broken. `between` is `,` in Dovecot's `{SCRAM-SHA-…}`. */
export function parseScram(text: string, hash: ScramHash, between = ":"): StoredScram | undefined {
  const [count, salt, stored, server, more] = text.split(between).map((part) => part.trim());
  if (count === undefined || salt === undefined || stored === undefined || server === undefined) {
    return undefined;
  }
  if (more !== undefined || !/^[1-9][0-9]{0,8}$/.test(count)) return undefined;
  try {
    const keys = {
      iterations: Number(count),
      salt: Uint8Array.fromBase64(salt),
      storedKey: Uint8Array.fromBase64(stored),
      serverKey: Uint8Array.fromBase64(server),
    };
    const size = hash === "sha1" ? 20 : 32;
    return keys.salt.length > 0 && keys.storedKey.length === size && keys.serverKey.length === size
      ? keys
      : undefined;
  } catch {
    return undefined;
  }
}

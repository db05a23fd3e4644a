/** SCRAM keys as the directory stores them: `iterations:salt:storedkey:serverkey`, the parts in base64. */
import type { ScramHash, ScramKeys } from "../sasl/mod.ts";

/** Iterations of new keys. RFC 7677 §4 wants 4096 at least; each costs the client's processor time. */
export const SCRAM_ITERATIONS = 10_000;

/** The text form for `credential.scram_sha1` and `credential.scram_sha256`. */
export function formatScram(keys: ScramKeys): string {
  return [keys.iterations, keys.salt.toBase64(), keys.storedKey.toBase64(), keys.serverKey.toBase64()]
    .join(":");
}

/** Reads the text form; undefined when it is broken. `between` is `,` in Dovecot's `{SCRAM-SHA-…}`. */
export function parseScram(text: string, hash: ScramHash, between = ":"): ScramKeys | undefined {
  const parts = text.split(between);
  if (parts.length !== 4 || !/^[1-9][0-9]{0,8}$/.test(parts[0]!)) return undefined;
  try {
    const [salt, storedKey, serverKey] = parts.slice(1).map((part) => Uint8Array.fromBase64(part));
    const octets = hash === "SHA-1" ? 20 : 32;
    if (salt!.length === 0 || storedKey!.length !== octets || serverKey!.length !== octets) return undefined;
    return { hash, iterations: Number(parts[0]), salt: salt!, storedKey: storedKey!, serverKey: serverKey! };
  } catch {
    return undefined;
  }
}

/** Computes password hashes. Everything here keeps a processor busy: only the hash threads call it. */
import { Buffer } from "node:buffer";
import { createHash, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { bcryptVerify } from "hash-wasm";
import { deriveScramKeys } from "../sasl/mod.ts";
import { argon2 } from "./argon2.ts";
import { ARGON2, type Scheme } from "./schemes.ts";
import { shaCrypt } from "./sha_crypt.ts";

/** True when the password is the one that was stored. */
export async function verifyScheme(scheme: Scheme, password: Uint8Array): Promise<boolean> {
  if (password.length === 0) return false;
  switch (scheme.kind) {
    case "argon2": {
      const hash = await argon2(password, { ...scheme, hashOctets: scheme.hash.length });
      return same(hash, scheme.hash);
    }
    case "bcrypt":
      // crypt(3) reads 72 octets and leaves the rest; the three prefixes differ in bugs of old authors only.
      return await bcryptVerify({ password: password.subarray(0, 72), hash: scheme.encoded });
    case "sha-crypt": {
      const hash = shaCrypt(scheme.bits, password, scheme.salt, scheme.rounds);
      return same(Buffer.from(hash), Buffer.from(scheme.hash));
    }
    case "pbkdf2":
      return same(
        pbkdf2Sync(password, scheme.salt, scheme.iterations, scheme.hash.length, scheme.digest),
        scheme.hash,
      );
    case "digest":
      return same(createHash(scheme.digest).update(password).update(scheme.salt).digest(), scheme.hash);
    case "scram": {
      const { salt, iterations, hash, storedKey } = scheme.keys;
      const keys = deriveScramKeys(new TextDecoder().decode(password), salt, iterations, hash);
      return keys !== undefined && same(keys.storedKey, storedKey);
    }
    case "plain":
      return same(
        createHash("sha256").update(password).digest(),
        createHash("sha256").update(scheme.password).digest(),
      );
    default:
      return scheme satisfies never;
  }
}

/** Hashes a password as we store it: a PHC string of argon2id. */
export async function hashPassword(password: Uint8Array, salt: Uint8Array): Promise<string> {
  const { memory, passes, lanes } = ARGON2;
  const hash = await argon2(password, { ...ARGON2, variant: "argon2id", salt });
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${encode(salt)}$${encode(hash)}`;
}

/** Base64 as PHC strings have it: without padding. */
function encode(octets: Uint8Array): string {
  return Buffer.from(octets).toString("base64").replaceAll("=", "");
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

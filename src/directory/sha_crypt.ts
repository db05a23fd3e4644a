/**
 * SHA-crypt, the `$5$` and `$6$` of crypt(3), after Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512"
 * (version 0.6); the numbers in the comments are its steps.
 */
import { createHash } from "node:crypto";

/** The rounds where none are written. */
export const SHA_CRYPT_ROUNDS = 5000;

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const utf8 = new TextEncoder();

/** The digest of a password in crypt's own base64, as it stands behind the last `$`. */
export function shaCrypt(bits: 256 | 512, password: Uint8Array, salt: string, rounds: number): string {
  const salted = utf8.encode(salt).subarray(0, 16);
  const digest = (...parts: readonly Uint8Array[]): Uint8Array => {
    const hash = createHash(bits === 256 ? "sha256" : "sha512");
    for (const part of parts) hash.update(part);
    return hash.digest();
  };

  // 4–8: digest B; 1–3, 9–12: digest A, which takes B once more for every bit of the password's length.
  const b = digest(password, salted, password);
  const parts = [password, salted, stretch(b, password.length)];
  for (let length = password.length; length > 0; length >>= 1) parts.push((length & 1) !== 0 ? b : password);
  let a = digest(...parts);

  // 13–16: the sequence P; 17–20: the sequence S.
  const p = stretch(digest(...new Array<Uint8Array>(password.length).fill(password)), password.length);
  const s = stretch(digest(...new Array<Uint8Array>(16 + a[0]!).fill(salted)), salted.length);

  // 21: the rounds that make it slow.
  for (let round = 0; round < rounds; round++) {
    const odd = (round & 1) !== 0;
    const round1 = odd ? [p] : [a];
    if (round % 3 !== 0) round1.push(s);
    if (round % 7 !== 0) round1.push(p);
    round1.push(odd ? a : p);
    a = digest(...round1);
  }
  return bits === 256 ? encode(a, 10, 20, 30) : encode(a, 21, 42, 63);
}

/** Repeats `block` up to `length` octets. */
function stretch(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += block.length) {
    out.set(block.subarray(0, Math.min(block.length, length - at)), at);
  }
  return out;
}

/**
 * 22: octets in threes, each three a third of the digest apart and turned by one place every time; what
 * remains at the end is written alone. `last` is the end of the threes.
 */
function encode(digest: Uint8Array, third: number, twoThirds: number, last: number): string {
  let out = "";
  let [x, y, z] = [0, third, twoThirds];
  for (let done = 0; done < last; done += 3) {
    out += letters((digest[x]! << 16) | (digest[y]! << 8) | digest[z]!, 4);
    [x, y, z] = last === 30 ? [z + 1, x + 1, y + 1] : [y + 1, z + 1, x + 1];
  }
  return out + (last === 30 ? letters((digest[31]! << 8) | digest[30]!, 3) : letters(digest[63]!, 2));
}

/** The lowest 6 bits first. */
function letters(value: number, count: number): string {
  let out = "";
  for (let i = 0; i < count; i++) out += ALPHABET[(value >> (6 * i)) & 63];
  return out;
}

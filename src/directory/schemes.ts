/**
 * Stored passwords: PHC strings and crypt(3) forms, bare or behind a Dovecot scheme in braces. Parsing is
 * strict and bounded (a stored hash may ask for any amount of work); verifying belongs on a hash thread.
 */
import { done, type Outcome, syntax } from "../core/failure.ts";
import { HASH_LIMITS as LIMITS } from "./limits.ts";
import type { ScramKeys } from "../sasl/mod.ts";
import { parseScram } from "./scram_keys.ts";
import { SHA_CRYPT_ROUNDS } from "./sha_crypt.ts";

/** Parameters of the hashes that we make: 19 MiB, two passes, one lane (OWASP's minimum for argon2id). */
export const ARGON2 = { memory: 19_456, passes: 2, lanes: 1, saltOctets: 16, hashOctets: 32 } as const;

/** A stored password, parsed. */
export type Scheme =
  | {
    readonly kind: "argon2";
    readonly variant: "argon2d" | "argon2i" | "argon2id";
    readonly memory: number;
    readonly passes: number;
    readonly lanes: number;
    readonly salt: Uint8Array;
    readonly hash: Uint8Array;
  }
  | { readonly kind: "bcrypt"; readonly encoded: string }
  | {
    readonly kind: "sha-crypt";
    readonly bits: 256 | 512;
    readonly rounds: number;
    readonly salt: string;
    readonly hash: string;
  }
  | {
    readonly kind: "pbkdf2";
    readonly digest: "sha1" | "sha256" | "sha512";
    readonly iterations: number;
    readonly salt: Uint8Array;
    readonly hash: Uint8Array;
  }
  /** One round of a digest over password and salt; the salt may be empty. */
  | {
    readonly kind: "digest";
    readonly digest: DigestName;
    readonly hash: Uint8Array;
    readonly salt: Uint8Array;
  }
  | { readonly kind: "scram"; readonly keys: ScramKeys }
  | { readonly kind: "plain"; readonly password: Uint8Array };

type DigestName = "md5" | "sha1" | "sha256" | "sha512";

/** Dovecot's names of plain digests: function, octets, and how they are written by default. */
const DIGESTS: Record<string, readonly [DigestName, number, salted: boolean, "b64" | "hex"]> = {
  "MD5": ["md5", 16, false, "hex"],
  "PLAIN-MD5": ["md5", 16, false, "hex"],
  "LDAP-MD5": ["md5", 16, false, "b64"],
  "SMD5": ["md5", 16, true, "b64"],
  "SHA": ["sha1", 20, false, "b64"],
  "SHA1": ["sha1", 20, false, "b64"],
  "SSHA": ["sha1", 20, true, "b64"],
  "SHA256": ["sha256", 32, false, "b64"],
  "SSHA256": ["sha256", 32, true, "b64"],
  "SHA512": ["sha512", 64, false, "b64"],
  "SSHA512": ["sha512", 64, true, "b64"],
};

/** Which form must stand behind the name of a scheme that wraps crypt(3) or PHC strings. */
const WRAPPED: Record<string, (scheme: Scheme) => boolean> = {
  "CRYPT": () => true,
  "ARGON2I": (scheme) => scheme.kind === "argon2" && scheme.variant === "argon2i",
  "ARGON2ID": (scheme) => scheme.kind === "argon2" && scheme.variant === "argon2id",
  "BLF-CRYPT": (scheme) => scheme.kind === "bcrypt",
  "SHA256-CRYPT": (scheme) => scheme.kind === "sha-crypt" && scheme.bits === 256,
  "SHA512-CRYPT": (scheme) => scheme.kind === "sha-crypt" && scheme.bits === 512,
};

const utf8 = new TextEncoder();

/** True for text that claims to be a hash: it begins with a scheme in braces or with `$`. */
export function looksStored(text: string): boolean {
  return /^\{[A-Za-z0-9.-]{1,24}\}/.test(text) || /^\$[a-z0-9-]{1,16}\$/.test(text);
}

/** Parses a stored password. The refusal says what is wrong with it, without showing it. */
export function parseStored(text: string): Outcome<Scheme> {
  if (text.length > 1024) return syntax("the hash is longer than 1024 characters");
  const braces = /^\{([A-Za-z0-9-]{1,24})(?:\.(B64|BASE64|HEX))?\}/i.exec(text);
  if (braces === null) return parseCrypt(text);
  const name = braces[1]!.toUpperCase();
  const rest = text.slice(braces[0].length);
  const coding = braces[2] === undefined ? undefined : braces[2].toUpperCase() === "HEX" ? "hex" : "b64";

  const digest = DIGESTS[name];
  if (name === "MD5" && rest.startsWith("$")) return unknownScheme("MD5-CRYPT");
  if (digest !== undefined) {
    const [algorithm, size, salted, usual] = digest;
    const octets = decode(rest, coding ?? usual);
    if (octets === undefined || (salted ? octets.length <= size : octets.length !== size)) {
      return syntax(`the {${name}} hash is broken`);
    }
    const [hash, salt] = [octets.subarray(0, size), octets.subarray(size)];
    return done({ kind: "digest", digest: algorithm, hash, salt });
  }
  const wrapped = WRAPPED[name];
  if (wrapped !== undefined) {
    const inner = parseCrypt(rest);
    return inner.ok && !wrapped(inner.value) ? syntax(`the {${name}} hash has another scheme inside`) : inner;
  }
  switch (name) {
    case "PBKDF2":
      return parsePbkdf2(rest);
    case "SCRAM-SHA-1":
    case "SCRAM-SHA-256": {
      const keys = parseScram(rest, name === "SCRAM-SHA-1" ? "SHA-1" : "SHA-256", ",");
      if (keys === undefined) return syntax(`the {${name}} keys are broken`);
      if (keys.iterations > LIMITS.pbkdf2Iterations) return tooMuch(`${LIMITS.pbkdf2Iterations} iterations`);
      return done({ kind: "scram", keys });
    }
    case "PLAIN":
    case "CLEAR":
    case "CLEARTEXT": {
      const password = coding === undefined ? utf8.encode(rest) : decode(rest, coding);
      if (password === undefined || password.length === 0) return syntax("the password is empty or broken");
      return done({ kind: "plain", password });
    }
    default:
      return unknownScheme(name);
  }
}

/** True when a login need not replace the stored form: it is as strong as what we make now. */
export function isCurrent(stored: string): boolean {
  const scheme = parseStored(stored);
  return scheme.ok && scheme.value.kind === "argon2" && scheme.value.variant === "argon2id" &&
    scheme.value.memory >= ARGON2.memory && scheme.value.passes >= ARGON2.passes;
}

/** crypt(3) and PHC strings, told apart by what stands between the first two `$`. */
function parseCrypt(text: string): Outcome<Scheme> {
  const id = /^\$([a-z0-9-]{1,16})\$/.exec(text)?.[1] ?? "";
  switch (id) {
    case "argon2d":
    case "argon2i":
    case "argon2id":
      return parseArgon2(text, id);
    case "2a":
    case "2b":
    case "2y": {
      if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(text)) return syntax("the bcrypt hash is broken");
      const cost = Number(text.slice(4, 6));
      if (cost < 4) return syntax("the bcrypt hash is broken");
      if (cost > LIMITS.bcryptCost) return tooMuch(`cost ${LIMITS.bcryptCost}`);
      return done({ kind: "bcrypt", encoded: text });
    }
    case "5":
    case "6":
      return parseShaCrypt(text, id === "5" ? 256 : 512);
    case "pbkdf2":
    case "pbkdf2-sha256":
    case "pbkdf2-sha512":
      return parsePassPbkdf2(text, id === "pbkdf2" ? "sha1" : id === "pbkdf2-sha256" ? "sha256" : "sha512");
    default:
      return id === "" ? syntax("it is no hash of a known form") : unknownScheme(`$${id}$`);
  }
}

function parseArgon2(text: string, variant: "argon2d" | "argon2i" | "argon2id"): Outcome<Scheme> {
  const match = /^\$argon2(?:d|id?)\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text);
  if (match === null) return syntax("the argon2 hash is broken or older than version 19");
  const [memory, passes, lanes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [salt, hash] = [decode(match[4]!, "b64"), decode(match[5]!, "b64")];
  if (salt === undefined || salt.length < 8 || hash === undefined || hash.length < 12 || hash.length > 128) {
    return syntax("the argon2 hash is broken");
  }
  if (lanes < 1 || passes < 1 || memory < 8 * lanes) return syntax("the argon2 hash is broken");
  if (memory > LIMITS.argon2Memory) return tooMuch(`${LIMITS.argon2Memory} KiB`);
  if (memory * passes > LIMITS.argon2Work) return tooMuch(`${LIMITS.argon2Work} KiB times passes`);
  return done({ kind: "argon2", variant, memory, passes, lanes, salt, hash });
}

function parseShaCrypt(text: string, bits: 256 | 512): Outcome<Scheme> {
  const match = /^\$[56]\$(?:rounds=(\d{1,9})\$)?([^$]{0,64})\$([./A-Za-z0-9]+)$/.exec(text);
  if (match === null || match[3]!.length !== (bits === 256 ? 43 : 86)) {
    return syntax("the SHA-crypt hash is broken");
  }
  // Fewer than 1000 rounds count as 1000 (Drepper's specification, step 21 and its parser).
  const rounds = match[1] === undefined ? SHA_CRYPT_ROUNDS : Math.max(1000, Number(match[1]));
  if (rounds > LIMITS.shaCryptRounds) return tooMuch(`${LIMITS.shaCryptRounds} rounds`);
  return done({ kind: "sha-crypt", bits, rounds, salt: match[2]!, hash: match[3]! });
}

/** Dovecot's own: `$1$salt$rounds$hex`, SHA-1, the salt taken as it is written. */
function parsePbkdf2(text: string): Outcome<Scheme> {
  const match = /^\$1\$([^$]{1,64})\$(\d{1,9})\$([0-9a-fA-F]{40})$/.exec(text);
  if (match === null || Number(match[2]) < 1) return syntax("the {PBKDF2} hash is broken");
  const iterations = Number(match[2]);
  if (iterations > LIMITS.pbkdf2Iterations) return tooMuch(`${LIMITS.pbkdf2Iterations} iterations`);
  const hash = Uint8Array.fromHex(match[3]!);
  return done({ kind: "pbkdf2", digest: "sha1", iterations, salt: utf8.encode(match[1]!), hash });
}

/** Passlib's: `$pbkdf2-sha256$rounds$salt$hash`, base64 with `.` for `+`. */
function parsePassPbkdf2(text: string, digest: "sha1" | "sha256" | "sha512"): Outcome<Scheme> {
  const match = /^\$[^$]+\$(\d{1,9})\$([^$]*)\$([^$]+)$/.exec(text);
  const salt = match === null ? undefined : decode(match[2]!.replaceAll(".", "+"), "b64");
  const hash = match === null ? undefined : decode(match[3]!.replaceAll(".", "+"), "b64");
  const iterations = Number(match?.[1] ?? 0);
  if (salt === undefined || hash === undefined || hash.length < 20 || hash.length > 64 || iterations < 1) {
    return syntax("the PBKDF2 hash is broken");
  }
  if (iterations > LIMITS.pbkdf2Iterations) return tooMuch(`${LIMITS.pbkdf2Iterations} iterations`);
  return done({ kind: "pbkdf2", digest, iterations, salt, hash });
}

function decode(text: string, coding: "b64" | "hex"): Uint8Array | undefined {
  try {
    return coding === "hex" ? Uint8Array.fromHex(text) : Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

function unknownScheme(
  name: string,
): { readonly ok: false; readonly failure: ReturnType<typeof syntax>["failure"] } {
  return syntax(`the scheme ${name} is not supported: give the account a new password`);
}

function tooMuch(limit: string): ReturnType<typeof unknownScheme> {
  return syntax(`the hash asks for more work than ${limit}: give the account a new password`);
}

/** A hash thread: takes one job after the other from `hash.ts` and answers each. */
import { parentPort } from "node:worker_threads";
import { deriveScramKeys } from "../sasl/mod.ts";
import { parseStored } from "./schemes.ts";
import { formatScram, SCRAM_ITERATIONS } from "./scram_keys.ts";
import { hashPassword, verifyScheme } from "./verify.ts";

/** What a hash thread is asked. */
export type HashJob =
  | { readonly kind: "verify"; readonly password: string; readonly stored: string }
  /** `salts`: one for argon2, one for SCRAM-SHA-1, one for SCRAM-SHA-256. */
  | { readonly kind: "enroll"; readonly password: string; readonly salts: readonly Uint8Array[] };

/** The forms in which a password is kept. */
export interface Enrolled {
  /** PHC string of argon2id. */
  readonly hash: string;
  /** Null when the password cannot be prepared for SCRAM (RFC 4013). */
  readonly scramSha1: string | null;
  readonly scramSha256: string | null;
}

/** What it answers. */
export type HashAnswer =
  | { readonly kind: "done"; readonly value: boolean | Enrolled }
  | { readonly kind: "broken"; readonly error: string };

const utf8 = new TextEncoder();

async function run(job: HashJob): Promise<boolean | Enrolled> {
  if (job.kind === "verify") {
    const scheme = parseStored(job.stored);
    return scheme.ok && await verifyScheme(scheme.value, utf8.encode(job.password));
  }
  const [argon2Salt, sha1Salt, sha256Salt] = job.salts;
  const sha1 = deriveScramKeys(job.password, sha1Salt!, SCRAM_ITERATIONS, "SHA-1");
  const sha256 = deriveScramKeys(job.password, sha256Salt!, SCRAM_ITERATIONS, "SHA-256");
  return {
    hash: await hashPassword(utf8.encode(job.password), argon2Salt!),
    scramSha1: sha1 === undefined ? null : formatScram(sha1),
    scramSha256: sha256 === undefined ? null : formatScram(sha256),
  };
}

parentPort?.on("message", (job: HashJob) => {
  run(job).then(
    (value): HashAnswer => ({ kind: "done", value }),
    (thrown): HashAnswer => ({ kind: "broken", error: String(thrown) }),
  ).then((answer) => parentPort!.postMessage(answer));
});

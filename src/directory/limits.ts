/** What addresses, passwords and guesses may cost; every number by its name, each with its reason. */

/** Limits of the directory. */
export interface DirectoryLimits {
  /** Octets of a local part (RFC 5321 §4.5.3.1.1). */
  readonly localPart: number;
  /** Octets of a domain in A-labels (RFC 5321 §4.5.3.1.2). */
  readonly domain: number;
  /** Steps from alias to alias: deeper is taken for a circle. */
  readonly aliasDepth: number;
  /** Targets of one alias, and copies that one address may lead to. */
  readonly aliasTargets: number;
  /** Milliseconds that an answer about a recipient may be old. */
  readonly resolveAgeMs: number;
  /** Answers about recipients that are kept. */
  readonly resolveEntries: number;
  /** App passwords of one account: each costs a SHA-256 and a compare at login. */
  readonly appPasswords: number;
  /** Mailboxes of one account that are on other servers: each login reads them. */
  readonly referrals: number;
  /** Octets of a password: a longer one is wrong. */
  readonly password: number;
  /** Lines of one import. */
  readonly importLines: number;
  /** Errors that a refused import shows. */
  readonly importErrors: number;
}

/** Defaults of DirectoryLimits. */
export const DIRECTORY_LIMITS: DirectoryLimits = {
  localPart: 64,
  domain: 255,
  aliasDepth: 10,
  aliasTargets: 1000,
  resolveAgeMs: 1000,
  resolveEntries: 10_000,
  appPasswords: 50,
  referrals: 100,
  password: 1024,
  importLines: 100_000,
  importErrors: 20,
};

/** Limits of password hashing: a guess costs the attacker nothing and us 60 ms of a core. */
export interface HashLimits {
  /** Hashes computed at once by one hasher. */
  readonly threads: number;
  /** Hashes that wait; the next one is answered `busy`. */
  readonly queue: number;
  /** Milliseconds until that answer: a client that asks again at once must not cost more than one that waits. */
  readonly busyMs: number;
  /** Milliseconds that one hash may take; its thread is then ended. */
  readonly jobMs: number;
  /**
   * How long hashing rests after a suspect's password (its address was wrong before, or its account is being guessed at),
   * in times of what that one took: 4 leaves guessers a fifth of a processor in each worker. Others do not wait for it.
   */
  readonly suspectRest: number;
  /** KiB of memory that an imported argon2 hash may ask for. */
  readonly argon2Memory: number;
  /** KiB × passes that an imported argon2 hash may ask for: about three seconds. */
  readonly argon2Work: number;
  /** log2 of the rounds of an imported bcrypt hash: 14 takes about a second. */
  readonly bcryptCost: number;
  /** Rounds of an imported SHA-crypt hash: about three seconds. */
  readonly shaCryptRounds: number;
  /** Iterations of an imported PBKDF2 or SCRAM hash: about a second. */
  readonly pbkdf2Iterations: number;
}

/** Defaults of HashLimits. */
export const HASH_LIMITS: HashLimits = {
  threads: 2,
  queue: 50,
  busyMs: 1_000,
  jobMs: 20_000,
  suspectRest: 4,
  argon2Memory: 262_144,
  argon2Work: 1_048_576,
  bcryptCost: 14,
  shaCryptRounds: 500_000,
  pbkdf2Iterations: 2_000_000,
};

/** Limits of guessing passwords. */
export interface ThrottleLimits {
  /** Wrong passwords a minute from one address (IPv6: one /64). */
  readonly addressMinute: number;
  /** Wrong passwords a day from one address. */
  readonly addressDay: number;
  /** Attempts of one address whose end is open: more wait for these. */
  readonly addressWaiting: number;
  /** Wrong passwords an hour for one account from addresses that never logged in to it; then it gets slow. */
  readonly accountHour: number;
  /** Milliseconds by which each wrong password beyond `accountHour` slows the next attempt. */
  readonly accountDelayMs: number;
  /** The longest such delay, in milliseconds. */
  readonly accountDelayMaxMs: number;
  /** Attempts for one account that may be held back at once; the next one is refused. */
  readonly accountWaiting: number;
  /** Addresses and accounts that are remembered; the one not seen for longest is forgotten. */
  readonly entries: number;
  /** Networks remembered of each account because somebody logged in from there. */
  readonly knownNetworks: number;
}

/** Defaults of ThrottleLimits. */
export const THROTTLE_LIMITS: ThrottleLimits = {
  addressMinute: 10,
  addressDay: 50,
  addressWaiting: 100,
  accountHour: 20,
  accountDelayMs: 1000,
  accountDelayMaxMs: 15_000,
  accountWaiting: 4,
  entries: 50_000,
  knownNetworks: 16,
};

/** Limits of remembering passwords that were right. */
export interface VerifyCacheLimits {
  /** Milliseconds that a right password is remembered. */
  readonly ttlMs: number;
  /** Passwords that are remembered. */
  readonly entries: number;
}

/** Defaults of VerifyCacheLimits. */
export const VERIFY_CACHE_LIMITS: VerifyCacheLimits = { ttlMs: 300_000, entries: 10_000 };

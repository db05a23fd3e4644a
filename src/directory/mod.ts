/**
 * The directory: domains, accounts, aliases, credentials; who gets mail (`resolve`), who may log in
 * (`authenticator`), and what administrators do to them (`createAdmin`).
 */
import type { Authenticator } from "../core/auth.ts";
import type { Directory } from "../core/directory.ts";
import type { Referrals } from "../core/referral.ts";
import type { Emit } from "../core/events.ts";
import type { World } from "../core/world.ts";
import type { Database } from "../store/pg/database.ts";
import { DirectoryAuthenticator } from "./authenticator.ts";
import { Credentials } from "./credentials.ts";
import { createHasher, type Hasher } from "./hash.ts";
import type { DirectoryLimits, HashLimits, ThrottleLimits, VerifyCacheLimits } from "./limits.ts";
import { Logins } from "./login.ts";
import type { Asking } from "./lookup.ts";
import { DirectoryReferrals } from "./referrals.ts";
import { Resolver } from "./resolve.ts";
import { Throttle, type ThrottleNote } from "./throttle.ts";
import { createTokens, type TokenIssuer } from "./tokens.ts";
import { VerifyCache } from "./verify_cache.ts";

export { formatAddress, parseAddress, parseDomain } from "./addresses.ts";
export { findAccount } from "./admin_common.ts";
export {
  type Admin,
  type AdminOptions,
  createAdmin,
  type DkimRow,
  type FoundAccount,
  type Quota,
} from "./admin.ts";
export { parseQuota } from "./import.ts";
export { createHasher, HashBusy, type Hasher } from "./hash.ts";
export {
  DIRECTORY_LIMITS,
  type DirectoryLimits,
  HASH_LIMITS,
  type HashLimits,
  THROTTLE_LIMITS,
  type ThrottleLimits,
  VERIFY_CACHE_LIMITS,
  type VerifyCacheLimits,
} from "./limits.ts";
export type { ThrottleNote } from "./throttle.ts";
export type { TokenIssuer } from "./tokens.ts";

/** How the directory of a worker is set up. */
export interface DirectoryOptions {
  /** For what every message and every login asks. */
  readonly door: Asking;
  readonly database: Database;
  readonly world: World;
  readonly emit: Emit;
  readonly hostname: string;
  /** `auth.allow_plaintext`. */
  readonly allowPlaintext: boolean;
  /** `auth.oauth`: whose tokens count; none without. */
  readonly oauth?: TokenIssuer | undefined;
  /** Networks that limits per address leave alone (`limits.exempt`). */
  readonly exempt?: readonly string[] | undefined;
  /** What stands between user and detail, `+` when left out, `""` for none. */
  readonly detailSeparator?: string | undefined;
  /** Tells the node's other workers of guesses; they hand them to `hear`. */
  readonly share?: ((note: ThrottleNote) => void) | undefined;
  /** A hasher that others use too; it is then not disposed here. */
  readonly hasher?: Hasher | undefined;
  readonly limits?: {
    readonly directory?: Partial<DirectoryLimits>;
    readonly hash?: Partial<HashLimits>;
    readonly throttle?: Partial<ThrottleLimits>;
    readonly verifyCache?: Partial<VerifyCacheLimits>;
  } | undefined;
}

/** The directory of one worker. Dispose it to end its hash threads. */
export interface DirectoryServices extends AsyncDisposable {
  readonly directory: Directory;
  readonly authenticator: Authenticator;
  readonly referrals: Referrals;
  /** Takes in what another worker shared. */
  hear(note: ThrottleNote): void;
}

/**
 * Sets up the directory.
 *
 * @throws TypeError when an exempt network is none.
 */
export function createDirectory(options: DirectoryOptions): DirectoryServices {
  const { door, database, world, emit, limits } = options;
  const hasher = options.hasher ?? createHasher(world, limits?.hash);
  const throttle = new Throttle({
    world,
    limits: limits?.throttle ?? {},
    exempt: options.exempt ?? [],
    ...(options.share === undefined ? {} : { share: options.share }),
  });
  const logins = new Logins({
    credentials: new Credentials(door, database, world),
    hasher,
    cache: new VerifyCache(world, limits?.verifyCache),
    throttle,
    emit,
  });
  return {
    directory: new Resolver({
      door,
      database,
      world,
      hostname: options.hostname,
      detailSeparator: options.detailSeparator,
      limits: limits?.directory,
    }),
    authenticator: new DirectoryAuthenticator({
      logins,
      world,
      allowPlaintext: options.allowPlaintext,
      tokens: options.oauth === undefined ? undefined : createTokens(options.oauth, world),
    }),
    referrals: new DirectoryReferrals(door),
    hear: (note) => throttle.hear(note),
    async [Symbol.asyncDispose]() {
      await logins.settled();
      if (options.hasher === undefined) await hasher[Symbol.asyncDispose]();
    },
  };
}

/** What the database knows of those who log in. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { World } from "../core/world.ts";
import { fakeScramKeys, type ScramHash, type ScramKeys } from "../sasl/mod.ts";
import type { Database } from "../store/pg/database.ts";
import { statement } from "../store/pg/door.ts";
import { parseAddress } from "./addresses.ts";
import { withDatabase } from "./failures.ts";
import { sharedSecret } from "./secret.ts";
import type { Enrolled } from "./hash.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";
import type { Asking } from "./lookup.ts";
import { parseScram, SCRAM_ITERATIONS } from "./scram_keys.ts";

/** Somebody who tries to log in, whether or not there is such an account. */
export interface Login {
  /** From `addressOf`. */
  readonly address: string;
  /** Undefined: nobody there. */
  readonly account: number | undefined;
  readonly disabled: boolean;
  readonly main: MainCredential | undefined;
  /** SHA-256 of each app password. */
  readonly apps: readonly Uint8Array[];
}

/** The password of an account, as it is stored. */
export interface MainCredential {
  readonly id: number;
  readonly hash: string;
  readonly scramSha1: string | null;
  readonly scramSha256: string | null;
}

/** How an app password is stored: what follows is its SHA-256 in base64. */
export const APP_SCHEME = "{SHA256}";

/** The SHA-256 of an app password; spaces, hyphens and case are for the eye. */
export function appDigest(password: string): Uint8Array {
  const typed = password.slice(0, 256).replace(/[\s-]+/g, "").toLowerCase();
  return createHash("sha256").update(typed).digest();
}

/** True when the password is one of the login's app passwords: 128 random bits need no slow hash. */
export function isAppPassword(login: Login, password: string): boolean {
  const digest = appDigest(password);
  let right = false;
  for (const app of login.apps) right = timingSafeEqual(app, digest) || right;
  return right;
}

/** $1 domain, $2 local part. No row: nobody there; nulls behind the second column: no credential. */
const credentialsAt = statement(
  "credentials_at",
  ["text", "text"],
  `select a.account_id, a.disabled, c.credential_id, c.kind, c.hash, c.scram_sha1, c.scram_sha256
     from account a left join credential c on c.account_id = a.account_id
    where a.domain = $1 and a.local_part = $2
    order by c.credential_id limit ${LIMITS.appPasswords + 1}`,
);

/** Reads and improves credentials. */
export class Credentials {
  #secret: Promise<Uint8Array> | undefined;
  #sole: { readonly until: number; readonly name: Promise<string | undefined> } | undefined;

  constructor(
    private readonly door: Asking,
    private readonly db: Database,
    private readonly world: World,
  ) {}

  /**
   * The canonical address that a login name stands for, whether or not anybody is there. A local part alone
   * is completed where there is one domain only; what cannot be an address stays as it is.
   *
   * @throws Unavailable
   */
  async addressOf(user: string): Promise<string> {
    const address = parseAddress(user.includes("@") ? user : `${user}@${await this.#soleDomain() ?? ""}`);
    return address.ok ? `${address.value.local}@${address.value.domain}` : user;
  }

  /** Who is at an address from `addressOf`. @throws Unavailable */
  async find(address: string): Promise<Login> {
    const at = address.lastIndexOf("@");
    const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
    const rows = await withDatabase(() => this.door.query(credentialsAt, domain, local));
    if (rows.count === 0) return { address, account: undefined, disabled: false, main: undefined, apps: [] };
    let main: MainCredential | undefined;
    const apps: Uint8Array[] = [];
    const textOrNull = (row: number, column: number) =>
      rows.isNull(row, column) ? null : rows.text(row, column);
    for (let row = 0; row < rows.count && !rows.isNull(row, 2); row++) {
      const hash = rows.text(row, 4);
      if (rows.text(row, 3) === "password") {
        main ??= {
          id: rows.int(row, 2),
          hash,
          scramSha1: textOrNull(row, 5),
          scramSha256: textOrNull(row, 6),
        };
      } else if (hash.startsWith(APP_SCHEME)) {
        apps.push(Uint8Array.fromBase64(hash.slice(APP_SCHEME.length)));
      }
    }
    return { address, account: rows.int(0, 0), disabled: rows.bool(0, 1), main, apps };
  }

  /** The login's SCRAM keys; such as nobody can prove where it has none. @throws Unavailable */
  async scramKeys(login: Login, hash: ScramHash): Promise<ScramKeys> {
    const fake = fakeScramKeys(await this.#scramSecret(), login.address, SCRAM_ITERATIONS, hash);
    const stored = hash === "SHA-1" ? login.main?.scramSha1 : login.main?.scramSha256;
    return (stored ? parseScram(stored, hash) : undefined) ?? fake;
  }

  /** Replaces the stored forms of a password unless somebody changed it meanwhile. @throws Unavailable */
  async upgrade(account: number, old: MainCredential, enrolled: Enrolled): Promise<void> {
    await withDatabase(() =>
      this.db.updateTable("credential")
        .set({
          hash: enrolled.hash,
          scram_sha1: enrolled.scramSha1,
          scram_sha256: enrolled.scramSha256,
        })
        .where("account_id", "=", account).where("credential_id", "=", old.id).where("hash", "=", old.hash)
        .execute()
    );
  }

  #soleDomain(): Promise<string | undefined> {
    const now = this.world.ticks();
    if (this.#sole !== undefined && now < this.#sole.until) return this.#sole.name;
    const name = withDatabase(() =>
      this.db.selectFrom("domain").select("name").where("alias_of", "is", null).limit(2).execute()
    ).then((rows) => rows.length === 1 ? rows[0]!.name : undefined);
    this.#sole = { until: now + LIMITS.resolveAgeMs, name };
    name.catch(() => this.#sole = undefined);
    return name;
  }

  /** One for the installation, made by whoever comes first: fake salts are the same on every node. */
  #scramSecret(): Promise<Uint8Array> {
    if (this.#secret === undefined) {
      this.#secret = withDatabase(() => sharedSecret(this.db, this.world, "scram_secret"));
      this.#secret.catch(() => this.#secret = undefined);
    }
    return this.#secret;
  }
}

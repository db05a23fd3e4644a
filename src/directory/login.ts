/** Checks one user and password: throttle, database, memory, hash; and makes weak stored forms strong. */
import type { AuthOrigin, AuthRefusal, AuthResult } from "../core/auth.ts";
import type { AccountId } from "../core/brands.ts";
import { type Emit, emitBug } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import { saslprep } from "../sasl/mod.ts";
import { type Credentials, isAppPassword, type Login, type MainCredential } from "./credentials.ts";
import { HashBusy, type Hasher } from "./hash.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";
import { isCurrent } from "./schemes.ts";
import type { Permit, Throttle } from "./throttle.ts";
import type { VerifyCache } from "./verify_cache.ts";

declare module "../core/events.ts" {
  interface Events {
    /** Somebody logged in. `mechanism`: SASL's name, `password` for IMAP LOGIN and POP3 USER/PASS. */
    "auth.ok": {
      readonly session: string;
      readonly protocol: string;
      readonly remote: string;
      readonly user: string;
      readonly mechanism: string;
    };
    /** Somebody did not. `user` is what was claimed. */
    "auth.refused": {
      readonly session: string;
      readonly protocol: string;
      readonly remote: string;
      readonly user: string;
      readonly mechanism: string;
      readonly reason: AuthRefusal;
    };
  }
}

/** What the checks need. */
export interface LoginParts {
  readonly credentials: Credentials;
  readonly hasher: Hasher;
  readonly cache: VerifyCache;
  readonly throttle: Throttle;
  readonly emit: Emit;
}

const TEXTS: Record<AuthRefusal, string> = {
  credentials: "Wrong user name or password",
  malformed: "The exchange does not fit its grammar",
  cancelled: "Authentication was cancelled",
  throttled: "Too many wrong passwords: try again later",
  busy: "Too many logins at once: try again in a moment",
  disabled: "This account is disabled",
  authzid: "You may not act for that user",
  unavailable: "Logins are not possible now: try again later",
};

/** A refusal with the sentence that belongs to it. */
export function refusal(reason: AuthRefusal, text = TEXTS[reason]): AuthResult & { readonly ok: false } {
  return { ok: false, reason, text };
}

/** What an account may do now that its owner is proven. */
export function admitted(login: Login): AuthResult {
  if (login.account === undefined) return refusal("credentials");
  if (login.disabled) return refusal("disabled");
  return { ok: true, identity: { account: login.account as AccountId, address: login.address } };
}

/** The checks, and the work that they leave behind. */
export class Logins {
  readonly #upgrades = new Map<number, Promise<void>>();

  constructor(readonly parts: LoginParts) {}

  /** `user` and `password` are prepared (RFC 8265); undefined ones are wrong. Never throws. */
  async check(
    user: string | undefined,
    password: string | undefined,
    origin: AuthOrigin,
  ): Promise<AuthResult> {
    const { credentials, throttle } = this.parts;
    let permit: Permit | undefined;
    let found: "right" | "wrong" | "void" = "void";
    try {
      // By the address that the name stands for: `jane` and `jane@example.org` are one account's guesses.
      const address = await credentials.addressOf(user ?? "");
      permit = await throttle.admit(origin.remote, address, password);
      if (permit === undefined) return refusal("throttled");
      const login = await credentials.find(address);
      const right = await this.#verify(login, password, permit.suspicion);
      found = right ? "right" : "wrong";
      return right ? admitted(login) : refusal("credentials");
    } catch (thrown) {
      return this.failed(thrown, origin);
    } finally {
      permit?.settle(found);
    }
  }

  /** Turns what was thrown into an answer. */
  failed(thrown: unknown, origin: AuthOrigin): AuthResult {
    if (thrown instanceof HashBusy) return refusal("busy");
    if (!(thrown instanceof Unavailable)) {
      emitBug(this.parts.emit, "directory/login", thrown, origin.session);
    }
    return refusal("unavailable");
  }

  /** Says how an attempt ended, and gives it back. */
  told(result: AuthResult, user: string, mechanism: string, origin: AuthOrigin): AuthResult {
    const { session, protocol, remote } = origin;
    const fields = { session, protocol, remote, mechanism };
    if (result.ok) this.parts.emit("auth.ok", { ...fields, user: result.identity.address });
    else {
      this.parts.emit("auth.refused", {
        ...fields,
        user: user.slice(0, LIMITS.domain),
        reason: result.reason,
      });
    }
    return result;
  }

  /** Waits for what is still being made strong. */
  async settled(): Promise<void> {
    await Promise.all(this.#upgrades.values());
  }

  /** A hash runs also when nobody is there or the password cannot be one: time tells nothing. */
  async #verify(login: Login, password: string | undefined, suspicion: () => number): Promise<boolean> {
    const { cache, hasher } = this.parts;
    const tried = password !== undefined && password.length <= LIMITS.password && !password.includes("\0")
      ? password
      : undefined;
    if (tried === undefined) return await hasher.verify("not a password", undefined, suspicion);
    if (isAppPassword(login, tried)) return true;
    const { main } = login;
    if (main === undefined) return await hasher.verify(tried, undefined, suspicion);
    return await cache.check(main.hash, tried, async () => {
      if (!await hasher.verify(tried, main.hash, suspicion)) return false;
      this.#strengthen(login.account!, main, tried);
      return true;
    });
  }

  /** Stores argon2id and SCRAM keys where something weaker was, after the answer; a failure is no harm. */
  #strengthen(account: number, main: MainCredential, password: string): void {
    const lacksScram = (main.scramSha1 === null || main.scramSha256 === null) &&
      saslprep(password, "stored") !== undefined;
    if (isCurrent(main.hash) && !lacksScram) return;
    if (this.#upgrades.has(account)) return;
    const { credentials, hasher, cache } = this.parts;
    const work = hasher.enroll(password).then(async (enrolled) => {
      await credentials.upgrade(account, main, enrolled);
      cache.add(enrolled.hash, password);
    }).catch((thrown) => {
      if (thrown instanceof HashBusy || thrown instanceof Unavailable) return; // The next login tries again.
      emitBug(this.parts.emit, "directory/strengthen", thrown);
    }).finally(() => this.#upgrades.delete(account));
    this.#upgrades.set(account, work);
  }
}

/** Who may log in to a protocol test: alice and bob, by password or PLAIN, over TLS only. */
import type { Authenticator, AuthRefusal, AuthResult, SaslSession } from "../../src/core/auth.ts";
import type { AccountId } from "../../src/core/brands.ts";

/** Accounts of the tests; both have the password `open sesame`. */
export const ALICE = 1 as AccountId, BOB = 2 as AccountId;

/** The address of an account. */
export function addressOf(account: AccountId): string {
  return `${Object.keys(USERS).find((name) => USERS[name] === account) ?? `user${account}`}@example.test`;
}

const USERS: Readonly<Record<string, AccountId>> = { alice: ALICE, bob: BOB };
/** Names that are refused for a reason of their own. */
const REFUSED: Readonly<Record<string, AuthRefusal>> = {
  throttled: "throttled",
  disabled: "disabled",
  offline: "unavailable",
};

/** The authenticator. */
export const testAuth: Authenticator = {
  mechanisms: (tls) => tls === undefined ? [] : ["PLAIN"],
  begin: (mechanism, { tls }) => mechanism === "PLAIN" && tls !== undefined ? plain() : undefined,
  password: (user, password) => Promise.resolve(check(user, password)),
  identify: (user) => {
    const known = check(user.replace(/@example\.test$/i, ""), "open sesame");
    return Promise.resolve(known.ok ? known.identity : undefined);
  },
};

function plain(): SaslSession {
  let asked = false;
  return {
    respond(response) {
      if (response === undefined && !asked) {
        asked = true;
        return Promise.resolve({ kind: "challenge", octets: new Uint8Array(0) });
      }
      const [authzid, user, password] = new TextDecoder().decode(response).split("\0");
      const result: AuthResult = user === undefined || password === undefined
        ? { ok: false, reason: "malformed", text: "Three parts were expected" }
        : authzid !== "" && authzid !== user
        ? { ok: false, reason: "authzid", text: "Not as somebody else" }
        : check(user, password);
      return Promise.resolve({ kind: "done", result });
    },
  };
}

function check(user: string, password: string): AuthResult {
  const reason = REFUSED[user];
  if (reason !== undefined) return { ok: false, reason, text: `Refused: ${reason}` };
  const account = USERS[user];
  if (account === undefined || password !== "open sesame") {
    return { ok: false, reason: "credentials", text: "Wrong name or password" };
  }
  return { ok: true, identity: { account, address: `${user}@example.test` } };
}

import { SASL_LIMITS } from "./limits.ts";
import { textOf, utf8 } from "./octets.ts";
import { usernameCaseMapped } from "./precis.ts";
import {
  failed,
  OUT_OF_ORDER,
  type SaslAnswer,
  type SaslServer,
  type SaslStep,
  TOO_LONG,
  WRONG_CREDENTIALS,
} from "./step.ts";

const MALFORMED = failed("malformed", "The response does not fit its grammar");
const KVSEP = "\x01";

/** What a client's response says. */
interface Bearer {
  readonly token: string;
  /** The user that the client names; undefined: whoever the token speaks of. */
  readonly user: string | undefined;
}

/**
 * OAUTHBEARER (RFC 7628) and XOAUTH2, which was there before it: a token instead of a password. A token that is
 * refused is answered with a challenge that says why (§3.2.2); whatever the client then says ends the exchange.
 */
export class OAuthServer implements SaslServer {
  #at: "start" | "prompted" | "asked" | "told" | "over" = "start";
  #user: string | undefined;

  /** @param form which of the two */
  constructor(private readonly form: "OAUTHBEARER" | "XOAUTH2") {}

  respond(response: Uint8Array | undefined): SaslStep {
    const at = this.#at;
    this.#at = "over";
    if (at === "told") return WRONG_CREDENTIALS;
    if (at !== "start" && at !== "prompted") return OUT_OF_ORDER;
    if (response === undefined) {
      if (at === "prompted") return MALFORMED;
      this.#at = "prompted";
      return { kind: "challenge", octets: new Uint8Array(0) };
    }
    if (response.length > SASL_LIMITS.response) return TOO_LONG;
    const text = textOf(response);
    const bearer = text === undefined
      ? undefined
      : this.form === "OAUTHBEARER"
      ? oauthBearer(text)
      : xoauth2(text);
    if (bearer === undefined) return MALFORMED;
    const user = bearer.user === undefined ? undefined : usernameCaseMapped(bearer.user);
    if (bearer.user !== undefined && user === undefined) return WRONG_CREDENTIALS;
    this.#at = "asked";
    this.#user = user;
    return { kind: "need-token", token: bearer.token, user };
  }

  provide(answer: SaslAnswer): SaslStep {
    if (this.#at !== "asked" || answer.kind !== "token") {
      throw new TypeError("Cannot take the answer: no token was asked for");
    }
    if (answer.user !== undefined) {
      this.#at = "over";
      return { kind: "done", user: answer.user, authzid: this.#user };
    }
    this.#at = "told";
    const status = this.form === "OAUTHBEARER" ? "invalid_token" : "401";
    return { kind: "challenge", octets: utf8(JSON.stringify({ status, schemes: "bearer", ...answer.hint })) };
  }
}

/**
 * client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep
 * gs2-header = [gs2-nonstd-flag ","] gs2-cb-flag "," [gs2-authzid] ","
 * kvpair = key "=" value kvsep
 *
 * RFC 7628 §3.1, RFC 5801 §4. A channel binding is asked for in no such exchange.
 */
function oauthBearer(text: string): Bearer | undefined {
  const [gs2, ...pairs] = text.split(KVSEP);
  const header = /^[ny],(?:a=((?:[^=,]|=2C|=3D){1,255}))?,$/.exec(gs2!);
  // The last kvsep ends a pair, and one more ends the response: two empty pieces.
  if (header === null || pairs.length < 2 || pairs.at(-1) !== "" || pairs.at(-2) !== "") return undefined;
  const token = tokenOf(pairs.slice(0, -2));
  const user = header[1]?.replaceAll("=2C", ",").replaceAll("=3D", "=");
  return token === undefined ? undefined : { token, user };
}

/** `user=…^Aauth=Bearer …^A^A` */
function xoauth2(text: string): Bearer | undefined {
  const [first, ...pairs] = text.split(KVSEP);
  if (!first!.startsWith("user=") || pairs.length < 2 || pairs.at(-1) !== "" || pairs.at(-2) !== "") {
    return undefined;
  }
  const user = first!.slice(5);
  const token = tokenOf(pairs.slice(0, -2));
  if (token === undefined || user.length > SASL_LIMITS.name) return undefined;
  return { token, user: user === "" ? undefined : user };
}

/** b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750 §2.1) */
function tokenOf(pairs: readonly string[]): string | undefined {
  let token: string | undefined;
  for (const pair of pairs) {
    if (!/^[A-Za-z]+=/.test(pair)) return undefined;
    if (!/^auth=/i.test(pair)) continue;
    const match = /^auth=Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(pair);
    if (match === null || token !== undefined) return undefined;
    token = match[1];
  }
  return token;
}

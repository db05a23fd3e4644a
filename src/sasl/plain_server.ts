import { SASL_LIMITS } from "./limits.ts";
import { textOf, utf8 } from "./octets.ts";
import { opaqueString, usernameCaseMapped } from "./precis.ts";
import {
  failed,
  OUT_OF_ORDER,
  type SaslAnswer,
  type SaslServer,
  type SaslStep,
  TOO_LONG,
  WRONG_CREDENTIALS,
} from "./step.ts";

const EMPTY = new Uint8Array(0);
const USERNAME_PROMPT = utf8("Username:");
const PASSWORD_PROMPT = utf8("Password:");
const MALFORMED_PLAIN = failed("malformed", "PLAIN wants [authzid] NUL user NUL password in UTF-8");
const MALFORMED_LOGIN = failed("malformed", "LOGIN wants a user name, then a password, in UTF-8");

interface Who {
  readonly user: string;
  readonly authzid: string | undefined;
}

/** The half that PLAIN and LOGIN share: once both texts are there, somebody else checks the password. */
abstract class PasswordServer implements SaslServer {
  #asked: Who | undefined;

  abstract respond(response: Uint8Array | undefined): SaslStep;

  provide(answer: SaslAnswer): SaslStep {
    const asked = this.#asked;
    if (asked === undefined || answer.kind !== "password") {
      throw new TypeError("Cannot take the answer: no password check was asked for");
    }
    this.#asked = undefined;
    return answer.right ? { kind: "done", ...asked } : WRONG_CREDENTIALS;
  }

  /** Prepares the texts and asks; a name that cannot be prepared is nobody's. */
  protected ask(authzid: string | undefined, user: string, password: string): SaslStep {
    const preparedUser = usernameCaseMapped(user);
    const preparedPassword = opaqueString(password);
    if (preparedUser === undefined || preparedPassword === undefined) return WRONG_CREDENTIALS;
    const preparedAuthzid = authzid === undefined ? undefined : usernameCaseMapped(authzid);
    if (authzid !== undefined && preparedAuthzid === undefined) {
      return failed("authzid", "That is not a name to act for");
    }
    this.#asked = { user: preparedUser, authzid: preparedAuthzid };
    return { kind: "need-password", password: preparedPassword, ...this.#asked };
  }
}

/** PLAIN (RFC 4616): message = [authzid] UTF8NUL authcid UTF8NUL passwd. */
export class PlainServer extends PasswordServer {
  #at: "start" | "prompted" | "over" = "start";

  respond(response: Uint8Array | undefined): SaslStep {
    const at = this.#at;
    this.#at = "over";
    if (at === "over") return OUT_OF_ORDER;
    if (response === undefined) {
      if (at === "prompted") return MALFORMED_PLAIN;
      this.#at = "prompted";
      return { kind: "challenge", octets: EMPTY };
    }
    if (response.length > SASL_LIMITS.response) return TOO_LONG;

    const first = response.indexOf(0);
    const second = first < 0 ? -1 : response.indexOf(0, first + 1);
    if (second < 0 || response.indexOf(0, second + 1) >= 0) return MALFORMED_PLAIN;
    const authzid = bounded(response.subarray(0, first), SASL_LIMITS.name);
    const user = bounded(response.subarray(first + 1, second), SASL_LIMITS.name);
    const password = bounded(response.subarray(second + 1), SASL_LIMITS.password);
    if (authzid === undefined || !user || !password) return MALFORMED_PLAIN;
    return this.ask(authzid === "" ? undefined : authzid, user, password);
  }
}

/** LOGIN (draft-murchison-sasl-login-00): two prompts, two answers; the first may come as initial response. */
export class LoginServer extends PasswordServer {
  #at: "start" | "user" | "password" | "over" = "start";
  #user = "";

  respond(response: Uint8Array | undefined): SaslStep {
    const at = this.#at;
    this.#at = "over";
    if (response !== undefined && response.length > SASL_LIMITS.response) return TOO_LONG;
    switch (at) {
      case "start":
        if (response !== undefined) return this.#named(response);
        this.#at = "user";
        return { kind: "challenge", octets: USERNAME_PROMPT };
      case "user":
        return this.#named(response);
      case "password": {
        const password = response === undefined ? undefined : bounded(response, SASL_LIMITS.password);
        if (!password || password.includes("\0")) return MALFORMED_LOGIN;
        return this.ask(undefined, this.#user, password);
      }
      case "over":
        return OUT_OF_ORDER;
      default:
        return at satisfies never;
    }
  }

  #named(response: Uint8Array | undefined): SaslStep {
    const user = response === undefined ? undefined : bounded(response, SASL_LIMITS.name);
    if (!user || user.includes("\0")) return MALFORMED_LOGIN;
    this.#user = user;
    this.#at = "password";
    return { kind: "challenge", octets: PASSWORD_PROMPT };
  }
}

/** UTF-8 text of at most `limit` octets; undefined otherwise. */
function bounded(octets: Uint8Array, limit: number): string | undefined {
  return octets.length > limit ? undefined : textOf(octets);
}

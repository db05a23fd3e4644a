import type { AuthRefusal } from "../core/auth.ts";
import type { ScramHash } from "./mechanisms.ts";
import type { ScramKeys } from "./scram_keys.ts";

/** What a server's exchange wants next. */
export type SaslStep =
  /** Send these octets (0 are legal) and hand the client's answer to `respond`. */
  | { readonly kind: "challenge"; readonly octets: Uint8Array }
  /**
   * Check the password and say to `provide` whether it is right. All texts are prepared (RFC 8265); `authzid`
   * is undefined when the client asks for nobody else.
   */
  | {
    readonly kind: "need-password";
    readonly user: string;
    readonly password: string;
    readonly authzid: string | undefined;
  }
  /** Look up the user's keys and hand them to `provide`; `fakeScramKeys` for a user who is not there. */
  | {
    readonly kind: "need-scram";
    readonly user: string;
    readonly hash: ScramHash;
    readonly authzid: string | undefined;
  }
  /** Check the bearer token and say to `provide` whom it speaks of; `user`: whom the client says it speaks of. */
  | { readonly kind: "need-token"; readonly token: string; readonly user: string | undefined }
  /** Say to `provide` whom the client's certificate speaks of: where it names several, `authzid` if it is one. */
  | { readonly kind: "need-certificate"; readonly authzid: string | undefined }
  /** The client is `user` and asks to act for `authzid`, which the caller still has to allow. */
  | { readonly kind: "done"; readonly user: string; readonly authzid: string | undefined }
  | { readonly kind: "failed"; readonly reason: AuthRefusal; readonly text: string };

/** The caller's answer to a `need-…` step. */
export type SaslAnswer =
  | { readonly kind: "password"; readonly right: boolean }
  | { readonly kind: "scram"; readonly keys: ScramKeys }
  /** `user` undefined: the token is refused; `hint` then tells the client where it gets a better one. */
  | {
    readonly kind: "token";
    readonly user: string | undefined;
    readonly hint?: { readonly scope?: string; readonly "openid-configuration"?: string };
  }
  | { readonly kind: "certificate"; readonly user: string | undefined };

/**
 * One exchange on the server's side, without I/O. It is used once: whatever follows `done` or `failed` is
 * answered with `failed`.
 */
export interface SaslServer {
  /** Takes the client's next response, the initial one first; `undefined` when there was none. */
  respond(response: Uint8Array | undefined): SaslStep;
  /**
   * Takes what the last `need-…` step asked for.
   *
   * @throws TypeError when nothing, or something else, was asked for: a bug of the caller.
   */
  provide(answer: SaslAnswer): SaslStep;
}

/** Builds a `failed` step. */
export function failed(
  reason: AuthRefusal,
  text: string,
): { readonly kind: "failed"; readonly reason: AuthRefusal; readonly text: string } {
  return { kind: "failed", reason, text };
}

/** The one answer to a wrong user, a wrong password and a wrong proof. */
export const WRONG_CREDENTIALS = failed("credentials", "Wrong user name or password");

/** The answer to a response that nothing asked for. */
export const OUT_OF_ORDER = failed("malformed", "This exchange is over");

/** The answer to a response past SASL_LIMITS.response. */
export const TOO_LONG = failed("malformed", "The response is too long");

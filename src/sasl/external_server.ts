import { SASL_LIMITS } from "./limits.ts";
import { textOf } from "./octets.ts";
import { usernameCaseMapped } from "./precis.ts";
import {
  failed,
  OUT_OF_ORDER,
  type SaslAnswer,
  type SaslServer,
  type SaslStep,
  WRONG_CREDENTIALS,
} from "./step.ts";

const MALFORMED = failed("malformed", "EXTERNAL wants the name to act for, or nothing");

/** EXTERNAL (RFC 4422 appendix A): the connection itself has proven who is there, here by a client's certificate. */
export class ExternalServer implements SaslServer {
  #at: "start" | "prompted" | "asked" | "over" = "start";
  #authzid: string | undefined;

  respond(response: Uint8Array | undefined): SaslStep {
    const at = this.#at;
    this.#at = "over";
    if (at !== "start" && at !== "prompted") return OUT_OF_ORDER;
    if (response === undefined) {
      if (at === "prompted") return MALFORMED;
      this.#at = "prompted";
      return { kind: "challenge", octets: new Uint8Array(0) };
    }
    const text = response.length > SASL_LIMITS.name ? undefined : textOf(response);
    if (text === undefined || text.includes("\0")) return MALFORMED;
    this.#authzid = text === "" ? undefined : usernameCaseMapped(text);
    if (text !== "" && this.#authzid === undefined) return failed("authzid", "That is not a name to act for");
    this.#at = "asked";
    return { kind: "need-certificate", authzid: this.#authzid };
  }

  provide(answer: SaslAnswer): SaslStep {
    if (this.#at !== "asked" || answer.kind !== "certificate") {
      throw new TypeError("Cannot take the answer: no certificate was asked for");
    }
    this.#at = "over";
    return answer.user === undefined
      ? WRONG_CREDENTIALS
      : { kind: "done", user: answer.user, authzid: this.#authzid };
  }
}

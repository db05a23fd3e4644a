import type { SaslClient, SaslClientOptions, SaslClientStep } from "./client_step.ts";
import { type MechanismName, MECHANISMS } from "./mechanisms.ts";
import { textOf, utf8 } from "./octets.ts";
import { ScramClient } from "./scram_client.ts";

/**
 * Begins an exchange on the client's side.
 *
 * @throws TypeError for mechanisms whose client we never are.
 */
export function createClient(mechanism: MechanismName, options: SaslClientOptions): SaslClient {
  const { family, hash, channelBinding } = MECHANISMS[mechanism];
  switch (family) {
    case "scram":
      return new ScramClient(hash, channelBinding, options);
    case "plain":
      return new PlainClient(options);
    case "login":
      return new LoginClient(options);
    case "oauth":
    case "external":
      throw new TypeError(`Cannot log in by ${mechanism}: only its server's side is here`);
    default:
      return family satisfies never;
  }
}

/** PLAIN (RFC 4616 §2). */
class PlainClient implements SaslClient {
  complete = false;

  constructor(private readonly options: SaslClientOptions) {}

  start(): SaslClientStep {
    this.complete = true;
    const { authzid = "", user, password } = this.options;
    return { kind: "response", octets: utf8(`${authzid}\0${user}\0${password}`) };
  }

  respond(): SaslClientStep {
    return { kind: "failed", text: "The server asks on after PLAIN's only message" };
  }
}

/** LOGIN (draft-murchison-sasl-login-00): what the prompts say is not looked at, servers differ. */
class LoginClient implements SaslClient {
  #sent = 0;

  constructor(private readonly options: SaslClientOptions) {}

  get complete(): boolean {
    return this.#sent === 2;
  }

  start(): SaslClientStep {
    this.#sent = 1;
    return { kind: "response", octets: utf8(this.options.user) };
  }

  respond(challenge: Uint8Array): SaslClientStep {
    if (this.#sent === 0) return this.start();
    if (this.#sent === 2) return { kind: "failed", text: "The server asks on after LOGIN's password" };
    if (textOf(challenge) === undefined) return { kind: "failed", text: "The prompt is not UTF-8" };
    this.#sent = 2;
    return { kind: "response", octets: utf8(this.options.password) };
  }
}

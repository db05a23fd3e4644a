import type { SaslClient, SaslClientOptions, SaslClientStep } from "./client_step.ts";
import { SASL_LIMITS } from "./limits.ts";
import type { ScramHash } from "./mechanisms.ts";
import { encodeBase64, sameOctets, textOf, utf8 } from "./octets.ts";
import { saslprep } from "./saslprep.ts";
import { escapeSaslname, serverFinal, serverFirst } from "./scram_grammar.ts";
import { clientKeyOf, digest, hmac, saltPassword, serverKeyOf } from "./scram_keys.ts";

/**
 * SCRAM on the client's side (RFC 5802, RFC 7677). Verifies the server: `complete` stays false until its
 * signature is right. `respond` runs PBKDF2 and blocks for as long as the server's count demands, bounded by
 * SASL_LIMITS.mostIterations.
 */
export class ScramClient implements SaslClient {
  complete = false;
  #at: "start" | "first" | "final" | "over" = "start";
  readonly #header: string;
  #bare = "";
  #serverSignature = new Uint8Array(0);

  constructor(
    private readonly hash: ScramHash,
    private readonly plus: boolean,
    private readonly options: SaslClientOptions,
  ) {
    if (plus && options.binding === undefined) {
      throw new TypeError("Cannot use a -PLUS mechanism: nothing to bind to was given");
    }
    const flag = plus ? `p=${options.binding!.name}` : options.couldBind === true ? "y" : "n";
    const authzid = options.authzid === undefined ? "" : `a=${escapeSaslname(options.authzid)}`;
    this.#header = `${flag},${authzid},`;
  }

  start(): SaslClientStep {
    const user = saslprep(this.options.user, "query");
    if (user === undefined) return this.#fail("The user name cannot be prepared");
    this.#at = "first";
    this.#bare = `n=${escapeSaslname(user)},r=${this.options.nonce}`;
    return { kind: "response", octets: utf8(this.#header + this.#bare) };
  }

  respond(challenge: Uint8Array): SaslClientStep {
    const text = textOf(challenge);
    if (text === undefined) return this.#fail("The server's message is not UTF-8");
    switch (this.#at) {
      case "start":
        return this.start();
      case "first":
        return this.#answer(text);
      case "final":
        return this.#verify(text);
      case "over":
        return this.#fail("The server asks on after the end");
      default:
        return this.#at satisfies never;
    }
  }

  #answer(text: string): SaslClientStep {
    const first = serverFirst(text);
    if (first === undefined) return this.#fail("The server's first message does not fit its grammar");
    if (!first.nonce.startsWith(this.options.nonce) || first.nonce.length === this.options.nonce.length) {
      return this.#fail("The server's nonce does not continue ours");
    }
    if (first.iterations < SASL_LIMITS.leastIterations || first.iterations > SASL_LIMITS.mostIterations) {
      return this.#fail(`Cannot accept ${first.iterations} iterations`);
    }
    const password = saslprep(this.options.password, "query");
    if (password === undefined) return this.#fail("The password cannot be prepared");

    const header = utf8(this.#header);
    const data = this.plus ? this.options.binding!.data : new Uint8Array(0);
    const bound = new Uint8Array(header.length + data.length);
    bound.set(header);
    bound.set(data, header.length);
    const withoutProof = `c=${encodeBase64(bound)},r=${first.nonce}`;
    const authMessage = utf8(`${this.#bare},${text},${withoutProof}`);
    const salted = saltPassword(password, first.salt, first.iterations, this.hash);
    const proof = clientKeyOf(salted, this.hash);
    const signature = hmac(this.hash, digest(this.hash, proof), authMessage);
    for (let i = 0; i < proof.length; i++) proof[i]! ^= signature[i]!;
    this.#serverSignature = new Uint8Array(hmac(this.hash, serverKeyOf(salted, this.hash), authMessage));
    this.#at = "final";
    return { kind: "response", octets: utf8(`${withoutProof},p=${encodeBase64(proof)}`) };
  }

  #verify(text: string): SaslClientStep {
    const final = serverFinal(text);
    if (final === undefined) return this.#fail("The server's final message does not fit its grammar");
    if ("error" in final) return this.#fail(`The server refuses: ${final.error}`);
    if (!sameOctets(final.verifier, this.#serverSignature)) {
      return this.#fail("The server's signature is wrong: it does not know the password");
    }
    this.#at = "over";
    this.complete = true;
    return { kind: "response", octets: new Uint8Array(0) };
  }

  #fail(text: string): SaslClientStep {
    this.#at = "over";
    this.complete = false;
    return { kind: "failed", text };
  }
}

import { digest, hmac, type ScramKeys } from "./scram_keys.ts";
import { clientFinal, type ClientFirst, clientFirst } from "./scram_grammar.ts";
import type { ScramHash } from "./mechanisms.ts";
import { encodeBase64, sameOctets, textOf, utf8 } from "./octets.ts";
import { SASL_LIMITS } from "./limits.ts";
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

/** What a connection can be bound to, by the names of RFC 5929 §4 and RFC 9266. */
export interface ChannelBindings {
  readonly "tls-server-end-point"?: Uint8Array | undefined;
  readonly "tls-exporter"?: Uint8Array | undefined;
}

/** How a SCRAM exchange is set up. */
export interface ScramServerOptions {
  readonly hash: ScramHash;
  /** True for the -PLUS form: the client must bind. */
  readonly plus: boolean;
  /** s-nonce: printable ASCII without commas, new for each exchange. */
  readonly nonce: string;
  readonly bindings: ChannelBindings;
  /** True when a -PLUS form was announced on this connection: then `y` means that someone hid it. */
  readonly plusOffered: boolean;
}

const EMPTY = new Uint8Array(0);
const MALFORMED = failed("malformed", "The SCRAM message does not fit its grammar");

type State =
  | { readonly at: "start" | "prompted" | "over" }
  | { readonly at: "keys"; readonly first: ClientFirst; readonly bound: Uint8Array; readonly who: Who }
  | {
    readonly at: "final";
    readonly first: ClientFirst;
    readonly bound: Uint8Array;
    readonly who: Who;
    readonly keys: ScramKeys;
    readonly serverFirst: string;
  }
  | { readonly at: "acknowledge"; readonly who: Who };

interface Who {
  readonly user: string;
  readonly authzid: string | undefined;
}

/**
 * SCRAM on the server's side (RFC 5802, RFC 7677). The signature goes out as one more challenge, which the
 * client acknowledges with an empty response: neither POP3, IMAP nor SMTP carries data with success.
 */
export class ScramServer implements SaslServer {
  #state: State = { at: "start" };

  constructor(private readonly options: ScramServerOptions) {}

  respond(response: Uint8Array | undefined): SaslStep {
    const state = this.#state;
    this.#state = { at: "over" };
    if (response !== undefined && response.length > SASL_LIMITS.response) return TOO_LONG;
    switch (state.at) {
      case "start":
        if (response !== undefined) return this.#first(response);
        this.#state = { at: "prompted" };
        return { kind: "challenge", octets: EMPTY };
      case "prompted":
        return response === undefined ? MALFORMED : this.#first(response);
      case "final":
        return response === undefined ? MALFORMED : this.#final(state, response);
      case "acknowledge":
        if (response !== undefined && response.length > 0) return MALFORMED;
        return { kind: "done", ...state.who };
      case "keys":
      case "over":
        return OUT_OF_ORDER;
      default:
        return state satisfies never;
    }
  }

  provide(answer: SaslAnswer): SaslStep {
    const state = this.#state;
    if (state.at !== "keys" || answer.kind !== "scram") {
      throw new TypeError("Cannot take the answer: no SCRAM keys were asked for");
    }
    const { keys } = answer;
    if (keys.hash !== this.options.hash) {
      throw new TypeError(`Cannot use keys of ${keys.hash} for ${this.options.hash}`);
    }
    const serverFirst = `r=${state.first.nonce}${this.options.nonce},s=${
      encodeBase64(keys.salt)
    },i=${keys.iterations}`;
    this.#state = { ...state, at: "final", keys, serverFirst };
    return { kind: "challenge", octets: utf8(serverFirst) };
  }

  #first(response: Uint8Array): SaslStep {
    const text = textOf(response);
    const first = text === undefined ? undefined : clientFirst(text);
    if (first === undefined) return MALFORMED;
    const bound = this.#bound(first);
    if (!(bound instanceof Uint8Array)) return bound;
    if (tooLong(first.user) || (first.authzid !== undefined && tooLong(first.authzid))) return TOO_LONG;

    const user = usernameCaseMapped(first.user);
    const authzid = first.authzid === undefined ? undefined : usernameCaseMapped(first.authzid);
    if (user === undefined) return WRONG_CREDENTIALS;
    if (first.authzid !== undefined && authzid === undefined) {
      return failed("authzid", "That is not a name to act for");
    }
    this.#state = { at: "keys", first, bound, who: { user, authzid } };
    return { kind: "need-scram", user, hash: this.options.hash, authzid };
  }

  /** cbind-input that the client has to repeat, or why its flag will not do (RFC 5802 §6). */
  #bound(first: ClientFirst): Uint8Array | SaslStep {
    const { binding } = first;
    if (binding.flag !== "p") {
      if (this.options.plus) return failed("malformed", "This mechanism wants channel binding");
      if (binding.flag === "y" && this.options.plusOffered) {
        return failed("malformed", "This server does support channel binding: somebody hid that from you");
      }
      return utf8(first.header);
    }
    if (!this.options.plus) return failed("malformed", "Channel binding wants the -PLUS mechanism");
    const data = binding.name === "tls-exporter" || binding.name === "tls-server-end-point"
      ? this.options.bindings[binding.name]
      : undefined;
    if (data === undefined) return failed("malformed", "This type of channel binding is not supported here");
    const header = utf8(first.header);
    const bound = new Uint8Array(header.length + data.length);
    bound.set(header);
    bound.set(data, header.length);
    return bound;
  }

  #final(state: State & { at: "final" }, response: Uint8Array): SaslStep {
    const text = textOf(response);
    const final = text === undefined ? undefined : clientFinal(text);
    if (final === undefined) return MALFORMED;
    if (!sameOctets(final.binding, state.bound)) {
      return failed("malformed", "The channel bindings do not match");
    }
    if (!sameOctets(utf8(final.nonce), utf8(state.first.nonce + this.options.nonce))) {
      return failed("malformed", "The nonce is not the one of this exchange");
    }
    const { hash, storedKey, serverKey } = state.keys;
    const authMessage = utf8(`${state.first.bare},${state.serverFirst},${final.withoutProof}`);
    const clientKey = hmac(hash, storedKey, authMessage);
    if (final.proof.length !== clientKey.length) return MALFORMED;
    for (let i = 0; i < clientKey.length; i++) clientKey[i]! ^= final.proof[i]!;
    if (!sameOctets(digest(hash, clientKey), storedKey)) return WRONG_CREDENTIALS;

    this.#state = { at: "acknowledge", who: state.who };
    return { kind: "challenge", octets: utf8(`v=${encodeBase64(hmac(hash, serverKey, authMessage))}`) };
  }
}

function tooLong(name: string): boolean {
  return utf8(name).length > SASL_LIMITS.name;
}

import { ExternalServer } from "./external_server.ts";
import { type MechanismName, MECHANISMS } from "./mechanisms.ts";
import { OAuthServer } from "./oauth_server.ts";
import { LoginServer, PlainServer } from "./plain_server.ts";
import { type ChannelBindings, ScramServer } from "./scram_server.ts";
import { encodeBase64 } from "./octets.ts";
import type { SaslServer } from "./step.ts";

/** What an exchange needs to know of its connection. */
export interface SaslServerOptions {
  /** New for each exchange: `createNonce(world.random)`. Only SCRAM uses it. */
  readonly nonce: string;
  /** What the connection can be bound to; `{}` without TLS. */
  readonly bindings: ChannelBindings;
  /** True when a -PLUS form was announced on this connection (RFC 5802 §6: then `y` is a downgrade). */
  readonly plusOffered: boolean;
}

/**
 * Begins an exchange on the server's side.
 *
 * ```ts ignore
 * const exchange = createServer("PLAIN", { nonce: createNonce(world.random), bindings: {}, plusOffered: false });
 * let step = exchange.respond(initial);
 * if (step.kind === "need-password") step = exchange.provide({ kind: "password", right: await check(step) });
 * if (step.kind === "need-scram") step = exchange.provide({ kind: "scram", keys: await keysOf(step) });
 * ```
 */
export function createServer(mechanism: MechanismName, options: SaslServerOptions): SaslServer {
  const { family, hash, channelBinding } = MECHANISMS[mechanism];
  switch (family) {
    case "scram":
      return new ScramServer({ hash, plus: channelBinding, ...options });
    case "plain":
      return new PlainServer();
    case "login":
      return new LoginServer();
    case "oauth":
      return new OAuthServer(mechanism === "XOAUTH2" ? "XOAUTH2" : "OAUTHBEARER");
    case "external":
      return new ExternalServer();
    default:
      return family satisfies never;
  }
}

/** A nonce of 144 bits, in characters that SCRAM may carry (RFC 5802 §7 printable). */
export function createNonce(random: (n: number) => Uint8Array): string {
  return encodeBase64(random(18));
}

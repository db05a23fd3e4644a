import type { HopResult } from "../../core/outbound.ts";
import {
  createClient,
  createNonce,
  decodeBase64,
  encodeBase64,
  type MechanismName,
  mechanismNamed,
  MECHANISMS,
  mechanismsFor,
} from "../../sasl/mod.ts";
import type { Dialogue } from "./dialogue.ts";
import type { Extensions } from "./extensions.ts";
import { isYes, ownResult } from "./outcome.ts";

/** How a next hop is told who we are. */
export interface LoginOptions {
  readonly user: string;
  readonly password: string;
  /** True where the operator said that this hop needs no TLS: then passwords go without. */
  readonly allowPlaintext: boolean;
  readonly random: (n: number) => Uint8Array;
  readonly timeoutMs: number;
}

/**
 * AUTH (RFC 4954 §4) with the best mechanism that both sides have. Undefined once we are in.
 *
 * Every refusal is for later, never for good: a wrong password in our configuration must not turn mail back.
 */
export async function logIn(
  dialogue: Dialogue,
  extensions: Extensions,
  options: LoginOptions,
): Promise<HopResult | undefined> {
  const mechanism = choose(dialogue, extensions, options);
  if (mechanism === undefined) {
    return ownResult(
      "deferred",
      "auth",
      "4.7.0",
      "The next hop offers no way to log in that can be used here",
    );
  }
  const { exporter } = dialogue.conn.tls ?? {};
  const binds = MECHANISMS[mechanism].channelBinding;
  const exchange = createClient(mechanism, {
    user: options.user,
    password: options.password,
    nonce: createNonce(options.random),
    ...(binds && exporter !== undefined ? { binding: { name: "tls-exporter", data: exporter } } : {}),
    couldBind: exporter !== undefined && !binds,
  });
  let step = exchange.start();
  for (let command = `AUTH ${mechanism} `;; command = "") {
    if (step.kind === "failed") {
      await dialogue.send("*\r\n");
      await dialogue.reply(options.timeoutMs);
      return ownResult("deferred", "auth", "4.7.0", step.text);
    }
    // RFC 4954 §4: an initial response of no octets is a lone "=".
    const encoded = encodeBase64(step.octets);
    await dialogue.send(`${command}${command !== "" && encoded === "" ? "=" : encoded}\r\n`);
    const reply = await dialogue.reply(options.timeoutMs);
    if (isYes(reply)) {
      if (exchange.complete) return undefined;
      // A server that cannot prove that it knows the password is not the one we were told of (RFC 5802 §3).
      dialogue.end();
      return ownResult("deferred", "auth", "4.7.0", "The next hop did not prove that it knows the password");
    }
    if (reply.code !== 334) return { outcome: "deferred", step: "auth", reply };
    const challenge = decodeBase64(reply.text);
    step = challenge === undefined
      ? { kind: "failed", text: "The next hop's challenge is no base64" }
      : exchange.respond(challenge);
  }
}

function choose(
  dialogue: Dialogue,
  extensions: Extensions,
  options: LoginOptions,
): MechanismName | undefined {
  const offered = new Set(extensions.parameters("AUTH").map(mechanismNamed));
  return mechanismsFor(dialogue.conn.tls, options).find((name) => offered.has(name));
}

import { Buffer } from "node:buffer";
import type { AuthOrigin, AuthResult } from "../core/auth.ts";
import type { Services } from "../core/services.ts";
import { decodeBase64, encodeBase64 } from "../sasl/mod.ts";
import type { TextKey } from "./language.ts";
import type { Incoming } from "./input.ts";
import type { Pop3Limits } from "./limits.ts";

/** How the asking of a client for its responses ended. */
export type ExchangeEnd =
  | { readonly kind: "result"; readonly result: AuthResult }
  /** Refused by us, before or without the directory's word; `bad` when it counts as a bad command. */
  | { readonly kind: "refused"; readonly key: TextKey; readonly bad: boolean }
  /** The connection ended, timed out or drains. */
  | { readonly kind: "over"; readonly incoming: Incoming };

/**
 * AUTH (RFC 5034 §4): `+ ` and a challenge, a line with a response, until the mechanism is through. Whatever
 * goes wrong ends this exchange only; nothing of it is kept.
 */
export async function exchange(
  services: Services<Pop3Limits>,
  origin: AuthOrigin,
  mechanism: string,
  initial: string | undefined,
  io: {
    readonly challenge: (text: string) => Promise<void>;
    readonly response: () => Promise<Incoming>;
  },
): Promise<ExchangeEnd> {
  const session = services.auth.begin(mechanism, origin);
  if (session === undefined) return { kind: "refused", key: "no-mechanism", bad: true };

  let response: Uint8Array | undefined;
  if (initial !== undefined) {
    response = initial === "=" ? new Uint8Array(0) : decodeBase64(initial);
    if (response === undefined) return { kind: "refused", key: "base64", bad: true };
  }
  for (;;) {
    const reply = await session.respond(response);
    if (reply.kind === "done") return { kind: "result", result: reply.result };
    await io.challenge(`+ ${encodeBase64(reply.octets)}\r\n`);

    const incoming = await io.response();
    if (incoming.kind === "fault") return { kind: "refused", key: incoming.rule, bad: true };
    if (incoming.kind !== "line") return { kind: "over", incoming };
    const line = incoming.line;
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("latin1");
    if (text === "*") return { kind: "refused", key: "cancelled", bad: false };
    response = decodeBase64(text);
    if (response === undefined) return { kind: "refused", key: "base64", bad: true };
  }
}

import type { HopResult } from "../../core/outbound.ts";
import type { Dialogue } from "./dialogue.ts";
import { Extensions } from "./extensions.ts";
import type { ClientLimits } from "./limits.ts";
import { hopReply, isYes, ownResult, refusal } from "./outcome.ts";

/** What introducing ourselves led to. */
export type Greeted =
  | { readonly ok: true; readonly extensions: Extensions }
  | { readonly ok: false; readonly result: HopResult };

/** Who we are, and what we speak. */
export interface GreetOptions {
  readonly protocol: "smtp" | "lmtp";
  /** Our name, in ASCII. */
  readonly hostname: string;
  readonly limits: ClientLimits;
}

/** Waits for the greeting. Undefined when it is a 220. */
export async function greeting(dialogue: Dialogue, limits: ClientLimits): Promise<HopResult | undefined> {
  const reply = await dialogue.reply(limits.greeting);
  return reply.code === 220 ? undefined : refusal(reply, "greeting");
}

/**
 * EHLO, or HELO for a host that does not know it (RFC 5321 §3.2); LHLO, which every LMTP server knows
 * (RFC 2033 §4.1).
 */
export async function hello(dialogue: Dialogue, options: GreetOptions): Promise<Greeted> {
  const { protocol, hostname, limits } = options;
  await dialogue.send(`${protocol === "lmtp" ? "LHLO" : "EHLO"} ${hostname}\r\n`);
  const wire = await dialogue.wireReply(limits.hello);
  if (wire.code === 250) return { ok: true, extensions: new Extensions(wire) };
  if (protocol === "smtp" && wire.code >= 500 && !dialogue.over) {
    await dialogue.send(`HELO ${hostname}\r\n`);
    const reply = await dialogue.reply(limits.hello);
    return isYes(reply)
      ? { ok: true, extensions: new Extensions(undefined) }
      : { ok: false, result: refusal(reply, "ehlo") };
  }
  return { ok: false, result: refusal(hopReply(wire), "ehlo") };
}

/**
 * STARTTLS (RFC 3207), then EHLO anew: what was offered before counts no more (§4.2).
 *
 * `declined`: the host said no and the connection goes on without; else `result` says why it cannot.
 */
export async function upgrade(
  dialogue: Dialogue,
  options: GreetOptions,
): Promise<Greeted | { readonly ok: "declined"; readonly result: HopResult }> {
  await dialogue.send("STARTTLS\r\n");
  const reply = await dialogue.reply(options.limits.hello);
  if (reply.code !== 220) {
    const result = refusal(reply, "starttls");
    return dialogue.over ? { ok: false, result } : { ok: "declined", result };
  }
  if (dialogue.pending > 0) {
    // RFC 3207 §4.2 the other way round: who put replies behind the 220 wants them taken for those under TLS.
    dialogue.conn.destroy();
    dialogue.end();
    return {
      ok: false,
      result: ownResult("deferred", "starttls", "4.7.0", "Octets in the clear before TLS"),
    };
  }
  const fault = await dialogue.startTls();
  if (fault !== undefined) return { ok: false, result: ownResult("deferred", "starttls", "4.7.5", fault) };
  return await hello(dialogue, options);
}

/** STARTTLS (RFC 9051 §6.2.1). */
import { condition } from "../reply.ts";
import { Session } from "../session.ts";
import { bad, type Completion, type Context } from "./context.ts";

/** Answers by itself, as the answer must be the last that goes out in the clear; otherwise with a refusal. */
export async function startTls(cx: Context, tag: string): Promise<Completion | undefined> {
  if (cx.conn.tls !== undefined) return bad("TLS is already on");
  if (!cx.services.startTlsOffered) return bad("STARTTLS is not offered");
  if (cx.input.pending > 0 || cx.conn.buffered > 0) {
    // CVE-2011-0411: what was sent in the clear behind STARTTLS must never be heard under TLS.
    condition(cx.out.gather, undefined, "BYE", "Nothing may be sent behind STARTTLS before TLS is on");
    cx.session.ended = true;
    return undefined;
  }
  condition(cx.out.gather, tag, "OK", "Begin TLS");
  await cx.out.flush();
  await cx.conn.startTls();
  cx.session[Symbol.dispose]();
  cx.session = new Session();
  cx.input.configure();
  return undefined;
}

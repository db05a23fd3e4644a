/** CAPABILITY (RFC 9051 §6.1.1). */
import { type CapabilityFacts, capabilityWords } from "../capabilities.ts";
import { capabilityLine } from "../encode/mod.ts";
import { type Completion, type Context, ok } from "./context.ts";

/** Tells what can be done now. */
export function capability(cx: Context): Completion {
  capabilityLine(cx.out.gather, capabilityWords(capabilityFacts(cx)));
  return ok("CAPABILITY completed");
}

/** What this session's capabilities depend on. */
export function capabilityFacts(cx: Context): CapabilityFacts {
  return {
    authenticated: cx.session.identity !== undefined,
    mechanisms: cx.services.auth.mechanisms(cx.conn.tls),
    startTlsOffered: cx.services.startTlsOffered && cx.conn.tls === undefined,
    appendLimit: cx.services.limits.afterLogin.append,
    messageLimit: cx.services.limits.messageLimit,
    saveLimit: cx.services.limits.appendMessages,
    referrals: cx.services.referrals !== undefined,
    utf8Only: cx.services.limits.utf8Only === true,
  };
}

/**
 * SMTP and Submission (RFC 5321, RFC 6409), server side, with the extensions that `extensions.ts` lists.
 *
 * `serveSmtp` runs one connection. LMTP is the same machine in another role (`../lmtp/mod.ts`).
 *
 * @module
 */
export { serveRole, serveSmtp } from "./serve.ts";
export { SMTP_LIMITS, type SmtpLimits } from "./limits.ts";
export { NO_POLICY, type SmtpPolicy } from "./policy.ts";
export type { Role } from "./session.ts";
import "./events.ts";

/**
 * SMTP and Submission (RFC 5321, RFC 6409), server side, with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, CHUNKING,
 * BINARYMIME, ENHANCEDSTATUSCODES, STARTTLS, AUTH and LIMITS.
 *
 * `serveSmtp` runs one connection. LMTP is the same machine in another role (`../lmtp/mod.ts`).
 *
 * @module
 */
export { serveRole, serveSmtp } from "./serve.ts";
export { SMTP_LIMITS, type SmtpLimits } from "./limits.ts";
export type { Role } from "./session.ts";
import "./events.ts";

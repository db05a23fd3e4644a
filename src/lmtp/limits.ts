import { SMTP_LIMITS, type SmtpLimits } from "../smtp/mod.ts";

/** What one LMTP client may cost us: it is a mail server of our own, and keeps its connection. */
export const LMTP_LIMITS: SmtpLimits = {
  ...SMTP_LIMITS,
  messages: Infinity,
  refusedRecipients: Infinity,
  refusedRecipientDelayFrom: Infinity,
  idleCommands: Infinity,
  badCommandsBeforeAuth: SMTP_LIMITS.badCommandsAfterAuth,
  firstMail: SMTP_LIMITS.idle,
};

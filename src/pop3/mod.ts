/**
 * POP3 (RFC 1939) with CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034), response codes (RFC 3206), UTF8 and
 * LANG (RFC 6856). `servePop3` is all that a listener needs; the rest is for tests and documentation.
 */
export { type Command, type CommandName, COMMANDS, type State } from "./command.ts";
export type { Pop3End } from "./events.ts";
export { POP3_LIMITS, type Pop3Limits } from "./limits.ts";
export { servePop3 } from "./serve.ts";

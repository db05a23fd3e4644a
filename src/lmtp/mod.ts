/**
 * LMTP (RFC 2033), server side: SMTP's machine with LHLO, and one reply for each recipient at the end of data.
 *
 * @module
 */
export { serveLmtp } from "./serve.ts";
export { LMTP_LIMITS } from "./limits.ts";

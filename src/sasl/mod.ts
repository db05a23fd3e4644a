/**
 * SASL (RFC 4422) without I/O: mechanisms as machines whose steps name what they need. The directory drives
 * the server's side, relays and tests the client's.
 */
export { createClient } from "./client.ts";
export type { SaslClient, SaslClientOptions, SaslClientStep } from "./client_step.ts";
export { SASL_LIMITS } from "./limits.ts";
export {
  type Mechanism,
  MECHANISM_NAMES,
  type MechanismName,
  mechanismNamed,
  MECHANISMS,
  mechanismsFor,
  PASSWORD_MECHANISMS,
  type ScramHash,
} from "./mechanisms.ts";
export { decodeBase64, encodeBase64 } from "./octets.ts";
export { opaqueString, usernameCaseMapped } from "./precis.ts";
export { saslprep } from "./saslprep.ts";
export { deriveScramKeys, fakeScramKeys, type ScramKeys, scramKeysOf } from "./scram_keys.ts";
export type { ChannelBindings } from "./scram_server.ts";
export { createNonce, createServer, type SaslServerOptions } from "./server.ts";
export type { SaslAnswer, SaslServer, SaslStep } from "./step.ts";

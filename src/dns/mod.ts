/**
 * DNS: a stub resolver of our own, because the runtime's give one and the same error for SERVFAIL, NXDOMAIN and
 * NODATA, and know neither TLSA nor the AD bit.
 *
 * @module
 */
export { type DnsServer } from "./exchange.ts";
export { DNS_LIMITS, type DnsLimits } from "./limits.ts";
export { parseResolvConf, type ResolvConf } from "./resolv_conf.ts";
export { createResolver, type ResolverOptions } from "./resolver.ts";
export type { Dns, DnsAnswer, Mx, RecordOf, RecordType, Tlsa } from "./types.ts";

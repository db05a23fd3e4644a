/**
 * The network: the one transport for plain, STARTTLS and implicit TLS, listeners, client connections,
 * certificates, the PROXY protocol and the limits that keep one peer from costing everybody.
 */
import "./events.ts";

export { type Address, canonicalAddress, formatAddress, groupOf, Networks, parseAddress } from "./address.ts";
export { type AddressBook, type BookRefusal, LocalAddressBook } from "./book.ts";
export { dial, dialer } from "./dial.ts";
export { checkFree } from "./free.ts";
export { ConnectionBudget, maxConnectionsFor, NET_LIMITS, type NetLimits } from "./limits.ts";
export { listen, type Listener, type ListenOptions, type Refusal } from "./listener.ts";
export { selfSigned } from "./selfsigned.ts";
export { type CertificatePair, type LoadedPair, TlsContextHolder } from "./tls.ts";

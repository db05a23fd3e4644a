/** IMAP4rev2 and IMAP4rev1 (RFC 9051, RFC 3501): the server's side of one connection. */
export { MessageUrls } from "./authorized_urls.ts";
export { CAPABILITIES, type Capability } from "./capabilities.ts";
export { COMMANDS, type Rule, type State } from "./states.ts";
export { filterFault } from "./filter_value.ts";
export { canonicalName, decodeUtf7, encodeUtf7 } from "./mailbox_name.ts";
export { serveImap } from "./serve.ts";
export { IMAP_LIMITS, type ImapSessionLimits } from "./session.ts";

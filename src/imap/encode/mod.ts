/** Everything the server says, file by file as the grammar reads it. */
export * from "./acl.ts";
export type { AnnotationEntry } from "./annotation.ts";
export * from "./fetch.ts";
export { allFlags, flagList, flagsLine } from "./flags.ts";
export * from "./mailbox.ts";
export { metadataLine, metadataNamesLine } from "./metadata.ts";
export * from "./quota.ts";
export * from "./response_code.ts";
export * from "./search.ts";
export * from "./server.ts";
export { uidSet } from "./sets.ts";
export * from "./string.ts";
export * from "./vanished.ts";
export * from "./thread.ts";
export * from "./url_auth.ts";
export { dateTime } from "./date.ts";

/** QUOTA and QUOTAROOT responses, mirror of `grammar/quota.ts`: RFC 9208 §4.2. */
import type { Gather } from "../../bytes/gather.ts";
import { mailbox } from "./mailbox.ts";
import { astring, type EncodeMode } from "./string.ts";

/** quota-resource = resource-name SP resource-usage SP resource-limit */
export interface QuotaResource {
  readonly name: "STORAGE" | "MESSAGE" | "MAILBOX" | "ANNOTATION-STORAGE";
  readonly usage: number;
  readonly limit: number;
}

/** quota-response = "QUOTA" SP quota-root-name SP quota-list */
export function quotaLine(
  out: Gather,
  root: string,
  resources: readonly QuotaResource[],
  mode: EncodeMode,
): void {
  out.text("* QUOTA ");
  astring(out, root, mode);
  out.text(" (");
  resources.forEach(({ name, usage, limit }, i) => {
    out.text(i === 0 ? "" : " ").text(name).octet(0x20).number(usage).octet(0x20).number(limit);
  });
  out.text(")\r\n");
}

/** quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name) */
export function quotaRootLine(out: Gather, name: string, root: string, mode: EncodeMode): void {
  out.text("* QUOTAROOT ");
  mailbox(out, name, mode);
  out.octet(0x20);
  astring(out, root, mode);
  out.text("\r\n");
}

/** GETQUOTA, GETQUOTAROOT, SETQUOTA: RFC 9208 §7. */
import type { Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";
import { astring, atom, number64 } from "./string.ts";

/** getquota = "GETQUOTA" SP quota-root-name */
export function getQuota(c: Cursor): Command | undefined {
  const root = c.sp() ? astring(c) : undefined;
  return root === undefined ? undefined : { name: "GETQUOTA", root };
}

/** getquotaroot = "GETQUOTAROOT" SP mailbox */
export function getQuotaRoot(c: Cursor): Command | undefined {
  const box = c.sp() ? mailbox(c) : undefined;
  return box === undefined ? undefined : { name: "GETQUOTAROOT", mailbox: box };
}

/**
 * setquota = "SETQUOTA" SP quota-root-name SP setquota-list
 * setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")"
 * setquota-resource = resource-name SP resource-limit
 *
 * Nobody may set one here, so the limits are read and forgotten.
 */
export function setQuota(c: Cursor): Command | undefined {
  const root = c.sp() ? astring(c) : undefined;
  if (root === undefined || !c.sp() || !c.expect(0x28)) return undefined;
  if (c.peek() !== 0x29) {
    do {
      if (atom(c) === undefined || !c.sp() || number64(c) === undefined) return undefined;
    } while (c.take(0x20));
  }
  return c.expect(0x29) ? { name: "SETQUOTA", root } : undefined;
}

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
 * A resource that is named twice has what is said last.
 */
export function setQuota(c: Cursor): Command | undefined {
  const root = c.sp() ? astring(c) : undefined;
  if (root === undefined || !c.sp() || !c.expect(0x28)) return undefined;
  const limits = new Map<string, number>();
  if (c.peek() !== 0x29) {
    do {
      const resource = atom(c)?.toUpperCase();
      const limit = resource !== undefined && c.sp() ? number64(c) : undefined;
      if (resource === undefined || limit === undefined) return undefined;
      limits.set(resource, limit);
    } while (c.take(0x20));
  }
  return c.expect(0x29) ? { name: "SETQUOTA", root, limits } : undefined;
}

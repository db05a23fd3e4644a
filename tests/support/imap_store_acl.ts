/** Access control lists of the in-memory store. */
import { type AclEntry, type AllowedFlags, identifiersOf, rightsBy } from "../../src/core/acl.ts";
import type { Identity } from "../../src/core/auth.ts";
import type { AccountId } from "../../src/core/brands.ts";
import { done, type Outcome, refused } from "../../src/core/failure.ts";
import type { SharedMailbox } from "../../src/core/store.ts";
import { type Account, type Box, info } from "./imap_store_rows.ts";

/** What somebody has in a mailbox. */
export function rightsIn(box: Box | undefined, to: Identity): number {
  const mine = identifiersOf(to.address);
  return rightsBy((box?.acl ?? []).filter(({ identifier }) => mine.includes(identifier)));
}

/** A mailbox of another. */
export function shared(id: AccountId, of: Account, box: Box, to: Identity): SharedMailbox {
  const rights = rightsIn(box, to);
  return {
    ...info(of, box),
    subscribed: false,
    specialUse: undefined,
    account: id,
    owner: of.address,
    rights,
  };
}

/** Changes a list. */
export function changeAcl(
  box: Box,
  { identifier, rights }: AclEntry,
  op: "add" | "remove" | "replace",
  addresses: readonly string[],
): Outcome<void> {
  const before = box.acl.find((entry) => entry.identifier === identifier)?.rights ?? 0;
  const after = op === "add" ? before | rights : op === "remove" ? before & ~rights : rights;
  const address = identifier.replace(/^-/, "");
  if (after !== 0 && !address.startsWith("@") && !addresses.includes(address)) {
    return refused("NONEXISTENT", "No such account");
  }
  const kept = box.acl.filter((entry) => entry.identifier !== identifier);
  if (after !== 0) kept.push({ identifier, rights: after });
  const key = (entry: AclEntry) =>
    entry.identifier.replace(/^-/, "") + (entry.identifier[0] === "-" ? "1" : "0");
  box.acl = kept.sort((a, b) => key(a) < key(b) ? -1 : 1);
  return done(undefined);
}

/** The flags and keywords of one message that a copy keeps. */
export function keptBy(allowed: AllowedFlags, flags: number, names: readonly string[]) {
  return { flags: flags & allowed.flags, names: allowed.keywords ? names : [] };
}

/** SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS: RFC 4314 §7. */
import { parseRights } from "../../core/acl.ts";
import { saslprep } from "../../sasl/mod.ts";
import type { Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { mailbox } from "./mailbox.ts";
import { astring } from "./string.ts";

/** Characters of an identifier: more than any address has, with its dash. */
const IDENTIFIER = 512;

/** setacl = "SETACL" SP mailbox SP identifier SP mod-rights */
export function setAcl(c: Cursor): Command | undefined {
  const box = c.sp() ? mailbox(c) : undefined;
  if (box === undefined || !c.sp()) return undefined;
  const who = identifier(c);
  if (who === undefined || !c.sp()) return undefined;
  const mod = modRights(c);
  return mod && { name: "SETACL", mailbox: box, identifier: who.prepared, ...mod };
}

/** deleteacl = "DELETEACL" SP mailbox SP identifier */
export function deleteAcl(c: Cursor): Command | undefined {
  const box = c.sp() ? mailbox(c) : undefined;
  const who = box !== undefined && c.sp() ? identifier(c) : undefined;
  return who && { name: "DELETEACL", mailbox: box!, identifier: who.prepared };
}

/** listrights = "LISTRIGHTS" SP mailbox SP identifier */
export function listRights(c: Cursor): Command | undefined {
  const box = c.sp() ? mailbox(c) : undefined;
  const who = box !== undefined && c.sp() ? identifier(c) : undefined;
  return who && { name: "LISTRIGHTS", mailbox: box!, identifier: who.prepared, written: who.written };
}

/** getacl = "GETACL" SP mailbox; myrights the same. */
export function rightsOf(name: "GETACL" | "MYRIGHTS"): (c: Cursor) => Command | undefined {
  return (c) => {
    const box = c.sp() ? mailbox(c) : undefined;
    return box === undefined ? undefined : { name, mailbox: box };
  };
}

/** identifier = astring; prepared as RFC 4314 §3 wants it, and as the client wrote it. */
function identifier(c: Cursor): { readonly prepared: string; readonly written: string } | undefined {
  const written = astring(c);
  if (written === undefined) return undefined;
  const prepared = written.length > IDENTIFIER ? undefined : saslprep(written, "stored");
  return prepared === undefined || prepared === "-"
    ? c.fail("identifier", "Not the identifier of anybody")
    : { prepared, written };
}

/** mod-rights = astring; `+` adds, `-` removes, neither replaces. */
function modRights(
  c: Cursor,
): { readonly op: "add" | "remove" | "replace"; readonly rights: number } | undefined {
  const text = astring(c);
  if (text === undefined) return undefined;
  const op = text.startsWith("+") ? "add" : text.startsWith("-") ? "remove" : "replace";
  const rights = parseRights(op === "replace" ? text : text.slice(1));
  // RFC 4314 §3.1: no right is ignored that is not known.
  return rights === undefined ? c.fail("rights", "No such right") : { op, rights };
}

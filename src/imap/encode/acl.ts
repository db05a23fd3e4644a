/** ACL, LISTRIGHTS and MYRIGHTS responses, mirror of `grammar/acl.ts`: RFC 4314 §3.6 to §3.8. */
import type { Gather } from "../../bytes/gather.ts";
import { type AclEntry, Right, tellRights } from "../../core/acl.ts";
import { mailbox } from "./mailbox.ts";
import { astring, type EncodeMode, string } from "./string.ts";

/** acl-data = "ACL" SP mailbox *(SP identifier SP rights) */
export function aclLine(out: Gather, name: string, entries: readonly AclEntry[], mode: EncodeMode): void {
  out.text("* ACL ");
  mailbox(out, name, mode);
  for (const { identifier, rights } of entries) {
    out.octet(0x20);
    astring(out, identifier, mode);
    out.octet(0x20).text(tellRights(rights));
  }
  out.text("\r\n");
}

/** myrights-data = "MYRIGHTS" SP mailbox SP rights */
export function myRightsLine(out: Gather, name: string, rights: number, mode: EncodeMode): void {
  out.text("* MYRIGHTS ");
  mailbox(out, name, mode);
  out.octet(0x20).text(tellRights(rights) || '""').text("\r\n");
}

/**
 * listrights-data = "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
 *
 * `required`: what the identifier always has. No right is tied to another, so each of the others stands by itself,
 * with `c` and `d` among them (RFC 4314 §2.1.1).
 */
export function listRightsLine(
  out: Gather,
  name: string,
  identifier: string,
  required: number,
  mode: EncodeMode,
): void {
  out.text("* LISTRIGHTS ");
  mailbox(out, name, mode);
  out.octet(0x20);
  string(out, identifier, mode);
  out.octet(0x20).text(tellRights(required) || '""');
  let optional = 0;
  for (const right of Object.values(Right)) {
    if ((required & right) !== 0) continue;
    out.octet(0x20).text(tellRights(right)[0]!);
    optional |= right;
  }
  for (const letter of tellRights(optional)) {
    if (letter === "c" || letter === "d") out.octet(0x20).text(letter);
  }
  out.text("\r\n");
}

/** SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3). */
import { domainToUnicode } from "node:url";
import { type AclEntry, ALL_RIGHTS, ANY_RIGHT, Right } from "../../core/acl.ts";
import type { Command } from "../command.ts";
import { aclLine, listRightsLine, myRightsLine } from "../encode/mod.ts";
import { reach, type Reached } from "../reach.ts";
import { type Completion, type Context, failed, no, ok, seekerOf } from "./context.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** SETACL and DELETEACL. */
export async function setAcl(cx: Context, command: Named<"SETACL" | "DELETEACL">): Promise<Completion> {
  const found = await reach(seekerOf(cx), command.mailbox, Right.Administer);
  if (!found.ok) return failed(found.failure);
  const owner = ownerOf(cx, found.value);
  const identifier = canonical(command.identifier, owner);
  const change = command.name === "SETACL" ? command : { op: "replace", rights: 0 } as const;
  if (identifier.replace(/^-/, "") === owner) {
    // What the owner has cannot be taken away, so a list that says so is true already.
    const isSo = identifier === owner && command.name === "SETACL" &&
      (change.op === "add" || change.op === "replace" && change.rights === ALL_RIGHTS);
    return isSo ? ok("SETACL completed") : no("The owner has all rights", { code: "CANNOT" });
  }
  const { account, id } = found.value;
  const set = await cx.services.store.setAcl(
    account,
    id,
    { identifier, rights: change.rights },
    change.op,
  );
  return set.ok ? ok(`${command.name} completed`) : failed(set.failure);
}

/** GETACL: the owner first. */
export async function getAcl(cx: Context, command: Named<"GETACL" | "MYRIGHTS">): Promise<Completion> {
  const found = await reach(seekerOf(cx), command.mailbox, Right.Administer);
  if (!found.ok) return failed(found.failure);
  const entries = await cx.services.store.acl(found.value.account, found.value.id);
  const owner = { identifier: ownerOf(cx, found.value), rights: ALL_RIGHTS };
  aclLine(cx.out.gather, found.value.name, [owner, ...entries.map(told)], cx.session.mode);
  return ok("GETACL completed");
}

/** LISTRIGHTS: the owner always has everything, others may be given each right. */
export async function listRights(cx: Context, command: Named<"LISTRIGHTS">): Promise<Completion> {
  const found = await reach(seekerOf(cx), command.mailbox, Right.Administer);
  if (!found.ok) return failed(found.failure);
  const owner = ownerOf(cx, found.value);
  const required = canonical(command.identifier, owner) === owner ? ALL_RIGHTS : 0;
  listRightsLine(cx.out.gather, found.value.name, command.written, required, cx.session.mode);
  return ok("LISTRIGHTS completed");
}

/** MYRIGHTS. */
export async function myRights(cx: Context, command: Named<"GETACL" | "MYRIGHTS">): Promise<Completion> {
  const found = await reach(seekerOf(cx), command.mailbox, 0);
  if (!found.ok) return failed(found.failure);
  const { name, rights } = found.value;
  if ((rights & ANY_RIGHT) === 0) return no("No such mailbox", { code: "NONEXISTENT" });
  myRightsLine(cx.out.gather, name, rights, cx.session.mode);
  return ok("MYRIGHTS completed");
}

function ownerOf(cx: Context, { owner }: Reached): string {
  return owner ?? cx.session.identity!.address;
}

/** `anyone` (RFC 4314 §2): everybody in the owner's domain, so that one domain's mailboxes do not fill another's. */
const ANYONE = "anyone";

/** An identifier as lists keep it: an address in the directory's form, the domain for `anyone`. */
function canonical(identifier: string, owner: string): string {
  const dash = identifier.startsWith("-") ? "-" : "";
  const name = identifier.slice(dash.length);
  if (name === ANYONE) return dash + owner.slice(owner.lastIndexOf("@"));
  const at = name.lastIndexOf("@");
  // Without a domain, one of the owner's.
  if (at < 1) return `${dash}${lower(name.replaceAll("@", ""))}${owner.slice(owner.lastIndexOf("@"))}`;
  const domain = lower(name.slice(at + 1)).replace(/\.$/, "");
  return `${dash}${lower(name.slice(0, at))}@${domain.includes("xn--") ? domainToUnicode(domain) : domain}`;
}

function lower(text: string): string {
  return text.toLowerCase().normalize("NFC");
}

function told({ identifier, rights }: AclEntry): AclEntry {
  return { identifier: identifier.replace(/^(-?)@.*$/, `$1${ANYONE}`), rights };
}

/** `mail acl …`: who may do what in whose mailboxes (RFC 4314). */
import { Command } from "commander";
import { type AclEntry, formatRights, parseRights } from "../core/acl.ts";
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused, syntax } from "../core/failure.ts";
import type { MailboxInfo } from "../core/store.ts";
import { type FoundAccount, parseAddress } from "../directory/mod.ts";
import { withMailStore } from "../node/mailstore.ts";
import type { Finish } from "./mail.ts";
import { table } from "./output.ts";
import { verb, type VerbContext } from "./verb.ts";

/** One entry of one list, as the command tells it. */
interface AclRow {
  readonly mailbox: string;
  readonly identifier: string;
  readonly rights: string;
}

/** `mail acl`. */
export function aclCommand(finish: Finish): Command {
  const acl = new Command("acl").description(
    "who may do what in whose mailboxes; a domain stands for its shared ones. Identifiers: an address, anyone " +
      "(everybody in the owner's domain), -address (takes rights away; put -- before it)",
  );
  verb(
    acl.command("list").argument("<owner>").argument("[mailbox]").description(
      "the lists of an account's mailboxes",
    ),
    finish,
    list,
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "Nobody else has rights there" : table(
        ["mailbox", "identifier", "rights"],
        rows.map(({ mailbox, identifier, rights }) => [mailbox, identifier, rights]),
      ),
    }),
  );
  verb(
    acl.command("set").argument("<owner>").argument("<mailbox>").argument("<identifier>").argument("<rights>")
      .description(
        "give rights, by their letters of RFC 4314 (lrswipkxtea); +rights adds to those that are there",
      ),
    finish,
    (context) => {
      const text: string = context.args[3];
      return change(context, text.startsWith("+") ? "add" : "replace", text.replace(/^\+/, ""));
    },
    told,
  );
  verb(
    acl.command("remove").argument("<owner>").argument("<mailbox>").argument("<identifier>").argument(
      "[rights]",
    )
      .description("take rights back; all of them when none are named"),
    finish,
    (context) => {
      const text: string | undefined = context.args[3];
      return change(context, text === undefined ? "replace" : "remove", text ?? "");
    },
    told,
  );
  return acl;
}

function told(rows: readonly AclRow[]) {
  const text = rows.map(({ identifier, rights }) => `${identifier} ${rights}`).join("\n");
  return { json: rows, text: rows.length === 0 ? "nobody else has rights there" : text };
}

async function list(context: VerbContext): Promise<Outcome<readonly AclRow[]>> {
  const { admin, args, config } = context;
  const owner = await admin.shared.owner(args[0]);
  if (!owner.ok) return owner;
  const account = owner.value.id as AccountId;
  return await withMailStore(context, config, async (store) => {
    const mailboxes = await store.mailboxes(account);
    const asked = args[1] === undefined ? mailboxes : mailboxes.filter(({ name }) => name === args[1]);
    if (asked.length === 0) return noMailbox(owner.value, args[1]);
    const rows: AclRow[] = [];
    for (const mailbox of asked) rows.push(...rowsOf(mailbox, await store.acl(account, mailbox.id)));
    return done(rows);
  });
}

async function change(
  context: VerbContext,
  op: "add" | "remove" | "replace",
  letters: string,
): Promise<Outcome<readonly AclRow[]>> {
  const { admin, args, config } = context;
  const owner = await admin.shared.owner(args[0]);
  if (!owner.ok) return owner;
  const rights = parseRights(letters);
  if (rights === undefined) return syntax(`"${letters}" holds a letter that is no right: use lrswipkxtea`);
  const identifier = identifierOf(args[2], owner.value);
  if (!identifier.ok) return identifier;
  const account = owner.value.id as AccountId;
  return await withMailStore(context, config, async (store) => {
    const mailbox = await store.mailbox(account, args[1]);
    if (mailbox === undefined) return noMailbox(owner.value, args[1]);
    const set = await store.setAcl(account, mailbox.id, { identifier: identifier.value, rights }, op);
    if (!set.ok) {
      const isUnknown = set.failure.kind === "refused" && set.failure.code === "NONEXISTENT";
      return isUnknown ? refused("NONEXISTENT", `There is no account ${args[2].replace(/^-/, "")}`) : set;
    }
    return done(rowsOf(mailbox, await store.acl(account, mailbox.id)));
  });
}

/** An identifier as lists keep it. */
function identifierOf(text: string, owner: FoundAccount): Outcome<string> {
  const dash = text.startsWith("-") ? "-" : "";
  const name = text.slice(dash.length);
  if (name === "anyone") return done(`${dash}@${owner.address.domain}`);
  const address = parseAddress(name);
  if (!address.ok) return address;
  const { local, domain } = address.value;
  if (local === owner.address.local && domain === owner.address.domain) {
    return refused("CANNOT", "The owner has all rights in any case");
  }
  return done(`${dash}${local}@${domain}`);
}

function rowsOf({ name }: MailboxInfo, entries: readonly AclEntry[]): readonly AclRow[] {
  return entries.map(({ identifier, rights }) => ({
    mailbox: name,
    identifier: identifier.replace(/^(-?)@.*$/, "$1anyone"),
    rights: formatRights(rights),
  }));
}

function noMailbox(owner: FoundAccount, name: string): ReturnType<typeof refused> {
  return refused("NONEXISTENT", `${owner.name} has no mailbox ${name}`);
}

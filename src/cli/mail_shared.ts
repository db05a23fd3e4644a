/** `mail shared …`: mailboxes of a domain that belong to nobody. */
import { Command } from "commander";
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome } from "../core/failure.ts";
import { parseDomain } from "../directory/mod.ts";
import { withMailStore } from "../node/mailstore.ts";
import type { Finish } from "./mail.ts";
import { octets, table } from "./output.ts";
import { verb, type VerbContext } from "./verb.ts";

/** A mailbox in a list. */
interface SharedRow {
  readonly domain: string;
  readonly mailbox: string;
  readonly messages: number;
  readonly octets: number;
}

/** `mail shared`. */
export function sharedCommand(finish: Finish): Command {
  const shared = new Command("shared").description(
    "mailboxes of a domain that belong to nobody; IMAP shows them as #shared/… to whom mail acl lets see them",
  );
  verb(
    shared.command("add").argument("<domain>").argument("<mailbox>").description("make one, and its parents"),
    finish,
    add,
    (row) => ({
      json: row,
      text: `made ${row.mailbox}; nobody sees it yet: mail acl set ${row.domain} ${row.mailbox} anyone lr`,
    }),
  );
  verb(
    shared.command("list").argument("[domain]").description("all of them, or those of a domain"),
    finish,
    list,
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "There is none" : table(
        ["domain", "mailbox", "messages", "size"],
        rows.map((row) => [row.domain, row.mailbox, row.messages, octets(row.octets)]),
      ),
    }),
  );
  verb(
    shared.command("remove").argument("<domain>").argument("<mailbox>").description(
      "remove one with its messages",
    ),
    finish,
    remove,
    () => ({ json: {}, text: "removed" }),
  );
  return shared;
}

async function add(context: VerbContext) {
  const { admin, args, config } = context;
  const owner = await admin.shared.findOrMake(args[0]);
  if (!owner.ok) return owner;
  const { id, address } = owner.value;
  return await withMailStore(context, config, async (store) => {
    const made = await store.createMailbox(id as AccountId, args[1]);
    return made.ok ? done({ domain: address.domain, mailbox: made.value.name }) : made;
  });
}

async function list(context: VerbContext): Promise<Outcome<readonly SharedRow[]>> {
  const { admin, args, config } = context;
  const domain = args[0] === undefined ? undefined : parseDomain(args[0]);
  if (domain !== undefined && !domain.ok) return domain;
  const owners = await admin.shared.domains();
  return await withMailStore(context, config, async (store) => {
    const rows: SharedRow[] = [];
    for (const { id, address } of owners) {
      if (domain !== undefined && address.domain !== domain.value) continue;
      for (const { name, messages, octets } of await store.mailboxes(id as AccountId)) {
        if (name !== "INBOX") rows.push({ domain: address.domain, mailbox: name, messages, octets });
      }
    }
    return done(rows);
  });
}

async function remove(context: VerbContext): Promise<Outcome<void>> {
  const { admin, args, config } = context;
  const owner = await admin.shared.find(args[0]);
  if (!owner.ok) return owner;
  const { id } = owner.value;
  return await withMailStore(context, config, (store) => store.deleteMailbox(id as AccountId, args[1]));
}

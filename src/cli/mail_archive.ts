/** `mail import` and `mail export`. */
import { Command } from "commander";
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused, syntax } from "../core/failure.ts";
import { findAccount } from "../directory/mod.ts";
import { type Exported, exportMaildir, exportMbox } from "../node/export_mail.ts";
import { type Imported, importMaildir, importMbox } from "../node/import_mail.ts";
import { withMailStore } from "../node/mailstore.ts";
import type { Store } from "../store/mod.ts";
import type { Finish } from "./mail.ts";
import { verb, type VerbContext } from "./verb.ts";

const IMPORT = { maildir: importMaildir, mbox: importMbox } as const;
const EXPORT = { maildir: exportMaildir, mbox: exportMbox } as const;

interface Place {
  readonly store: Store;
  readonly account: AccountId;
  readonly mailbox: string | undefined;
}

/** `mail import`. */
export function importCommand(finish: Finish): Command {
  const command = new Command("import").description(
    "bring mail of another server or program into an account",
  );
  for (const kind of ["maildir", "mbox"] as const) {
    verb(
      command.command(kind).argument("<path>")
        .description(
          kind === "maildir"
            ? "a Maildir with its folders; flags, keywords and dates are kept"
            : "a mbox file, or a folder of them; flags of Status fields and dates are kept",
        )
        .requiredOption("--to <user@domain[/mailbox]>", "the account, and the mailbox to put it into"),
      finish,
      (context) => at(context, "to", (place) => imported(IMPORT[kind], context.args[0], place)),
      ({ messages, mailboxes }) => ({
        json: { messages, mailboxes },
        text: `imported ${messages} messages into ${mailboxes.join(", ") || "nothing"}`,
      }),
    );
  }
  return command;
}

/** `mail export`. */
export function exportCommand(finish: Finish): Command {
  const command = new Command("export").description("write an account's mail into files");
  for (const kind of ["maildir", "mbox"] as const) {
    verb(
      command.command(kind).argument("<path>")
        .description(
          kind === "maildir"
            ? "into a new Maildir with folders; flags, keywords and dates are kept"
            : "into a new folder, one mbox a mailbox; dates are kept, flags are not",
        )
        .requiredOption(
          "--from <user@domain[/mailbox]>",
          "the account, or one of its mailboxes and those below it",
        ),
      finish,
      (context) =>
        at(context, "from", async (place) => done<Exported>(await EXPORT[kind](context.args[0], place))),
      ({ messages, mailboxes }) => ({
        json: { messages, mailboxes },
        text: `exported ${messages} messages of ${mailboxes.join(", ")}`,
      }),
    );
  }
  return command;
}

/** What could not be imported is said, and is exit 1; the rest was. */
async function imported(
  from: (path: string, place: Place) => Promise<Imported>,
  path: string,
  place: Place,
): Promise<Outcome<Imported>> {
  const result = await from(path, place);
  if (result.problems.length === 0) return done(result);
  return refused("CANNOT", [`Imported ${result.messages} messages, but:`, ...result.problems].join("\n"));
}

/** Finds `user@domain[/mailbox]`, of an option, and opens the store. */
async function at<T>(
  context: VerbContext,
  option: string,
  work: (place: Place) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const text = String(context.options[option]);
  // A local part may hold a slash: the mailbox begins behind the domain.
  const sign = text.indexOf("@"), slash = text.indexOf("/", sign);
  if (sign < 0) {
    return syntax(`Write user@domain or user@domain/mailbox rather than ${text}`);
  }
  const found = await findAccount(context.database, slash < 0 ? text : text.slice(0, slash));
  if (!found.ok) return found;
  const mailbox = slash < 0 ? undefined : text.slice(slash + 1).normalize("NFC");
  return await withMailStore(
    context,
    context.config,
    (store) =>
      work({ store, account: found.value.id as AccountId, mailbox: mailbox === "" ? undefined : mailbox }),
  );
}

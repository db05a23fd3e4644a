/** `mail referral …`: what is on other servers (RFC 2193, RFC 2221). */
import { Command } from "commander";
import { type Outcome, refused } from "../core/failure.ts";
import { canonicalName } from "../imap/mod.ts";
import type { Finish } from "./mail.ts";
import { table } from "./output.ts";
import { verb } from "./verb.ts";

/** `mail referral`. */
export function referralCommand(finish: Finish): Command {
  const referral = new Command("referral").description(
    "send IMAP clients to the servers that have their mail",
  );
  verb(
    referral.command("set").argument("<address>").argument("<server>", "name or name:port").description(
      "an account whose mailboxes are all on another server",
    ),
    finish,
    async ({ admin, args, config }) =>
      notHere(args[1], config.hostname) ?? await admin.referrals.setAccount(args[0], args[1]),
    (row) => ({ json: row, text: `${row.address} is sent to ${row.server}` }),
  );
  verb(
    referral.command("mailbox").argument("<address>").argument("<mailbox>").argument("<server>").argument(
      "[remote-name]",
      "its name there, if it is another one",
    ).description("a mailbox that is on another server, with what is below it"),
    finish,
    async ({ admin, args, config }) => {
      const name = canonicalName(args[1]), remote = canonicalName(args[3] ?? args[1]);
      if (name === undefined || remote === undefined) return refused("CANNOT", "That is no mailbox's name");
      return notHere(args[2], config.hostname) ??
        await admin.referrals.setMailbox(args[0], name, args[2], remote);
    },
    (row) => ({
      json: row,
      text: `${row.mailbox} of ${row.address} is ${row.remoteMailbox} on ${row.server}`,
    }),
  );
  verb(
    referral.command("list").argument("[address]").description(
      "what is elsewhere, of all accounts or of one",
    ),
    finish,
    ({ admin, args }) => admin.referrals.list(args[0]),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "Nothing is elsewhere" : table(
        ["address", "mailbox", "server", "name there"],
        rows.map((
          row,
        ) => [row.address, row.mailbox === "" ? "(all)" : row.mailbox, row.server, row.remoteMailbox]),
      ),
    }),
  );
  verb(
    referral.command("remove").argument("<address>").argument("[mailbox]").description(
      "take one back; without a mailbox that of the account",
    ),
    finish,
    ({ admin, args }) => admin.referrals.remove(args[0], args[1]),
    () => ({ json: {}, text: "removed" }),
  );
  return referral;
}

/** RFC 2193 §3: referrals must not go round in circles. */
function notHere(server: string, hostname: string): (Outcome<never> & { readonly ok: false }) | undefined {
  return server.replace(/:.*$/, "").toLowerCase() === hostname.toLowerCase()
    ? refused("CANNOT", `${server} is this server`)
    : undefined;
}

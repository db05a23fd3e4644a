/** `mail domain …` and `mail alias …`. */
import { Command } from "commander";
import { done } from "../core/failure.ts";
import type { Finish } from "./mail.ts";
import { addDkimVerb } from "./mail_dkim.ts";
import { octets, table } from "./output.ts";
import { quotaOf, withQuotaOptions } from "./quota.ts";
import { verb } from "./verb.ts";

/** `mail domain`. */
export function domainCommand(finish: Finish): Command {
  const domain = new Command("domain").description("domains whose mail is ours");
  verb(
    withQuotaOptions(domain.command("add").argument("<domain>").description("take mail for a domain"))
      .option(
        "--alias-of <domain>",
        "as another name for a domain that is there: its addresses are that one's",
      ),
    finish,
    async ({ admin, args, options }) => {
      const added = await admin.domains.add(args[0], quotaOf(options), options["aliasOf"]);
      const keys = added.ok ? await admin.dkim.ensure(added.value.name) : added;
      return keys.ok ? added : keys;
    },
    ({ name, aliasOf }) => ({
      json: aliasOf === undefined ? { domain: name } : { domain: name, aliasOf },
      text: aliasOf === undefined ? `added ${name}` : `added ${name}, another name for ${aliasOf}`,
    }),
  );
  verb(
    domain.command("list").description("all domains"),
    finish,
    async ({ admin }) => done(await admin.domains.list()),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "There is no domain yet: mail domain add example.test" : table(
        ["domain", "accounts", "aliases", "quota", "alias of"],
        rows.map((row) => [
          row.name,
          row.accounts,
          row.aliases,
          row.quota.octets === undefined ? "-" : octets(row.quota.octets),
          row.aliasOf ?? "-",
        ]),
      ),
    }),
  );
  verb(
    withQuotaOptions(
      domain.command("quota").argument("<domain>").description(
        "limit the sum over its accounts; without options: no limit",
      ),
    ),
    finish,
    ({ admin, args, options }) => admin.domains.setQuota(args[0], quotaOf(options)),
    () => ({ json: {}, text: "done" }),
  );
  verb(
    domain.command("remove").argument("<domain>").description(
      "take no more mail for a domain; it must be empty",
    ),
    finish,
    ({ admin, args }) => admin.domains.remove(args[0]),
    () => ({ json: {}, text: "removed" }),
  );
  addDkimVerb(domain, finish);
  return domain;
}

/** `mail alias`. */
export function aliasCommand(finish: Finish): Command {
  const alias = new Command("alias").description(
    "addresses that lead to others; @domain catches what nobody has",
  );
  verb(
    alias.command("add").argument("<from>").argument("<to...>").description(
      "make an alias, or add targets to it",
    ),
    finish,
    ({ admin, args }) => admin.aliases.add(args[0], args[1]),
    (row) => ({ json: row, text: `${row.from} leads to ${row.targets.join(", ")}` }),
  );
  verb(
    alias.command("list").argument("[domain]").description("all aliases, or those of a domain"),
    finish,
    async ({ admin, args }) => done(await admin.aliases.list(args[0])),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "There is no alias" : table(
        ["from", "to"],
        rows.map((row) => [row.from, row.targets.join(" ")]),
      ),
    }),
  );
  verb(
    alias.command("remove").argument("<from>").description("remove an alias"),
    finish,
    ({ admin, args }) => admin.aliases.remove(args[0]),
    () => ({ json: {}, text: "removed" }),
  );
  return alias;
}

/** `mail domain dkim`: the keys that sign a domain's mail. */
import type { Command } from "commander";
import type { DkimRow } from "../directory/mod.ts";
import type { Finish } from "./mail.ts";
import type { Answer } from "./output.ts";
import { verb } from "./verb.ts";

/** Adds `dkim` to `mail domain`. */
export function addDkimVerb(domain: Command, finish: Finish): void {
  verb(
    domain.command("dkim").argument("<domain>").description(
      "show the DNS records of the keys that sign its mail; makes the keys where there are none",
    )
      .option("--new", "make new keys, which sign from --use on")
      .option("--use", "sign with the new keys, whose records are published by now")
      .option("--remove-old", "remove keys that sign no more"),
    finish,
    ({ admin, args, options }) => {
      const [name] = args;
      if (options["new"] === true) return admin.dkim.prepare(name);
      if (options["use"] === true) return admin.dkim.use(name);
      if (options["removeOld"] === true) return admin.dkim.removeRetired(name);
      return admin.dkim.ensure(name);
    },
    dkimAnswer,
  );
}

/** The records as a zone file has them. */
export function dkimAnswer(rows: readonly DkimRow[]): Answer {
  const text = rows.map(({ name, text, state }) => `; ${state}\n${name}. IN TXT ${strings(text)}`);
  return { json: rows, text: text.join("\n") };
}

/** Strings of at most 255 octets (RFC 1035 §3.3), as one record. */
function strings(text: string): string {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += 255) pieces.push(`"${text.slice(at, at + 255)}"`);
  return pieces.length === 1 ? pieces[0]! : `( ${pieces.join(" ")} )`;
}

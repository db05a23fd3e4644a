/** `mail check`. */
import { Command } from "commander";
import { done } from "../core/failure.ts";
import { type Breach, checkTables, RULE_NAMES } from "../store/pg/check.ts";
import { isUnbound } from "../store/pg/roles.ts";
import { EXIT } from "./exit.ts";
import type { Finish } from "./mail.ts";
import { verb } from "./verb.ts";

/** Nothing is wrong with the mail then, but a fence is missing. */
const OWNER_SERVES = "the role that serves mail may change the schema, or read past its policies: " +
  "name the owner in database.owner_url, and in database.url a role that may only log in";

/** `mail check [--repair]`: reads everything, and says what is not as it must be. Exit 1 when something is left wrong. */
export function checkCommand(finish: Finish): Command {
  let left = 0;
  const ended: Finish = (code) => finish(code === EXIT.done && left > 0 ? EXIT.refused : code);
  return verb(
    new Command("check")
      .description("is everything in the database as it must be; reads all of it, changes nothing")
      .option("--repair", "make derived data (counters, sums, left-overs) right again"),
    ended,
    async ({ database, options }) => {
      const breaches = await checkTables(database, options["repair"] === true);
      left = breaches.filter(({ repaired }) => !repaired).length;
      return done({ breaches, warnings: await isUnbound(database) ? [OWNER_SERVES] : [] });
    },
    ({ breaches, warnings }) => ({
      json: { rules: RULE_NAMES.length, breaches, warnings },
      text: [text(breaches), ...warnings.map((warning) => `warning: ${warning}`)].join("\n"),
    }),
  );
}

function text(breaches: readonly Breach[]): string {
  if (breaches.length === 0) return `${RULE_NAMES.length} rules hold`;
  return breaches.map(({ rule, count, examples, repaired }) =>
    [
      `${repaired ? "repaired" : "WRONG"}: ${rule} (${count} ${count === 1 ? "breach" : "breaches"})`,
      ...examples.map((example) => `  ${JSON.stringify(example)}`),
    ].join("\n")
  ).join("\n");
}

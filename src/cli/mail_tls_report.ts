/** `mail tls-report`: how TLS went with the hosts of others (RFC 8460). */
import { Command } from "commander";
import { done, syntax } from "../core/failure.ts";
import { asciiDomain } from "../queue/patterns.ts";
import { PgReports } from "../trust/pg.ts";
import { reportJson } from "../trust/tls_report.ts";
import type { Finish } from "./mail.ts";
import { table } from "./output.ts";
import { verb } from "./verb.ts";

/** The whole of `mail tls-report`. */
export function tlsReportCommand(finish: Finish): Command {
  const report = new Command("tls-report").description("how TLS went with the mail hosts of other domains");
  verb(
    report.command("show").argument("[day]", "2026-11-28; yesterday when left out")
      .description("a day's sessions; with --json a report as RFC 8460 has it, for each domain")
      .option("--domain <domain>", "of that domain only"),
    finish,
    async ({ database, args, options, config }) => {
      const day: string = args[0] ?? new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
      if (!isDay(day)) return syntax(`${day} is not a day: write it like 2026-11-28`);
      const domain = options["domain"] === undefined ? undefined : asciiDomain(options["domain"]);
      const rows = await new PgReports(database).day(day, domain);
      return done({ day, rows, organization: config.hostname });
    },
    ({ day, rows, organization }) => ({
      json: [...Map.groupBy(rows, (row) => row.domain)].map(([domain, all]) =>
        reportJson(all, { day, domain, organization, contact: `postmaster@${organization}` })
      ),
      text: rows.length === 0 ? `There was no session with TLS on ${day}` : table(
        ["domain", "policy", "result", "host", "sessions"],
        rows.map((
          row,
        ) => [row.domain, row.policyType, row.result, row.host === "" ? "-" : row.host, row.sessions]),
      ),
    }),
  );
  return report;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

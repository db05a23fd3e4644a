/** `deno task mail <noun> <verb>`: administration. */
import { Command } from "commander";
import { aclCommand } from "./mail_acl.ts";
import { accountCommand, appPasswordCommand } from "./mail_account.ts";
import { exportCommand, importCommand } from "./mail_archive.ts";
import { checkCommand } from "./mail_check.ts";
import { configCommand } from "./mail_config.ts";
import { aliasCommand, domainCommand } from "./mail_domain.ts";
import { queueCommand, suppressionCommand } from "./mail_queue.ts";
import { filterCommand } from "./mail_filter.ts";
import { referralCommand } from "./mail_referral.ts";
import { sharedCommand } from "./mail_shared.ts";
import { statusCommand } from "./mail_status.ts";
import { traceCommand } from "./mail_trace.ts";
import { tlsReportCommand } from "./mail_tls_report.ts";

/** Takes the exit code of the command that ran. */
export type Finish = (code: number) => void;

/** The whole of `mail`. */
export function mailCommand(finish: Finish): Command {
  return new Command("mail")
    .description("administration; works whether or not the server runs")
    .addCommand(domainCommand(finish))
    .addCommand(accountCommand(finish))
    .addCommand(appPasswordCommand(finish))
    .addCommand(aliasCommand(finish))
    .addCommand(filterCommand(finish))
    .addCommand(aclCommand(finish))
    .addCommand(sharedCommand(finish))
    .addCommand(referralCommand(finish))
    .addCommand(importCommand(finish))
    .addCommand(exportCommand(finish))
    .addCommand(queueCommand(finish))
    .addCommand(suppressionCommand(finish))
    .addCommand(traceCommand(finish))
    .addCommand(statusCommand(finish))
    .addCommand(tlsReportCommand(finish))
    .addCommand(checkCommand(finish))
    .addCommand(configCommand(finish))
    // `mail --set … domain list`: the options may also stand before the noun.
    .option("--config <file>", "see the commands")
    .option("--set <key=value>", "see the commands", (value: string, all: string[]) => [...all, value], []);
}

/** `--quota` and `--quota-messages`. */
import { type Command, InvalidArgumentError } from "commander";
import { parseQuota, type Quota } from "../directory/mod.ts";

/** Adds the options to a command. */
export function withQuotaOptions(command: Command): Command {
  return command
    .option("--quota <size>", "e.g. 500M or 2G", (text) => {
      const size = parseQuota(text);
      if (!size.ok) throw new InvalidArgumentError(size.failure.text);
      return size.value;
    })
    .option("--quota-messages <number>", "of messages", (text) => {
      if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError("write a number");
      return Number(text) || undefined;
    });
}

/** What the options say. */
export function quotaOf(options: Readonly<Record<string, any>>): Quota {
  return { octets: options["quota"], messages: options["quotaMessages"] };
}

/** The options that `main.ts` and `compare.ts` have in common. */
import { Command } from "commander";
import type { Load } from "./load.ts";
import { ROWS } from "./rows/mod.ts";

/** A command with them. */
export function loadCommand(name: string, description: string): Command {
  return new Command(name)
    .description(
      `${description}\n\nRows: ${ROWS.map(({ name }) => name).join(", ")}; all when none is named.`,
    )
    .option("--connections <n>", "connections that write mail", "64")
    .option("--readers <n>", "connections that read mail, each with a mailbox of its own", "8")
    .option("--seconds <n>", "of each row that can go on for ever", "5")
    .option("--messages <n>", "in each mailbox that is read", "2500")
    .option("--accounts <n>", "that the load is spread over", "10")
    .option("--idle <n>", "idle connections that are weighed beside 1000 others", "4000")
    .option("--workers <n>", "of a server that this starts");
}

/** How much load the options ask for. */
export function loadOf(options: Readonly<Record<string, string>>): Omit<Load, "target"> {
  const number = (name: string) => Number(options[name]);
  return {
    connections: number("connections"),
    readers: Math.min(number("readers"), number("accounts")),
    seconds: number("seconds"),
    messages: number("messages"),
    accounts: number("accounts"),
    idle: number("idle"),
  };
}

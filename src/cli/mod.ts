/** The command line: `serve`, `mail …`, `migrate`. */
import { Command, CommanderError } from "commander";
import { VERSION } from "../core/version.ts";
import { EXIT } from "./exit.ts";
import { mailCommand } from "./mail.ts";
import { migrate } from "./migrate.ts";
import { serve } from "./serve.ts";
import { sourceOf, withConfigOptions } from "./source.ts";

/** Runs a command; resolves with the exit code: 0 done, 1 refused, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const program = new Command("malleposte").version(VERSION).exitOverride();
  withConfigOptions(program.command("serve"))
    .description("run the server in the foreground until SIGTERM or Ctrl-C")
    .action(async (options) => void (code = await serve(sourceOf(options))));
  withConfigOptions(program.command("migrate"))
    .description("bring the database schema up to date, and say what was done")
    .action(async (options) => void (code = await migrate(sourceOf(options))));
  program.addCommand(mailCommand((result) => code = result));
  for (const command of allCommands(program)) command.exitOverride().showSuggestionAfterError();
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // It has said what is wrong, or shown the help that was asked for.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

function allCommands(command: Command): Command[] {
  return command.commands.flatMap((sub) => [sub, ...allCommands(sub)]);
}

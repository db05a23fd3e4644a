/** What all verbs of `mail` share: options, a database to work on, an answer in two forms. */
import type { Command } from "commander";
import { type Config, type ConfigSource, loadConfig } from "../config/mod.ts";
import { silent } from "../core/events.ts";
import type { Outcome } from "../core/failure.ts";
import { type AdminContext, withDatabase } from "../node/admin.ts";
import { guarded } from "./guarded.ts";
import type { Finish } from "./mail.ts";
import { type Answer, show } from "./output.ts";
import { sourceOf, withConfigOptions } from "./source.ts";

/** What a verb's work is given. */
export interface VerbContext extends AdminContext {
  readonly args: readonly any[];
  readonly options: Readonly<Record<string, any>>;
  readonly config: Config;
}

/** Completes a verb: reads the configuration, opens the database, does the work, prints the answer. */
export function verb<T>(
  command: Command,
  finish: Finish,
  work: (context: VerbContext) => Promise<Outcome<T>>,
  answer: (value: T) => Answer,
): Command {
  withConfigOptions(command).option("--json", "answer as JSON");
  return command.action(async () => {
    const options = command.optsWithGlobals();
    finish(
      await guarded(async () => {
        const config = loadConfig(mergedSource(command));
        return await withDatabase(config, silent, async (context) => {
          const outcome = await work({ ...context, config, options, args: command.processedArgs });
          return show(outcome, options["json"] === true, answer);
        });
      }),
    );
  });
}

/** `--config` and `--set` of the verb and of the words before it, in the order in which they stand. */
export function mergedSource(command: Command): ConfigSource {
  const sources: ConfigSource[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) sources.unshift(sourceOf(at.opts()));
  return {
    file: sources.findLast(({ file }) => file !== undefined)?.file,
    set: sources.flatMap(({ set }) => set),
  };
}

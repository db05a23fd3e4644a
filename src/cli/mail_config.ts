/** `mail config check|print`. */
import { Command } from "commander";
import { loadConfig, writtenForm } from "../config/mod.ts";
import { stringify } from "yaml";
import { EXIT } from "./exit.ts";
import { guarded } from "./guarded.ts";
import type { Finish } from "./mail.ts";
import { print } from "./output.ts";
import { withConfigOptions } from "./source.ts";
import { mergedSource } from "./verb.ts";

/** `mail config`. */
export function configCommand(finish: Finish): Command {
  const config = new Command("config").description("the configuration");
  const check = withConfigOptions(config.command("check")).option("--json", "answer as JSON")
    .description("say what is wrong in it, with line and column")
    .action(async () =>
      finish(
        await guarded(() => {
          loadConfig(mergedSource(check));
          print({ json: { ok: true }, text: "the configuration is right" }, check.opts()["json"] === true);
          return Promise.resolve(EXIT.done);
        }),
      )
    );
  const show = withConfigOptions(config.command("print")).option("--json", "answer as JSON")
    .description("all keys with the values in force")
    .action(async () =>
      finish(
        await guarded(() => {
          const value = writtenForm(loadConfig(mergedSource(show)));
          print(
            { json: value, text: stringify(value, { lineWidth: 0 }).trimEnd() },
            show.opts()["json"] === true,
          );
          return Promise.resolve(EXIT.done);
        }),
      )
    );
  return config;
}

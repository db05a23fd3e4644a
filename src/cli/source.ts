/** `--config` and `--set`, the same on every command. */
import type { Command } from "commander";
import type { ConfigSource } from "../config/mod.ts";

/** Adds the options to a command. */
export function withConfigOptions(command: Command): Command {
  return command
    .option("--config <file>", "YAML configuration; the built-in development configuration when left out")
    .option(
      "--set <key=value>",
      "one key of it, e.g. --set listeners.imap.address=127.0.0.1:143; may be repeated",
      gather,
      [],
    );
}

function gather(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** What the options say. */
export function sourceOf(
  options: { readonly config?: string; readonly set?: readonly string[] },
): ConfigSource {
  return { file: options.config, set: options.set ?? [] };
}

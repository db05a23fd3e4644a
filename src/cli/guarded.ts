/** What commands do about errors: one sentence on stderr and an exit code, never a stack. */
import { ConfigError } from "../config/mod.ts";
import { HashBusy } from "../directory/mod.ts";
import { EXIT } from "./exit.ts";

/** Runs a command's work. */
export async function guarded(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(error.message);
      return EXIT.usage;
    }
    if (error instanceof HashBusy) console.error("Too many passwords are being checked just now: try again");
    else console.error(error instanceof Error ? error.message : String(error));
    return EXIT.refused;
  }
}

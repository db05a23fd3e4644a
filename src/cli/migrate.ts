/** `deno task migrate`. */
import { type ConfigSource, loadConfig } from "../config/mod.ts";
import { silent } from "../core/events.ts";
import { withDatabase } from "../node/admin.ts";
import { EXIT } from "./exit.ts";
import { guarded } from "./guarded.ts";

/** Brings the schema up to date; opening the database does it. */
export function migrate(source: ConfigSource): Promise<number> {
  return guarded(async () => {
    const applied = await withDatabase(
      loadConfig(source),
      silent,
      ({ migrated }) => Promise.resolve(migrated),
    );
    console.log(
      applied.length === 0 ? "the schema is up to date" : applied.map((step) => `applied ${step}`).join("\n"),
    );
    return EXIT.done;
  });
}

/** Brings the schema up to date with `migrations/`, once, whoever starts first. */
import { Migrator } from "kysely/migration";
import type { Migration, MigrationProvider } from "kysely/migration";
import type { Database } from "./database.ts";
import * as ground from "../../../migrations/0001_ground.ts";
import * as sort from "../../../migrations/0002_sort.ts";
import * as metadata from "../../../migrations/0003_metadata.ts";
import * as queue from "../../../migrations/0004_queue.ts";
import * as acl from "../../../migrations/0005_acl.ts";
import * as search from "../../../migrations/0006_search.ts";
import * as annotation from "../../../migrations/0007_annotation.ts";
import * as domains from "../../../migrations/0008_domains.ts";
import * as trust from "../../../migrations/0009_trust.ts";
import * as charset from "../../../migrations/0010_charset.ts";
import * as referral from "../../../migrations/0011_referral.ts";
import * as outbound from "../../../migrations/0012_outbound.ts";
import * as life from "../../../migrations/0013_life.ts";
import * as fence from "../../../migrations/0014_fence.ts";
import * as changedRange from "../../../migrations/0015_changed_range.ts";
import * as messageGarbage from "../../../migrations/0016_message_garbage.ts";
import * as wholeRows from "../../../migrations/0017_whole_rows.ts";
import * as textFilter from "../../../migrations/0018_text_filter.ts";

/** Every step, by name, in order. A new step is one more file and one more line. */
const STEPS: Record<string, Migration> = {
  "0001_ground": ground,
  "0002_sort": sort,
  "0003_metadata": metadata,
  "0004_queue": queue,
  "0005_acl": acl,
  "0006_search": search,
  "0007_annotation": annotation,
  "0008_domains": domains,
  "0009_trust": trust,
  "0010_charset": charset,
  "0011_referral": referral,
  "0012_outbound": outbound,
  "0013_life": life,
  "0014_fence": fence,
  "0015_changed_range": changedRange,
  "0016_message_garbage": messageGarbage,
  "0017_whole_rows": wholeRows,
  "0018_text_filter": textFilter,
};

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(STEPS) };

/**
 * Runs the steps that are missing and names them. Safe to run from several nodes at once: Kysely holds a
 * lock. A step that fails leaves the schema as it was.
 *
 * @throws Error naming the step and PostgreSQL's words.
 */
export async function migrateToLatest(db: Database): Promise<readonly string[]> {
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  const failed = results?.find((result) => result.status === "Error");
  if (error !== undefined) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Cannot bring the database schema up to date${failed ? ` (${failed.migrationName})` : ""}: ${why}`,
    );
  }
  return results?.map((result) => result.migrationName) ?? [];
}

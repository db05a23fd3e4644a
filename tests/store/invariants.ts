import { assertEquals } from "@std/assert";
import { checkTables } from "../../src/store/pg/check.ts";
import type { Database } from "../../src/store/pg/database.ts";

/** Fails, by name, where a rule of `mail check` is broken. */
export async function assertInvariants(database: Database): Promise<void> {
  assertEquals(await checkTables(database), []);
}

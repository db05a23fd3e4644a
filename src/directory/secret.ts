import { sql } from "kysely";
import type { World } from "../core/world.ts";
import type { Database } from "../store/pg/database.ts";

/** A secret of the installation, 32 octets, made by whoever comes first: the same on every node. */
export async function sharedSecret(db: Database, world: World, name: string): Promise<Uint8Array> {
  const { rows } = await sql<{ value: Uint8Array }>`
    with made as (
      insert into setting (name, value) values (${name}, ${world.random(32)})
        on conflict (name) do nothing returning value
    )
    select value from made union all select value from setting where name = ${name}`.execute(db);
  // Lost against another node that had not yet committed when this statement began: look again.
  return rows[0]?.value ??
    (await db.selectFrom("setting").select("value").where("name", "=", name).executeTakeFirstOrThrow()).value;
}

/** What the directory's tests share: a database, a hasher, administration. */
import { assert } from "@std/assert";
import type { AuthOrigin } from "../../src/core/auth.ts";
import type { Outcome } from "../../src/core/failure.ts";
import { realWorld } from "../../src/core/world.ts";
import { type Admin, createAdmin, createHasher, type Hasher } from "../../src/directory/mod.ts";
import { deleteAccountRows, insertAccountState } from "../../src/store/accounts.ts";
import type { Database } from "../../src/store/pg/database.ts";
import type { Door } from "../../src/store/pg/door.ts";
import { testDatabase } from "../support/database.ts";

/** A fresh directory. */
export interface TestDirectory extends AsyncDisposable {
  readonly database: Database;
  readonly door: Door;
  readonly hasher: Hasher;
  readonly admin: Admin;
}

/** An empty directory on a database of its own. */
export async function testDirectory(): Promise<TestDirectory> {
  const db = await testDatabase();
  const hasher = createHasher(realWorld);
  const admin = createAdmin({
    database: db.served,
    hasher,
    world: realWorld,
    insertAccountState,
    deleteAccountRows,
  });
  return {
    database: db.database,
    door: db.door,
    hasher,
    admin,
    async [Symbol.asyncDispose]() {
      await hasher[Symbol.asyncDispose]();
      await db[Symbol.asyncDispose]();
    },
  };
}

/** The value of an outcome that must be good. */
export function good<T>(outcome: Outcome<T>): T {
  assert(outcome.ok, outcome.ok ? "" : outcome.failure.text);
  return outcome.value;
}

/** Code and text of an outcome that must be a refusal. */
export function bad(outcome: Outcome<unknown>): string {
  assert(!outcome.ok, "nothing was refused");
  const { failure } = outcome;
  return failure.kind === "refused" ? `${failure.code}: ${failure.text}` : `syntax: ${failure.text}`;
}

/** An attempt over TLS from an address. */
export function from(remote: string): AuthOrigin {
  return {
    session: "s1",
    protocol: "imap",
    remote,
    tls: {
      version: "TLSv1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
      serverName: undefined,
      protocol: undefined,
      serverEndPoint: new Uint8Array(32).fill(9),
      exporter: new Uint8Array(32).fill(5),
    },
  };
}

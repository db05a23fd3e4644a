/** Filters that an administrator keeps for all accounts (RFC 5466 §1, §3.2). */
import { assertEquals } from "@std/assert";
import { createAdmin } from "../../src/directory/admin.ts";
import { filterFault } from "../../src/imap/mod.ts";
import { mail, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

Deno.test("a filter of the administrator's serves all accounts, and each may have its own instead", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  const { filters } = createAdmin({ database: db.database } as Parameters<typeof createAdmin>[0]);
  const set = await filters.set("Early", 'NOT SUBJECT "late"');
  assertEquals(set, { ok: true, value: { name: "early", search: 'NOT SUBJECT "late"' } });
  await filters.set("other", "ALL");
  assertEquals((await filters.remove("OTHER")).ok, true);
  assertEquals((await filters.remove("other")).ok, false);
  assertEquals(await filters.list(), [{ name: "early", search: 'NOT SUBJECT "late"' }]);
  for (const account of accounts) {
    await put(store, account, mail("one"));
    await put(store, account, mail("too late"));
  }
  const alice = await t.client("alice"), bob = await t.client("bob");
  for (const client of [alice, bob]) {
    await client.run("SELECT INBOX");
    assertEquals(await client.run("UID SEARCH FILTER early"), ["* SEARCH 1", "OK SEARCH completed"]);
  }
  assertEquals(await bob.run('GETMETADATA "" /shared/filters/values/EARLY'), [
    '* METADATA "" (/shared/filters/values/early "NOT SUBJECT \\"late\\"")',
    "OK GETMETADATA completed",
  ]);
  await bob.run('SETMETADATA "" (/private/filters/values/early "SUBJECT late")');
  assertEquals(await bob.run("UID SEARCH FILTER early"), ["* SEARCH 2", "OK SEARCH completed"]);
  assertEquals(await alice.run("UID SEARCH FILTER early"), ["* SEARCH 1", "OK SEARCH completed"]);
  await filters.remove("early");
  assertEquals(await alice.run("UID SEARCH FILTER early"), ["NO [UNDEFINED-FILTER early] No such filter"]);
  assertEquals(t.bugs, []);
});

Deno.test("what is no name or no search is found before it is kept", () => {
  const fault = (name: string, search: string) => filterFault(name, new TextEncoder().encode(search));
  assertEquals(fault("ok", "OR FLAGGED (FILTER other SINCE 1-Jan-2026)"), undefined);
  assertEquals(fault("ok", "SUBJECT {3+}\r\na b"), undefined);
  assertEquals(fault("a/b", "ALL"), "Not the name of a filter");
  assertEquals(fault("", "ALL"), "Not the name of a filter");
  assertEquals(fault("a", "ALL ")?.startsWith("Not a search: "), true);
  assertEquals(fault("a", "")?.startsWith("Not a search: "), true);
  assertEquals(fault("a", "ALL)")?.startsWith("Not a search: "), true);
  assertEquals(fault("a", "NOT ".repeat(100_000) + "ALL")?.startsWith("Not a search: "), true);
  assertEquals(fault("a", "(".repeat(100_000) + "ALL")?.startsWith("Not a search: "), true);
});

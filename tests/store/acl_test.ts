import { assert, assertEquals } from "@std/assert";
import { allowedFlags, formatRights, parseRights, Right } from "../../src/core/acl.ts";
import type { Identity } from "../../src/core/auth.ts";
import type { AccountId } from "../../src/core/brands.ts";
import { type ChangeNotice, EVERYBODY } from "../../src/core/store.ts";
import { deleteAccountRows, insertAccountState } from "../../src/store/mod.ts";
import { assertInvariants } from "./invariants.ts";
import { addAccount, type Bench, bench, codeOf, good, idOf, mail, put } from "./support.ts";

/** Alice and bob of example.test, eve of another domain. */
async function people(t: Bench): Promise<Record<"alice" | "bob" | "eve", Identity>> {
  const at = (account: AccountId, address: string): Identity => ({ account, address });
  await t.db.database.insertInto("domain").values({ name: "other.test" }).execute();
  const eve = await t.db.database.transaction().execute(async (trx) => {
    const row = await trx.insertInto("account").values({ domain: "other.test", local_part: "eve" })
      .returning("account_id").executeTakeFirstOrThrow();
    await insertAccountState(trx, row.account_id);
    return row.account_id as AccountId;
  });
  return {
    alice: at(await addAccount(t.db, "alice"), "alice@example.test"),
    bob: at(await addAccount(t.db, "bob"), "bob@example.test"),
    eve: at(eve, "eve@other.test"),
  };
}

const R = (letters: string) => parseRights(letters)!;

async function grant(t: Bench, owner: Identity, name: string, identifier: string, letters: string) {
  const id = await idOf(t.store, owner.account, name);
  return await t.store.setAcl(owner.account, id, { identifier, rights: R(letters) }, "replace");
}

Deno.test("rights: to one, to a domain, taken away; nothing to anybody else", async () => {
  await using t = await bench(0);
  const { alice, bob, eve } = await people(t);
  const inbox = await idOf(t.store, alice.account, "INBOX");
  const rights = async (who: Identity) => formatRights(await t.store.rights(who, alice.account, inbox));
  assertEquals([await rights(bob), await rights(eve)], ["", ""]);
  good(await grant(t, alice, "INBOX", "bob@example.test", "lr"));
  good(await grant(t, alice, "INBOX", "@example.test", "si"));
  assertEquals([await rights(bob), await rights(eve)], ["lrsi", ""]);
  good(await grant(t, alice, "INBOX", "-bob@example.test", "s"));
  assertEquals(await rights(bob), "lri");
  assertEquals(codeOf(await grant(t, alice, "INBOX", "nobody@example.test", "l")), "NONEXISTENT");
  assertEquals(
    (await t.store.acl(alice.account, inbox)).map(({ identifier }) => identifier),
    ["@example.test", "bob@example.test", "-bob@example.test"],
  );
  const [shared, ...others] = await t.store.sharedMailboxes(bob);
  assertEquals([shared!.name, shared!.owner, shared!.rights, others], ["INBOX", alice.address, R("lri"), []]);
  assertEquals(await t.store.sharedMailboxes(eve), []);
  assertEquals(await t.store.sharedMailboxes(alice), []);
  const named = (await t.store.sharedMailbox(eve, alice.address, ["INBOX", "Sent", "nowhere"]))!;
  assertEquals([named.name, named.rights], ["INBOX", 0]);
  assertEquals(await t.store.sharedMailbox(bob, "Alice@example.test", ["INBOX"]), undefined);
  await assertInvariants(t.db.database);
});

Deno.test("new mailboxes have the list of what they stand below; lists go with their mailbox", async () => {
  await using t = await bench(0);
  const { alice, bob } = await people(t);
  good(await t.store.createMailbox(alice.account, "team"));
  good(await grant(t, alice, "team", bob.address, "lrk"));
  good(await t.store.createMailbox(alice.account, "team/a/b"));
  good(await t.store.createMailbox(alice.account, "teams"));
  const seen = async () => (await t.store.sharedMailboxes(bob)).map(({ name }) => name).sort();
  assertEquals(await seen(), ["team", "team/a", "team/a/b"]);
  good(await t.store.renameMailbox(alice.account, "team/a", "team/z"));
  assertEquals(await seen(), ["team", "team/z", "team/z/b"]);
  good(await t.store.deleteMailbox(alice.account, "team/z/b"));
  good(await t.store.deleteMailbox(alice.account, "team"));
  assertEquals(await seen(), ["team/z"]);
  await assertInvariants(t.db.database);
});

Deno.test("an account that is removed leaves no rights to whoever gets its address", async () => {
  await using t = await bench(0);
  const { alice, bob } = await people(t);
  good(await grant(t, alice, "INBOX", bob.address, "lr"));
  good(await grant(t, alice, "Sent", `-${bob.address}`, "lr"));
  good(await grant(t, bob, "INBOX", alice.address, "lr"));
  await deleteAccountRows(t.db.database, bob.account);
  await t.db.database.deleteFrom("account").where("account_id", "=", bob.account).execute();
  assertEquals(await t.db.database.selectFrom("acl").selectAll().execute(), []);
  const again = { account: await addAccount(t.db, "bob"), address: bob.address };
  assertEquals(await t.store.sharedMailboxes(again), []);
});

Deno.test("limits: entries of a list, mailboxes that are seen", async () => {
  await using t = await bench(0, { limits: { aclEntries: 1, sharedMailboxes: 2 } });
  const { alice, bob, eve } = await people(t);
  for (const name of ["INBOX", "Sent", "Trash"]) good(await grant(t, alice, name, bob.address, "lr"));
  assertEquals(codeOf(await grant(t, alice, "INBOX", eve.address, "l")), "LIMIT");
  good(await grant(t, alice, "INBOX", bob.address, "lrs"));
  assertEquals((await t.store.sharedMailboxes(bob)).length, 2);
});

Deno.test("a change of a list is told to the owner and to whom it means", async () => {
  await using t = await bench(0);
  const { alice, bob } = await people(t);
  const heard: string[] = [];
  const hear = (name: string) => (notice: ChangeNotice) => void heard.push(`${name} ${notice.mailbox ?? ""}`);
  using _a = t.store.watch(alice.account, hear("alice"));
  using _b = t.store.watch(bob.account, hear("bob"));
  using _e = t.store.watch(EVERYBODY, hear("everybody"));
  good(await grant(t, alice, "INBOX", bob.address, "lr"));
  good(await grant(t, alice, "INBOX", "-@example.test", "s"));
  assertEquals(heard, ["alice ", "bob ", "alice ", "everybody "]);
});

Deno.test("flags that may not be changed stay as they are", async () => {
  await using t = await bench(0);
  const { alice } = await people(t);
  await put(t.store, alice.account, mail("a"), { flags: 1 | 8, keywords: ["one"] });
  const inbox = await idOf(t.store, alice.account, "INBOX");
  const set = async (
    op: "add" | "remove" | "replace",
    flags: number,
    keywords: string[],
    letters: string,
  ) => {
    const allowed = allowedFlags(R(letters));
    const changed = good(
      await t.store.setFlags(alice.account, inbox, [[1, 1]], { op, flags, keywords, allowed }),
    ).changed[0]!;
    return [changed.flags, changed.keywords];
  };
  assertEquals(await set("replace", 2 | 4, ["two"], "s"), [8, [0]]);
  assertEquals(await set("replace", 1 | 2, ["two"], "w"), [8 | 2, [1]]);
  assertEquals(await set("add", 1 | 4, ["three"], "t"), [8 | 2, [1]]);
  assertEquals(await set("remove", 8 | 2, ["two"], "t"), [2, [1]]);
  assertEquals((await t.store.mailbox(alice.account, "INBOX"))!.keywords, ["one", "two"]);
  await assertInvariants(t.db.database);
});

Deno.test("rights as letters, c and d with them", () => {
  assertEquals(formatRights(R("cd")), "kxte");
  assertEquals(parseRights("lq"), undefined);
  assertEquals(R(""), 0);
  assert((R("lrswipkxtena") & Right.Administer) !== 0);
});

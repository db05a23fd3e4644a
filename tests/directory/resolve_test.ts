import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../src/core/failure.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import type { Asking } from "../../src/directory/lookup.ts";
import { Resolver } from "../../src/directory/resolve.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { bad, good, type TestDirectory, testDirectory } from "./support.ts";

/** Asks in the manner `kind`, or `address+detail …` for local ones. */
function asker(
  dir: Pick<TestDirectory, "database"> & { readonly door: Asking },
  options: { hostname?: string; resolveAgeMs?: number; now?: () => number } = {},
) {
  const resolver = new Resolver({
    door: dir.door,
    database: dir.database,
    world: { ...realWorld, ticks: options.now ?? realWorld.ticks },
    hostname: options.hostname ?? "mail.example.org",
    limits: { resolveAgeMs: options.resolveAgeMs ?? 0 },
  });
  return async (text: string, size = 0): Promise<string> => {
    const at = text.lastIndexOf("@");
    const [local, domain] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
    const found = await resolver.resolve({ local, domain }, size);
    if (found.kind !== "local") return found.kind;
    const here = found.targets.map((t) => t.detail === undefined ? t.address : `${t.address} [${t.detail}]`);
    return [...here, ...found.remote.map((address) => `> ${address}`)].join(" ");
  };
}

/** Accounts without the cost of argon2. */
async function people(dir: TestDirectory, ...addresses: string[]): Promise<void> {
  const csv = addresses.map((address) => `${address},{SHA}/Hrn08gEogcgvDjo5YNQSGibZVE=`).join("\n");
  good(await dir.admin.accounts.importCsv(csv));
}

/** Rows as they may have got there by hand: no check of targets. */
async function rawAlias(dir: TestDirectory, local: string, ...targets: string[]): Promise<void> {
  await dir.database.insertInto("alias").values({ domain: "example.org", local_part: local, targets })
    .execute();
}

Deno.test("accounts, details, aliases, catch-all: the nearest wins", async () => {
  await using dir = await testDirectory();
  for (const domain of ["example.org", "münchen.example"]) good(await dir.admin.domains.add(domain));
  await people(dir, "jane@example.org", "john@example.org", "jörg@münchen.example");
  const { aliases } = dir.admin;
  good(await aliases.add("info@example.org", ["jane@example.org"]));
  good(await aliases.add("jane+shop@example.org", ["john@example.org"]));
  good(
    await aliases.add("team@example.org", [
      "info@example.org",
      "john+team@example.org",
      "jörg@münchen.example",
    ]),
  );
  const ask = asker(dir);
  assertEquals(await ask("jane@example.org"), "jane@example.org");
  assertEquals(await ask("JANE@example.org"), "jane@example.org");
  assertEquals(await ask("jane+News@example.org"), "jane@example.org [News]");
  assertEquals(await ask("jane+@example.org"), "jane@example.org []");
  assertEquals(await ask("jane+shop@example.org"), "john@example.org");
  assertEquals(await ask("info@example.org"), "jane@example.org");
  assertEquals(await ask("info+x@example.org"), "jane@example.org [x]");
  assertEquals(
    await ask("team@example.org"),
    "john@example.org [team] jörg@münchen.example jane@example.org",
  );
  assertEquals(await ask("JÖRG@xn--mnchen-3ya.example"), "jörg@münchen.example");
  assertEquals(await ask("jo\u0308rg@MÜNCHEN.example"), "jörg@münchen.example");
  assertEquals(await ask("nobody@example.org"), "unknown");
  assertEquals(await ask("+jane@example.org"), "unknown");
  assertEquals(await ask("\u212aane@example.org"), "unknown");
  assertEquals(await ask(`${"x".repeat(65)}@example.org`), "unknown");
  assertEquals(await ask("jane@elsewhere.example"), "foreign");
  assertEquals(await ask("jane@not a domain"), "foreign");
  assertEquals(await ask("' or 1=1 --@example.org"), "unknown");

  good(await aliases.add("*@example.org", ["john@example.org"]));
  assertEquals(await ask("nobody+x@example.org"), "john@example.org");
  assertEquals(await ask("\u212aane@example.org"), "john@example.org");
  assertEquals(await ask("jane@example.org"), "jane@example.org");
});

Deno.test("circles add nobody, depth is bounded, duplicates are one copy", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  await people(dir, "jane@example.org", "john@example.org");
  await rawAlias(dir, "a", "b@example.org");
  await rawAlias(dir, "b", "a@example.org");
  await rawAlias(dir, "self", "self@example.org", "jane@example.org");
  await rawAlias(dir, "x", "y@example.org", "jane@example.org");
  await rawAlias(dir, "y", "x@example.org", "john@example.org", "jane+d@example.org");
  await rawAlias(dir, "gone", "nobody@example.org", "x@elsewhere.example");
  await rawAlias(dir, "half", "nobody@example.org", "john@example.org");
  for (let i = 0; i < 11; i++) {
    await rawAlias(dir, `d${i}`, i === 10 ? "jane@example.org" : `d${i + 1}@example.org`);
  }
  const ask = asker(dir);
  assertEquals(await ask("a@example.org"), "loop");
  assertEquals(await ask("self@example.org"), "jane@example.org");
  assertEquals(await ask("x@example.org"), "jane@example.org john@example.org");
  assertEquals(await ask("gone@example.org"), "> x@elsewhere.example");
  assertEquals(await ask("half@example.org"), "john@example.org");
  assertEquals(await ask("d1@example.org"), "jane@example.org");
  assertEquals(await ask("d0@example.org"), "loop");
});

Deno.test("aliases lead to other servers too: nested, in circles, beside accounts here", async () => {
  await using dir = await testDirectory();
  const { aliases, accounts, domains } = dir.admin;
  for (const domain of ["example.org", "two.example"]) good(await domains.add(domain));
  await people(dir, "jane@example.org", "off@example.org");
  good(await aliases.add("away@example.org", ["Jane.Doe@Elsewhere.example"]));
  good(
    await aliases.add("both@example.org", ["jane@example.org", "away@example.org", "x@m\u00fcnchen.example"]),
  );
  good(await aliases.add("more@two.example", ["both@example.org", "Jane.Doe@elsewhere.example"]));
  good(await aliases.add("late@example.org", ["off@example.org", "away@example.org"]));
  good(await aliases.add("@two.example", ["catch@elsewhere.example"]));
  good(await accounts.setDisabled("off@example.org", true));
  await rawAlias(dir, "ring", "gnir@example.org", "out@elsewhere.example");
  await rawAlias(dir, "gnir", "ring@example.org");
  const ask = asker(dir);
  assertEquals(await ask("away+detail@example.org"), "> Jane.Doe@elsewhere.example");
  const both = "jane@example.org > x@m\u00fcnchen.example > Jane.Doe@elsewhere.example";
  assertEquals(await ask("both@example.org"), both);
  assertEquals(
    await ask("more@two.example"),
    "jane@example.org > Jane.Doe@elsewhere.example > x@m\u00fcnchen.example",
  );
  assertEquals(await ask("late@example.org"), "> Jane.Doe@elsewhere.example");
  assertEquals(await ask("ring@example.org"), "> out@elsewhere.example");
  assertEquals(await ask("whoever@two.example"), "> catch@elsewhere.example");
  assertEquals(bad(await aliases.add("no@example.org", ["nobody@example.org"])).split(":")[0], "NONEXISTENT");
});

Deno.test("a domain that is another name for a domain has its addresses", async () => {
  await using dir = await testDirectory();
  const { accounts, aliases, domains } = dir.admin;
  good(await domains.add("example.org"));
  await people(dir, "jane@example.org");
  good(await aliases.add("info@example.org", ["jane@example.org"]));
  assertEquals(good(await domains.add("Example.NET", {}, "example.org.")), {
    name: "example.net",
    aliasOf: "example.org",
  });
  const ask = asker(dir);
  assertEquals(await ask("jane+news@example.net"), "jane@example.org [news]");
  assertEquals(await ask("info@example.net"), "jane@example.org");
  assertEquals(await ask("nobody@example.net"), "unknown");
  good(await aliases.add("@example.org", ["jane@example.org"]));
  assertEquals(await ask("nobody@example.net"), "jane@example.org");
  // As they may have got there by hand.
  await dir.database.updateTable("domain").set({ alias_of: "example.net" }).where("name", "=", "example.org")
    .execute();
  assertEquals(await ask("jane@example.net"), "loop");
  await dir.database.updateTable("domain").set({ alias_of: null }).where("name", "=", "example.org")
    .execute();

  const refusals = [
    await domains.add("example.net", {}, "example.org"),
    await domains.add("third.example", {}, "example.net"),
    await domains.add("third.example", {}, "missing.example"),
    await accounts.add("x@example.net"),
    await aliases.add("x@example.net", ["jane@example.org"]),
    await aliases.add("x@example.org", ["jane@example.net"]),
    await domains.remove("example.org"),
  ];
  assertEquals(refusals.map((one) => bad(one).split(":")[0]), [
    "ALREADYEXISTS",
    "CANNOT",
    "NONEXISTENT",
    "CANNOT",
    "CANNOT",
    "CANNOT",
    "INUSE",
  ]);
  assertEquals((await domains.list()).map(({ name, aliasOf }) => [name, aliasOf]), [
    ["example.net", "example.org"],
    ["example.org", undefined],
  ]);
  good(await domains.remove("example.net"));
});

Deno.test("disabled accounts and full ones", async () => {
  await using dir = await testDirectory();
  const { accounts, aliases, domains } = dir.admin;
  good(await domains.add("example.org"));
  await people(dir, "off@example.org", "full@example.org", "jane@example.org");
  good(await aliases.add("all@example.org", ["off@example.org", "jane@example.org"]));
  good(await aliases.add("two@example.org", ["full@example.org", "jane@example.org"]));
  good(await accounts.setDisabled("off@example.org", true));
  good(await accounts.setQuota("full@example.org", { octets: 1000, messages: 3 }));
  const use = async (octets: number, messages: number) => {
    await dir.database.updateTable("account_state").set({ used_octets: octets, used_messages: messages })
      .where("quota_octets", "=", 1000).execute();
  };
  const ask = asker(dir);
  assertEquals(await ask("off@example.org"), "disabled");
  assertEquals(await ask("all@example.org"), "jane@example.org");
  await use(900, 1);
  assertEquals(await ask("full@example.org", 100), "full@example.org");
  assertEquals(await ask("full@example.org", 101), "over-quota");
  assertEquals(await ask("full@example.org", 0), "full@example.org");
  assertEquals(await ask("two@example.org", 101), "over-quota");
  await use(1000, 1);
  assertEquals(await ask("full@example.org", 0), "over-quota");
  await use(0, 3);
  assertEquals(await ask("full@example.org", 1), "over-quota");
  good(await accounts.setQuota("full@example.org", {}));
  assertEquals(await ask("full@example.org", 10_000), "full@example.org");

  // A domain's limit is for the sum over its accounts.
  await dir.database.updateTable("account_state").set({ used_octets: 400, used_messages: 2 }).execute();
  good(await domains.setQuota("example.org", { octets: 1300 }));
  assertEquals(await ask("jane@example.org", 100), "jane@example.org");
  assertEquals(await ask("jane@example.org", 101), "over-quota");
  good(await domains.setQuota("example.org", { messages: 6 }));
  assertEquals(await ask("jane@example.org", 1), "over-quota");
  good(await domains.setQuota("example.org", { messages: 7 }));
  assertEquals(await ask("jane@example.org", 1), "jane@example.org");
});

Deno.test("postmaster without a domain is heard", async () => {
  await using dir = await testDirectory();
  const ask = asker(dir, { hostname: "mx.mail.Example.org" });
  assertEquals(await ask("postmaster"), "unknown");
  for (const domain of ["a.example", "b.example", "example.org", "mail.example.org"]) {
    good(await dir.admin.domains.add(domain));
  }
  assertEquals(await ask("postmaster"), "unknown");
  await people(dir, "jane@b.example", "john@example.org");
  good(await dir.admin.aliases.add("postmaster@b.example", ["jane@b.example"]));
  assertEquals(await ask("Postmaster"), "jane@b.example");
  assertEquals(await ask("postmaster@mx.mail.example.org"), "jane@b.example");
  good(await dir.admin.aliases.add("postmaster@example.org", ["john@example.org"]));
  assertEquals(await ask("postmaster"), "john@example.org");
  assertEquals(await ask("postmaster@mail.example.org"), "unknown");
  assertEquals(await ask("postmaster@elsewhere.example"), "foreign");
  assertEquals(await ask("jane"), "unknown");
});

Deno.test("an answer is kept for a second, and asked for once by a burst", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  let now = 0, queries = 0;
  const counted: Asking = { query: (...asked) => (queries++, dir.door.query(...asked)) };
  const ask = asker({ ...dir, door: counted }, { resolveAgeMs: 1000, now: () => now });
  assertEquals(await ask("jane@example.org"), "unknown");
  await people(dir, "jane@example.org");
  now = 999;
  assertEquals(await ask("jane@example.org"), "unknown");
  assertEquals(queries, 1);
  now = 1000;
  const burst = await Promise.all(Array.from({ length: 200 }, () => ask("jane@example.org")));
  assertEquals(new Set(burst), new Set(["jane@example.org"]));
  assertEquals(queries, 2);
});

Deno.test("recipients that come at once are asked for together, and each gets their own answer", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  const names = Array.from({ length: 900 }, (_, i) => `user${i}@example.org`);
  await people(dir, ...names);
  let queries = 0;
  const counted: Asking = { query: (...asked) => (queries++, dir.door.query(...asked)) };
  const ask = asker({ ...dir, door: counted });
  const wanted = names.flatMap((name, i) => [name, `missing${i}@example.org`, `user${i}@elsewhere.example`]);
  const answers = await Promise.all(wanted.map((name) => ask(name)));
  assertEquals(answers, names.flatMap((name) => [name, "unknown", "foreign"]));
  // 5,400 names (each with its catch-all): two lone ones, then batches of 1,000.
  assertEquals(queries, 8);
});

Deno.test("a database that cannot be reached is Unavailable, and not remembered", async () => {
  const database = openDatabase({ kind: "url", url: "postgres://x@127.0.0.1:1/x" }, { connections: 1 });
  await using door = openDoor(dial, { kind: "url", url: "postgres://x@127.0.0.1:1/x" }, {
    shared: 1,
    exclusive: 1,
  });
  const resolver = new Resolver({ door, database, world: realWorld, hostname: "mail.example.org" });
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => resolver.resolve({ local: "a", domain: "example.org" }, 0), Unavailable);
  }
  await assertRejects(() => resolver.resolve({ local: "postmaster", domain: "" }, 0), Unavailable);
  await database.destroy();
});

Deno.test("forwarded mail goes on under an address of ours, and its bounces come back through it", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  good(await dir.admin.domains.add("example.net"));
  let now = Date.UTC(2026, 10, 28);
  const world = { ...realWorld, now: () => now };
  /** Nodes share the secret; a new one has forgotten what it resolved before. */
  const node = () =>
    new Resolver({ door: dir.door, database: dir.database, world, hostname: "mail.example.org" });
  const resolver = node();
  const sender = { local: "jane", domain: "b\u00fccher.test" };
  const ours = await resolver.forwarding(sender, "example.org");
  assertEquals(ours.domain, "example.org");
  assert(/^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=xn--bcher-kva\.test=jane$/.test(ours.local), ours.local);
  const back = { kind: "local" as const, targets: [], remote: ["jane@b\u00fccher.test"] };
  assertEquals(await node().resolve(ours, 0), back);
  assertEquals(await node().resolve({ ...ours, domain: "example.net" }, 0), back, "whichever domain of ours");
  assertEquals((await node().resolve({ ...ours, domain: "elsewhere.test" }, 0)).kind, "foreign");
  assertEquals(
    (await node().resolve({ ...ours, local: ours.local.replace("jane", "john") }, 0)).kind,
    "unknown",
  );
  now += 30 * 86_400_000;
  assertEquals((await node().resolve(ours, 0)).kind, "unknown");
  const own = { local: "jane", domain: "example.net" };
  assertEquals(await resolver.forwarding(own, "example.org"), own, "a sender of ours keeps the name");
});

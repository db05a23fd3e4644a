import { assert, assertEquals, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { bad, good, testDirectory } from "./support.ts";

const SSHA = "{SSHA}qMJGRvLQTATfh94g96i+OD3xk4VzYWx0";

Deno.test("domains are added, listed and removed", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases } = dir.admin;
  assertEquals(good(await domains.add("Example.ORG.")), { name: "example.org" });
  assertEquals(good(await domains.add("xn--mnchen-3ya.example", { octets: 5 })), { name: "münchen.example" });
  assertEquals(
    bad(await domains.add("example.org")),
    "ALREADYEXISTS: The domain example.org is there already",
  );
  assertEquals(bad(await domains.add("not a domain")), 'syntax: "not a domain" is not a domain name');
  good(await accounts.importCsv(`a@example.org,${SSHA}\nb@example.org,${SSHA}`));
  good(await aliases.add("@example.org", ["a@example.org"]));
  const none = { octets: undefined, messages: undefined };
  assertEquals(await domains.list(), [
    { name: "example.org", accounts: 2, aliases: 1, quota: none, aliasOf: undefined },
    { name: "münchen.example", accounts: 0, aliases: 0, quota: { ...none, octets: 5 }, aliasOf: undefined },
  ]);
  const inUse = "INUSE: The domain example.org has accounts, aliases or other names: remove those first";
  assertEquals(bad(await domains.remove("example.org")), inUse);
  for (const one of ["a", "b"]) good(await accounts.remove(`${one}@example.org`));
  good(await domains.remove("EXAMPLE.org"));
  assertEquals(bad(await domains.remove("example.org")), "NONEXISTENT: There is no domain example.org");
  assertStringIncludes(bad(await domains.setQuota("example.org", {})), "mail domain add example.org");
});

Deno.test("accounts are added with a password or get one, and are listed", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases } = dir.admin;
  assertEquals(
    bad(await accounts.add("jane@example.org")),
    "NONEXISTENT: There is no domain example.org: add it first (mail domain add example.org)",
  );
  good(await domains.add("example.org"));
  const added = good(await accounts.add("Jane@example.org", { quota: { octets: 1000 } }));
  assertEquals(added.address, "jane@example.org");
  assertMatch(added.password!, /^([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/);
  assertEquals(good(await accounts.add("john@example.org", { password: "x" })).password, undefined);
  assertEquals(
    bad(await accounts.add("JANE@example.org")),
    "ALREADYEXISTS: The account jane@example.org is there already",
  );
  good(await aliases.add("info@example.org", ["jane@example.org"]));
  assertStringIncludes(bad(await accounts.add("info@example.org")), "is an alias");
  for (const password of ["", "a\0b", "a\nb", "x".repeat(1025)]) {
    assertMatch(bad(await accounts.add("new@example.org", { password })), /^(CANNOT|LIMIT): The password is/);
  }
  good(await accounts.setDisabled("john@example.org", true));
  const list = await accounts.list("example.org");
  assertEquals(list.map((row) => [row.address, row.disabled, row.quota.octets]), [
    ["jane@example.org", false, 1000],
    ["john@example.org", true, undefined],
  ]);
  assertEquals((await accounts.list("elsewhere.example")).length, 0);

  const row = await dir.database.selectFrom("credential").selectAll().where("kind", "=", "password")
    .executeTakeFirstOrThrow();
  assert(!JSON.stringify(row).includes(added.password!));
  assert(await dir.hasher.verify(added.password!, row.hash));
});

Deno.test("adding the same account twice at once makes one", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  const both = await Promise.all([1, 2].map(() => dir.admin.accounts.add("jane@example.org")));
  assertEquals(both.map((one) => one.ok).sort(), [false, true]);
  assertEquals((await dir.admin.accounts.list()).length, 1);
  assertEquals((await dir.database.selectFrom("account_state").selectAll().execute()).length, 1);
});

Deno.test("a removed account leaves nothing, not even in aliases", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases, appPasswords } = dir.admin;
  good(await domains.add("example.org"));
  good(await accounts.importCsv(`jane@example.org,${SSHA}\njohn@example.org,${SSHA}`));
  good(await appPasswords.add("jane@example.org", "phone"));
  good(await aliases.add("both@example.org", ["jane@example.org", "john@example.org"]));
  good(await aliases.add("only@example.org", ["jane@example.org"]));
  good(await accounts.remove("jane@example.org"));
  assertEquals(await aliases.list(), [{ from: "both@example.org", targets: ["john@example.org"] }]);
  assertEquals((await dir.database.selectFrom("credential").selectAll().execute()).length, 1);
  assertEquals((await dir.database.selectFrom("account_state").selectAll().execute()).length, 1);
  const missing = "NONEXISTENT: There is no account jane@example.org";
  assertEquals(bad(await accounts.remove("jane@example.org")), missing);
  assertEquals(bad(await accounts.setPassword("jane@example.org", "x")), missing);
  assertEquals(bad(await accounts.setDisabled("jane@example.org", true)), missing);
  assertEquals(bad(await accounts.setQuota("jane@example.org", {})), missing);
  assertEquals(bad(await appPasswords.list("jane@example.org")), missing);
});

Deno.test("aliases lead to somebody, and say why not", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases } = dir.admin;
  good(await domains.add("example.org"));
  good(await accounts.importCsv(`jane@example.org,${SSHA}\njohn@example.org,${SSHA}`));
  assertEquals(good(await aliases.add("info@example.org", ["jane+i@example.org", "Jane+I@example.org"])), {
    from: "info@example.org",
    targets: ["jane+i@example.org"],
  });
  good(await aliases.add("info@example.org", ["john@example.org", "jane+i@example.org"]));
  good(await aliases.add("*@example.org", ["info@example.org"]));
  assertEquals(await aliases.list("example.org"), [
    { from: "*@example.org", targets: ["info@example.org"] },
    { from: "info@example.org", targets: ["jane+i@example.org", "john@example.org"] },
  ]);
  good(await aliases.remove("@example.org"));
  assertEquals(bad(await aliases.remove("@example.org")), "NONEXISTENT: There is no alias *@example.org");
  assertEquals(good(await aliases.add("y@example.org", ["Jane.D@Gmail.example"])).targets, [
    "Jane.D@gmail.example",
  ]);
  assertEquals(
    bad(await aliases.add("x@example.org", ["nobody@example.org"])),
    "NONEXISTENT: There is no account or alias nobody@example.org",
  );
  assertStringIncludes(bad(await aliases.add("jane@example.org", ["john@example.org"])), "is an account");
  assertStringIncludes(bad(await aliases.add("info@example.org", ["info@example.org"])), "lead to itself");
  assertStringIncludes(bad(await aliases.add("x@example.org", [])), "at least one");
  assertStringIncludes(bad(await aliases.add("x@elsewhere.example", ["jane@example.org"])), "no domain");
  assertStringIncludes(bad(await aliases.add("@", ["jane@example.org"])), "is not a domain name");
});

Deno.test("an alias leads to a thousand addresses at most", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases } = dir.admin;
  good(await domains.add("example.org"));
  good(await accounts.importCsv(`jane@example.org,${SSHA}`));
  const targets = Array.from({ length: 1000 }, (_, i) => `jane+${i}@example.org`);
  assertEquals(good(await aliases.add("all@example.org", targets)).targets.length, 1000);
  assertMatch(bad(await aliases.add("all@example.org", ["jane@example.org"])), /^LIMIT: .* more than 1000/);
  assertMatch(bad(await aliases.add("x@example.org", [...targets, "jane@example.org"])), /^LIMIT: /);
  assertEquals((await aliases.list())[0]!.targets.length, 1000);
});

Deno.test("app passwords are made, listed without themselves, and taken back", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, appPasswords } = dir.admin;
  good(await domains.add("example.org"));
  good(await accounts.importCsv(`jane@example.org,${SSHA}`));
  const first = good(await appPasswords.add("jane@example.org", "phone"));
  assertMatch(first.password, /^([0-9a-z]{4}-){6}[0-9a-z]{4}$/);
  const more = await Promise.all(["a", "b", "c"].map((label) => appPasswords.add("jane@example.org", label)));
  assertEquals(more.map((one) => good(one).id).sort(), [3, 4, 5]);
  const list = good(await appPasswords.list("jane@example.org"));
  assertEquals(list.map((row) => row.id), [2, 3, 4, 5]);
  assertEquals(list[0]!.label, "phone");
  const stored = JSON.stringify(await dir.database.selectFrom("credential").selectAll().execute());
  assert(!stored.includes(first.password) && !stored.includes(first.password.replaceAll("-", "")));
  good(await appPasswords.remove("jane@example.org", first.id));
  assertMatch(bad(await appPasswords.remove("jane@example.org", first.id)), /^NONEXISTENT: /);
  assertMatch(bad(await appPasswords.remove("jane@example.org", 1)), /^NONEXISTENT: /);
  assertMatch(bad(await appPasswords.add("jane@example.org", "x\ny")), /^CANNOT: /);
  for (let i = 3; i < 50; i++) good(await appPasswords.add("jane@example.org", `${i}`));
  assertEquals(bad(await appPasswords.add("jane@example.org", "one more")).slice(0, 6), "LIMIT:");
});

Deno.test("an import of 1,000 accounts with hashes takes seconds", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  const lines = Array.from({ length: 1000 }, (_, i) => `user${i}@example.org,${SSHA},1G`);
  const start = performance.now();
  assertEquals(good(await dir.admin.accounts.importCsv(lines.join("\n"))), { accounts: 1000 });
  assertLessOrEqual(performance.now() - start, 15_000);
  const list = await dir.admin.accounts.list();
  assertEquals(list.length, 1000);
  assert(list.every((row) => row.quota.octets === 2 ** 30));
});

Deno.test("an import with a wrong line imports nothing and names the lines", async () => {
  await using dir = await testDirectory();
  const { domains, accounts, aliases } = dir.admin;
  good(await domains.add("example.org"));
  good(await accounts.importCsv(`jane@example.org,${SSHA}`));
  good(await aliases.add("info@example.org", ["jane@example.org"]));
  const csv = `new@example.org,${SSHA}\njane@example.org,x\ninfo@example.org,x\na@elsewhere.example,x\nb`;
  assertEquals(
    bad(await accounts.importCsv(csv)),
    "CANNOT: Nothing was imported: line 2: jane@example.org is there already; line 3: info@example.org is an " +
      "alias; line 4: there is no domain elsewhere.example; line 5: a line must look like " +
      "address,password-or-hash or address,hash,quota",
  );
  assertEquals((await accounts.list()).length, 1);
  assertMatch(bad(await accounts.importCsv("x\n".repeat(25))), /line 20: [^;]*; and 5 more$/);
  assertStringIncludes(bad(await accounts.importCsv("\n# nothing\n")), "no account");
});

Deno.test("plain passwords of an import are hashed, Dovecot's SCRAM keys are kept", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  const scram = "4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=," +
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
  const csv = `a@example.org,secret\nb@example.org,{PLAIN}secret\nc@example.org,"{SCRAM-SHA-256}${scram}"`;
  good(await dir.admin.accounts.importCsv(csv));
  const rows = await dir.database.selectFrom("credential").selectAll().orderBy("account_id").execute();
  for (const row of rows.slice(0, 2)) {
    assertMatch(row.hash, /^\$argon2id\$/);
    assert(row.scram_sha1 !== null && row.scram_sha256 !== null);
  }
  assertEquals(rows[2]!.scram_sha256, scram.replaceAll(",", ":"));
  assertEquals(rows[2]!.scram_sha1, null);
});

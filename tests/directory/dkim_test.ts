import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { AccountId } from "../../src/core/brands.ts";
import { realWorld } from "../../src/core/world.ts";
import { SigningKeys } from "../../src/trust/dkim_keys.ts";
import { PgKeys } from "../../src/trust/pg.ts";
import { createSigner } from "../../src/trust/signer.ts";
import { message } from "../support/outbound.ts";
import { bad, good, testDirectory } from "./support.ts";

Deno.test("keys are made, prepared, used and removed, and sign what they should", async () => {
  await using dir = await testDirectory();
  const { domains, dkim } = dir.admin;
  assertStringIncludes(bad(await dkim.ensure("example.test")), "NONEXISTENT");
  good(await domains.add("example.test"));
  const sign = async () => {
    const keys = new SigningKeys(new PgKeys(dir.database), realWorld);
    const octets = await createSigner(keys, Date.now).sign(
      message("From: a@example.test\r\n\r\nx\r\n", { envelope: { submitter: 1 as AccountId } }),
    );
    return [...new TextDecoder().decode(octets).matchAll(/ s=([^;]+);/g)].map((match) => match[1]!);
  };
  assertEquals(await sign(), []);

  const first = good(await dkim.ensure("Example.TEST"));
  assertEquals(first.map(({ algorithm, state }) => `${algorithm} ${state}`), [
    "rsa-sha256 signing",
    "ed25519-sha256 signing",
  ]);
  assertMatch(first[0]!.name, /^r\d{8}\._domainkey\.example\.test$/);
  assertMatch(first[0]!.text, /^v=DKIM1; h=sha256; k=rsa; p=MII[\w+/]{380,}={0,2}$/);
  assertMatch(first[1]!.text, /^v=DKIM1; h=sha256; k=ed25519; p=[\w+/]{43}=$/);
  assertEquals(good(await dkim.ensure("example.test")), first, "nothing is made twice");
  assertEquals(await sign(), first.map(({ selector }) => selector));

  assertStringIncludes(bad(await dkim.use("example.test")), "--new");
  const prepared = good(await dkim.prepare("example.test"));
  const fresh = prepared.filter(({ state }) => state === "ready");
  assertEquals(fresh.length, 2);
  assertStringIncludes(bad(await dkim.prepare("example.test")), "--use");
  assertEquals(await sign(), first.map(({ selector }) => selector), "not before they are published");

  const used = good(await dkim.use("example.test"));
  assertEquals(used.filter(({ state }) => state === "retired").length, 2);
  assertEquals((await sign()).toSorted(), fresh.map(({ selector }) => selector).toSorted());
  assertEquals(good(await dkim.removeRetired("example.test")).length, 2);

  good(await domains.remove("example.test"));
  assertEquals((await dir.database.selectFrom("dkim_key").selectAll().execute()).length, 0);
});

Deno.test("records of a domain of U-labels have A-labels", async () => {
  await using dir = await testDirectory();
  good(await dir.admin.domains.add("b\u00fccher.test"));
  const rows = good(await dir.admin.dkim.ensure("xn--bcher-kva.test"));
  assert(rows.every(({ name }) => name.endsWith("._domainkey.xn--bcher-kva.test")));
});

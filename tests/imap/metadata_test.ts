import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { assertInvariants } from "../store/invariants.ts";
import { imapBench } from "./support.ts";

Deno.test("METADATA over the real store", async () => {
  await using t = await imapBench({ limits: { metadataTotal: 100_000 } });
  const { db } = t.bench;
  const client = await t.client(), bob = await t.client("bob");
  const set = (box: string, values: string) => client.run(`SETMETADATA ${box} (${values})`);
  const get = async (what: string) => (await client.run(`GETMETADATA ${what}`))[0];
  assertEquals(await set("INBOX", '/private/a "1" /private/a/b "2" /private/a/b/c "3" /private/ab "4"'), [
    "OK SETMETADATA completed",
  ]);
  assertEquals(await get("INBOX /private/a"), '* METADATA INBOX (/private/a "1")');
  assertEquals(await get("(DEPTH 1) INBOX /private/a"), '* METADATA INBOX (/private/a "1" /private/a/b "2")');
  assertEquals(
    await get("(DEPTH infinity) INBOX (/private/a /shared)"),
    '* METADATA INBOX (/private/a "1" /private/a/b "2" /private/a/b/c "3")',
  );
  assertEquals(await get("(DEPTH infinity) INBOX /private/a_"), "OK GETMETADATA completed");
  await set("INBOX", '/private/a "new" /private/a/b NIL');
  assertEquals(
    await get("INBOX (/private/a /private/a/b)"),
    '* METADATA INBOX (/private/a "new" /private/a/b NIL)',
  );
  // Octets as they are, and what others have is theirs.
  await client.send(
    new Uint8Array([
      ...new TextEncoder().encode("SETMETADATA INBOX (/shared/bin ~{4+}\r\n"),
      0,
      255,
      13,
      10,
      41,
      13,
      10,
    ]),
  );
  assertEquals(
    (await sql<{ value: Uint8Array }>`select value from metadata where entry = '/shared/bin'`
      .execute(db.database)).rows.map(({ value }) => [...value]),
    [[0, 255, 13, 10]],
  );
  assertEquals((await bob.run("GETMETADATA INBOX /shared/bin"))[0], "* METADATA INBOX (/shared/bin NIL)");
  assertEquals((await bob.run('GETMETADATA "" /private/x'))[0], '* METADATA "" (/private/x NIL)');

  // Too large, too many: nothing is changed.
  const large = "x".repeat(65_537);
  assertEquals(
    (await set("Sent", `/private/ok "1" /private/large {${large.length}+}\r\n${large}`)).at(-1),
    "NO [METADATA MAXSIZE 65536] The annotation is too large",
  );
  const most = "x".repeat(60_000);
  assertEquals(
    (await set("Sent", `/private/one {${most.length}+}\r\n${most}`)).at(-1),
    "OK SETMETADATA completed",
  );
  assertEquals(
    (await set("Sent", `/private/ok "1" /private/two {${most.length}+}\r\n${most}`)).at(-1),
    "NO [METADATA TOOMANY] Too many annotations",
  );
  assertEquals(await get("Sent /private/ok"), "* METADATA Sent (/private/ok NIL)");
  const hundred = Array.from({ length: 100 }, (_, i) => `/private/n${i} "x"`).join(" ");
  assertEquals((await set("Trash", hundred)).at(-1), "OK SETMETADATA completed");
  assertEquals(
    (await set("Trash", '/private/more "x"')).at(-1),
    "NO [METADATA TOOMANY] Too many annotations",
  );
  assertEquals((await set("Trash", '/private/n1 "y"')).at(-1), "OK SETMETADATA completed");

  // They follow their mailbox, INBOX shares them with what it becomes, and go with it.
  await client.run("CREATE a/b");
  await set("a/b", '/shared/comment "c"');
  await client.run("RENAME a z");
  assertEquals(await get("z/b /shared/comment"), '* METADATA z/b (/shared/comment "c")');
  await client.run("RENAME INBOX old");
  for (const box of ["INBOX", "old"]) {
    assertEquals(await get(`${box} /private/a`), `* METADATA ${box} (/private/a "new")`);
  }
  await client.run("DELETE z/b");
  await client.run("CREATE z/b");
  assertEquals(await get("z/b /shared/comment"), "* METADATA z/b (/shared/comment NIL)");
  const listed = await client.run('LIST "" (INBOX old z%) RETURN (METADATA (/private/a))');
  assertEquals(listed, [
    '* LIST (\\HasNoChildren) "/" INBOX',
    '* METADATA INBOX (/private/a "new")',
    '* LIST (\\HasNoChildren) "/" old',
    '* METADATA old (/private/a "new")',
    '* LIST (\\HasChildren) "/" z',
    "* METADATA z (/private/a NIL)",
    "OK LIST completed",
  ]);
  await assertInvariants(db.database);
  assert(
    (await client.run("SETMETADATA INBOX (/private/a {999999}")).at(-1)!.startsWith(
      "NO [METADATA MAXSIZE 65536]",
    ),
  );
  assertEquals(t.bugs, []);
});

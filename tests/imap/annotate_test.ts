import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { assertInvariants } from "../store/invariants.ts";
import { good, idOf, mail, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

Deno.test("ANNOTATE over the real store", async () => {
  await using t = await imapBench({ limits: { annotationTotal: 200_000 } });
  const { store, accounts, db } = t.bench;
  const alice = accounts[0]!;
  for (const name of ["one", "two", "three"]) await put(store, alice, mail(name));
  const client = await t.client(), other = await t.client();
  await client.run("SELECT INBOX");
  await other.run("SELECT INBOX (ANNOTATE)");
  const last = async (command: string) => (await client.run(command)).at(-1);
  const first = async (command: string) => (await client.run(command))[0];

  assertEquals(
    await last(
      'STORE 1:2 ANNOTATION (/comment (value.priv "Größe" value.shared "s") /vendor/a/b (value.shared "x"))',
    ),
    "OK STORE completed",
  );
  assertEquals(await other.run("NOOP"), [
    "* 1 FETCH (FLAGS () ANNOTATION (/comment /vendor/a/b))",
    "* 2 FETCH (FLAGS () ANNOTATION (/comment /vendor/a/b))",
    "OK NOOP completed",
  ]);
  assertEquals(
    await first("FETCH 1 ANNOTATION (/vendor/* (value size))"),
    '* 1 FETCH (ANNOTATION (/vendor/a/b (value.priv NIL value.shared "x" size.priv "0" size.shared "1")))',
  );
  assertEquals(await first('SEARCH CHARSET UTF-8 ANNOTATION /c* value.priv "GRÖSSE"'), "* SEARCH");
  assertEquals(await first('SEARCH CHARSET UTF-8 ANNOTATION /c* value.priv "röß"'), "* SEARCH 1 2");
  assertEquals(await first("SEARCH ANNOTATION /% value.shared x"), "* SEARCH");
  assertEquals(await first("SEARCH ANNOTATION /vendor/%/b value x"), "* SEARCH 1 2");
  assertEquals(await first("SEARCH NOT ANNOTATION * value {0+}\r\n"), "* SEARCH 3");
  assertEquals(await first('SEARCH ANNOTATION /comment value "%"'), "* SEARCH");

  // SORT: without the annotation first, by folded text, private and shared apart.
  await client.run('STORE 3 ANNOTATION (/altsubject (value.priv "b" value.shared "A"))');
  await client.run('STORE 1 ANNOTATION (/altsubject (value.priv "C" value.shared "b"))');
  assertEquals(await first("SORT (ANNOTATION /altsubject value.priv) UTF-8 ALL"), "* SORT 2 3 1");
  assertEquals(await first("SORT (REVERSE ANNOTATION /altsubject value.shared) UTF-8 ALL"), "* SORT 1 3 2");

  await client.run('COMPARATOR "i;octet"');
  assertEquals(await first("SORT (ANNOTATION /altsubject value.priv) UTF-8 ALL"), "* SORT 2 1 3");
  assertEquals(await first("SORT (REVERSE ANNOTATION /altsubject value.shared) UTF-8 ALL"), "* SORT 1 3 2");
  // SEARCH, too, tells letters apart as the comparator does.
  const found = async (text: string) =>
    await first(`SEARCH CHARSET UTF-8 ANNOTATION /comment value.priv "${text}"`);
  assertEquals([await found("rö"), await found("RÖ"), await found("gr"), await found("")], [
    "* SEARCH 1 2",
    "* SEARCH",
    "* SEARCH",
    "* SEARCH 1 2",
  ]);
  await client.run('COMPARATOR "i;ascii-casemap"');
  assertEquals([await found("gRö"), await found("grÖ"), await found("%")], [
    "* SEARCH 1 2",
    "* SEARCH",
    "* SEARCH",
  ]);
  await client.run('COMPARATOR "i;unicode-casemap"');
  assertEquals([await found("gRÖ"), await found("ß")], ["* SEARCH 1 2", "* SEARCH 1 2"]);

  // Copies, messages that are moved, appended, replaced, and INBOX renamed.
  assert((await last("COPY 1 Archive"))!.startsWith("OK"));
  await client.run("UID MOVE 2 Archive");
  const appended = 'APPEND Archive ANNOTATION (/comment (value.priv "new")) {7+}\r\na: b\r\n\r';
  await client.run(`${appended}`);
  await client.run("SELECT Archive");
  assertEquals((await client.run("FETCH 1:* ANNOTATION (/comment value)")).slice(0, -1), [
    "* 1 FETCH (ANNOTATION (/comment (value.priv {7}",
    'Größe value.shared "s")))',
    "* 2 FETCH (ANNOTATION (/comment (value.priv {7}",
    'Größe value.shared "s")))',
    '* 3 FETCH (ANNOTATION (/comment (value.priv "new" value.shared NIL)))',
  ]);
  await client.run('REPLACE 3 Archive ANNOTATION (/comment (value.shared "replaced")) {6+}\r\na: b\r\n');
  assertEquals(
    await first("UID FETCH 4 ANNOTATION (/comment value)"),
    '* 3 FETCH (UID 4 ANNOTATION (/comment (value.priv NIL value.shared "replaced")))',
  );
  await client.run("CREATE gone");
  await client.run("COPY 1:3 gone");
  await client.run("DELETE gone");
  await client.run("RENAME INBOX old");
  await client.run("SELECT old");
  assertEquals(
    await first("FETCH 1 ANNOTATION (/comment size.priv)"),
    '* 1 FETCH (ANNOTATION (/comment (size.priv "7")))',
  );
  await client.run("STORE 1 +FLAGS (\\Deleted)");
  await client.run("EXPUNGE");
  await assertInvariants(db.database);

  // Limits: a value, the entries of a message, octets of the account. Nothing is done by halves.
  await client.run("SELECT Archive");
  const large = "x".repeat(65_537);
  assertEquals(
    await last(`STORE 1 ANNOTATION (/comment (value.priv {${large.length}+}\r\n${large}))`),
    "NO [ANNOTATE TOOBIG] The annotation is too large",
  );
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `/vendor/n/${from + n} (value.priv "1")`).join(" ");
  assertEquals(await last(`STORE 3 ANNOTATION (${many(0, 98)})`), "OK STORE completed");
  assertEquals(
    await last(`STORE 3 ANNOTATION (${many(97, 101)})`),
    "NO [ANNOTATE TOOMANY] Too many annotations",
  );
  const most = "x".repeat(60_000);
  assertEquals(
    await last(`STORE 1:3 ANNOTATION (/large (value.priv {${most.length}+}\r\n${most}))`),
    "OK STORE completed",
  );
  assertEquals(
    await last(`STORE 1 ANNOTATION (/large2 (value.priv {${most.length}+}\r\n${most}))`),
    "NO [OVERQUOTA] Annotations take too much room",
  );
  assertEquals(await last("COPY 1 Sent"), "NO [OVERQUOTA] Annotations take too much room");
  assertEquals(await last("MOVE 1 Sent"), "OK MOVE completed");
  assertEquals(await last("STORE 1:* ANNOTATION (/large (value.priv NIL))"), "OK STORE completed");
  const use = (await first("GETQUOTAROOT INBOX"), (await client.run("GETQUOTAROOT INBOX"))[1]!);
  assert(/ANNOTATION-STORAGE 6[0-9] 196\)$/.test(use), use);

  // What went is remembered for those who are to be told, but not for ever.
  for (let n = 0; n < 25; n++) {
    await client.run(
      `STORE 1 ANNOTATION (${
        Array.from({ length: 20 }, (_, i) => `/t/${n}/${i} (value.priv "1")`).join(" ")
      })`,
    );
    await client.run(
      `STORE 1 ANNOTATION (${
        Array.from({ length: 20 }, (_, i) => `/t/${n}/${i} (value.priv NIL)`).join(" ")
      })`,
    );
  }
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from annotation where value is null`
    .execute(db.database);
  assert(rows[0]!.n <= 220, String(rows[0]!.n));

  // Other users' private values are theirs, wherever a message goes.
  const inbox = await idOf(store, alice, "Archive");
  const bob = { account: alice, mailbox: inbox, user: accounts[1]! };
  good(
    await store.annotations.set(bob, [[1, 9]], [
      { entry: "/comment", shared: false, value: new TextEncoder().encode("bob's") },
    ], undefined),
  );
  assertEquals((await client.run("SEARCH ANNOTATION * value bob"))[0], "* SEARCH");
  await client.run("COPY 1 Trash");
  const trash = { ...bob, mailbox: await idOf(store, alice, "Trash") };
  assertEquals((await store.annotations.read(trash, [[1, 1]])).filter(({ shared }) => !shared), []);
  assertEquals((await store.annotations.read(bob, [[1, 9]])).some(({ shared }) => !shared), true);
  await assertInvariants(db.database);
  assertEquals(t.bugs, []);
});

Deno.test("annotations go along between accounts, as far as rights let them", async () => {
  await using t = await imapBench();
  const { store, accounts, db } = t.bench;
  // Rights go by addresses.
  for (const [i, name] of ["alice", "bob"].entries()) {
    await db.database.updateTable("account").set({ local_part: name }).where("account_id", "=", accounts[i]!)
      .execute();
  }
  for (const name of ["one", "two", "three"]) await put(store, accounts[1]!, mail(name));
  const alice = await t.client(), bob = await t.client("bob");
  const good = async (client: typeof alice, command: string) => {
    const lines = await client.run(command);
    assert(lines.at(-1)!.startsWith("OK"), `${command}: ${lines.at(-1)}`);
    return lines.slice(0, -1);
  };
  const comments = async (client: typeof alice) =>
    (await good(client, "UID FETCH 1:* ANNOTATION (/comment value)"))
      .filter((line) => line.includes("ANNOTATION"))
      .map((line) => /value\.priv (.*) value\.shared (.*)\)\)\)$/.exec(line)!.slice(1).join(" "));
  await good(alice, "CREATE Team");
  await good(alice, "SETACL Team bob@example.test lrswitne");
  const team = "#user/alice@example.test/Team";
  await good(bob, "SELECT INBOX");
  await good(bob, 'STORE 1:3 ANNOTATION (/comment (value.priv "mine" value.shared "ours"))');

  // A private value is the copier's alone, wherever it goes.
  await good(bob, `COPY 1 ${team}`);
  await good(bob, `UID MOVE 2 ${team}`);
  await good(alice, "SELECT Team");
  assertEquals(await comments(alice), ['NIL "ours"', 'NIL "ours"']);
  assertEquals(await comments(bob), ['"mine" "ours"', '"mine" "ours"'], "what stayed has them still");

  // Without the right to annotate, shared values stay behind (RFC 5257 §4.6).
  await good(alice, "SETACL Team bob@example.test -n");
  await good(bob, `COPY 2 ${team}`);
  await good(alice, "NOOP");
  assertEquals(await comments(alice), ['NIL "ours"', 'NIL "ours"', "NIL NIL"]);
  await good(bob, `SELECT ${team}`);
  assertEquals(await comments(bob), ['"mine" "ours"', '"mine" "ours"', '"mine" NIL']);

  // Back into one's own mailbox, where everything is allowed.
  await good(alice, "SETACL Team bob@example.test +n");
  await good(alice, 'STORE 1 ANNOTATION (/comment (value.priv "hers" value.shared "new"))');
  await good(bob, "UID MOVE 1:3 Archive");
  await good(bob, "SELECT Archive");
  assertEquals(await comments(bob), ['"mine" "new"', '"mine" "ours"', '"mine" NIL']);
  await good(alice, "NOOP");
  assertEquals(await good(alice, "UID SEARCH ALL"), ["* SEARCH"]);
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from annotation
    where account_id = ${accounts[0]!} and value is not null`.execute(db.database);
  assertEquals(rows, [{ n: 0 }], "alice's private value went with her message");
  await assertInvariants(db.database);
});

import { assert, assertEquals } from "@std/assert";
import { mail, octetsOf, put } from "../store/support.ts";
import { imapBench } from "./support.ts";

Deno.test("OBJECTID, SAVEDATE and PREVIEW over the real store", async () => {
  await using t = await imapBench({ limits: { chunkOctets: 4096 } });
  const { store, accounts } = t.bench;
  const account = accounts[0]!;
  await put(store, account, mail("one", "First words.\n"), { internalDate: Date.UTC(2020, 0, 1) });
  await put(store, account, mail("one", "First words.\n"));
  const html = `<style>${"x{}".repeat(3000)}</style><p>Late words</p>`;
  await put(store, account, octetsOf(`Subject: x\nContent-Type: text/html\n\n${html}\n`));
  await put(store, account, octetsOf("Content-Type: image/png\n\nnothing to read\n"));
  const client = await t.client();
  const select = await client.run("SELECT INBOX");
  const inbox = /MAILBOXID \(([\w-]+)\)/.exec(select.join("\n"))![1]!;
  assertEquals((await client.run("STATUS INBOX (MAILBOXID)"))[0], `* STATUS INBOX (MAILBOXID (${inbox}))`);
  const idOf = async (what: string) =>
    /EMAILID \(([\w-]+)\)/.exec((await client.run(`UID FETCH ${what} EMAILID`))[0]!)![1]!;
  const first = await idOf("1");
  assert(first !== await idOf("2"), "two messages have one identifier");
  await client.run("COPY 1 Archive");
  await client.run("UID MOVE 1 Sent");
  for (
    const [box, found] of [["Archive", "* SEARCH 1"], ["Sent", "* SEARCH 1"], ["INBOX", "* SEARCH"]] as const
  ) {
    await client.run(`SELECT ${box}`);
    assertEquals((await client.run(`SEARCH EMAILID ${first}`))[0], found, box);
    if (box !== "INBOX") assertEquals(await idOf("1"), first);
  }
  const bob = await t.client("bob");
  await put(store, accounts[1]!, mail("bob's"));
  await bob.run("SELECT INBOX");
  assertEquals((await bob.run(`SEARCH EMAILID ${first}`))[0], "* SEARCH");

  const created = /MAILBOXID (\([\w-]+\))/.exec((await client.run("CREATE a/b"))[0]!)![1]!;
  await client.run("RENAME a c");
  assertEquals((await client.run("STATUS c/b (MAILBOXID)"))[0], `* STATUS c/b (MAILBOXID ${created})`);
  await client.run("DELETE c/b");
  assert((await client.run("CREATE c/b"))[0]!.includes(created) === false);
  await client.run("RENAME INBOX old");
  assertEquals((await client.run("STATUS INBOX (MAILBOXID)"))[0], `* STATUS INBOX (MAILBOXID (${inbox}))`);

  await client.run("SELECT Sent");
  const [dates] = await client.run("FETCH 1 (INTERNALDATE SAVEDATE PREVIEW)");
  assert(/INTERNALDATE " 1-Jan-2020 00:00:00 \+0000" SAVEDATE ".\d-\w+-20[2-9]\d/.test(dates!), dates);
  assert(dates!.endsWith('PREVIEW "First words.")'), dates);
  await client.run("SELECT old");
  assertEquals((await client.run("UID FETCH 2:* PREVIEW")).slice(0, 2), [
    '* 2 FETCH (UID 2 PREVIEW "Late words")',
    '* 3 FETCH (UID 3 PREVIEW "")',
  ]);
  assertEquals((await client.run("UID FETCH 1:* FLAGS")).filter((line) => line.includes("Seen")), []);
  assertEquals(t.bugs, []);
});

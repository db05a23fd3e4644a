/** `imap.utf8: only` (RFC 9755 §6) on a whole server. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { PASSWORD, startServer } from "../support/server.ts";
import { imap } from "./support.ts";

Deno.test("imap.utf8=only: nothing with a name in it works before ENABLE UTF8=ACCEPT", async () => {
  const alice = "alice@example.test";
  await using at = await startServer({
    accounts: [alice],
    settings: ["auth.allow_plaintext=true", "imap.utf8=only"],
  });
  await using client = await imap(at.ports.imap, alice);
  const names = (await client.exchange("a CAPABILITY", /^\* CAPABILITY/)).split(" ");
  assert(names.includes("UTF8=ONLY") && !names.includes("UTF8=ACCEPT"), "never both are announced");
  assertMatch(await client.exchange("b CREATE Entw&APw-rfe", /^b /), /^b NO \[CANNOT\]/);
  assertEquals(await client.exchange("c ENABLE UTF8=ACCEPT", /^\* ENABLED/), "* ENABLED UTF8=ACCEPT");
  await client.exchange('d CREATE "Entwürfe"', /^d OK/);
  // Modified UTF-7 is a name like any other now (RFC 9755 §3).
  assertMatch(await client.exchange("e STATUS Entw&APw-rfe (MESSAGES)", /^e /), /^e NO \[NONEXISTENT\]/);
  await client.exchange('f STATUS "Entwürfe" (MESSAGES)', /^f OK/);
  // Whoever logs in on this connection next has enabled nothing.
  await client.exchange("g UNAUTHENTICATE", /^g OK/);
  await client.exchange(`h LOGIN ${alice} ${PASSWORD}`, /^h OK/);
  assertMatch(await client.exchange("i SELECT INBOX", /^i /), /^i NO \[CANNOT\]/);
});

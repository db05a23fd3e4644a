import { assert, assertEquals } from "@std/assert";
import type { Identity } from "../../src/core/auth.ts";
import type { AccountId } from "../../src/core/brands.ts";
import type { UrlBearer } from "../../src/core/urlauth.ts";
import { realWorld } from "../../src/core/world.ts";
import { IMAP_LIMITS, MessageUrls } from "../../src/imap/mod.ts";
import { assertInvariants } from "../store/invariants.ts";
import { testAuth } from "../support/imap_auth.ts";
import { imapBench } from "./support.ts";

const ALICE: Identity = { account: 1 as AccountId, address: "alice@example.test" };
const BOB: Identity = { account: 2 as AccountId, address: "bob@example.test" };

Deno.test("URLAUTH over the real store: what submission is given, and how long", async () => {
  await using t = await imapBench();
  const { store, db } = t.bench;
  let now = Date.UTC(2026, 0, 1);
  const urls = (submissionUsers: readonly string[] = []) =>
    new MessageUrls({
      store,
      auth: testAuth,
      world: { ...realWorld, now: () => now },
      limits: IMAP_LIMITS.afterLogin,
      submissionUsers,
    });
  const alice = await t.client(), bob = await t.client("bob");
  const body = "x".repeat(3_000_000);
  const message = `Subject: large\r\n\r\n${body}`;
  await alice.run(`APPEND Drafts {${message.length}+}\r\n${message}`);

  const authorize = async (access: string, of = "Drafts/;UID=1", expire = "") => {
    const rump = `imap://alice@h/${of}${expire};URLAUTH=${access}`;
    const made = await urls().authorize(rump, ALICE);
    assert("url" in made, JSON.stringify(made));
    return made.url;
  };
  const open = async (url: string, bearer: UrlBearer, by = urls()) => {
    const opened = await by.open(url, bearer);
    if (!opened.ok) return opened.reason;
    let size = 0;
    for await (const piece of opened.content.octets()) size += piece.length;
    assertEquals(size, opened.content.size);
    return size;
  };
  const submission = (identity: Identity) => ({ as: "submission", identity }) as const;
  const session = (identity: Identity) => ({ as: "session", identity }) as const;

  const submit = await authorize("submit+alice");
  assertEquals(await open(submit, submission(ALICE)), message.length);
  assertEquals(await open(submit, submission(BOB)), "refused");
  assertEquals(await open(submit, session(ALICE)), "refused");
  assertEquals(await open(submit, session(BOB), urls(["Bob@example.test"])), message.length);
  const forBob = await authorize("user+bob");
  assertEquals(await open(forBob, session(BOB)), message.length);
  assertEquals(await open(forBob, session(ALICE)), "refused");
  assertEquals(await open(forBob, submission(BOB)), "refused");
  assertEquals(await open(await authorize("authuser"), submission(BOB)), message.length);
  assertEquals(await open("imap://alice@h/Drafts/;UID=1", submission(ALICE)), "malformed");
  assertEquals(await open(submit.replace("alice@", "bob@"), submission(ALICE)), "refused");
  assertEquals(await open(submit.replace("alice@", "nobody@"), submission(ALICE)), "refused");
  assertEquals(
    await open(submit.replace(/.$/, (digit) => digit === "0" ? "1" : "0"), submission(ALICE)),
    "refused",
  );

  const fetched = await bob.run(`URLFETCH ${forBob}`);
  assertEquals(fetched, [
    `* URLFETCH ${forBob} {${message.length}}`,
    "Subject: large",
    "",
    body,
    "OK URLFETCH completed",
  ]);

  // A part of it, until a moment, in what the mailbox was then.
  const uidValidity = (await store.mailbox(ALICE.account, "Drafts"))!.uidValidity;
  const part = `Drafts;UIDVALIDITY=${uidValidity}/;UID=1/;SECTION=TEXT/;PARTIAL=10.20`;
  const until = await authorize("anonymous", part, ";EXPIRE=2026-01-01T00:00:01Z");
  now += 1000;
  assertEquals(await open(until, session(BOB)), 20);
  now += 1;
  assertEquals(await open(until, session(BOB)), "refused");

  // Keys belong to one mailbox and one user, survive RENAME, and go with the mailbox.
  await alice.run("CREATE a");
  await alice.run(`APPEND a {${message.length}+}\r\n${message}`);
  const inA = await authorize("anonymous", "a/;UID=1");
  assertEquals((await alice.run("RESETKEY Drafts")).at(-1), "OK [URLMECH INTERNAL] RESETKEY completed");
  assertEquals(await open(submit, submission(ALICE)), "refused");
  assertEquals(await open(inA, session(BOB)), message.length);
  await bob.run("RESETKEY");
  assertEquals(await open(inA, session(BOB)), message.length);
  await alice.run("RENAME a b");
  assertEquals(await open(inA, session(BOB)), "refused");
  await alice.run("RENAME b a");
  assertEquals(await open(inA, session(BOB)), message.length);
  await alice.run("DELETE a");
  await alice.run("CREATE a");
  await alice.run(`APPEND a {${message.length}+}\r\n${message}`);
  assertEquals(await open(inA, session(BOB)), "refused");
  const again = await authorize("anonymous", "a/;UID=1");
  await alice.run("RESETKEY");
  assertEquals(await open(again, session(BOB)), "refused");
  assertEquals((await db.database.selectFrom("url_key").selectAll().execute()).length, 0);
  await assertInvariants(db.database);
  assertEquals(t.bugs, []);
});

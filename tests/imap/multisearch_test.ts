import { assertEquals } from "@std/assert";
import { mail } from "../store/support.ts";
import { put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { imapBench } from "./support.ts";

Deno.test("ESEARCH over the real store: text, numbers and mod-sequences in several mailboxes", async () => {
  await using t = await imapBench();
  const { store } = t.bench;
  for (
    const [mailbox, subject] of [["INBOX", "one"], ["INBOX", "two"], ["a/b", "two"], [
      "a/c",
      "three",
    ]] as const
  ) {
    await put(store, ALICE, mail(subject), { mailbox, create: true });
  }
  const client = await t.client();
  const found = async (command: string) =>
    (await client.run(command)).map((line) =>
      line.replace(/\(TAG "\w+" MAILBOX (\S+) UIDVALIDITY \d+\) UID/, "$1")
    );
  assertEquals(await found("ESEARCH IN (personal) SUBJECT two"), [
    "* ESEARCH INBOX ALL 2",
    "* ESEARCH a/b ALL 1",
    "OK ESEARCH completed",
  ]);
  assertEquals(await found("ESEARCH IN (subtree a) RETURN (COUNT) BODY hello"), [
    "* ESEARCH a/b COUNT 1",
    "* ESEARCH a/c COUNT 1",
    "OK ESEARCH completed",
  ]);
  assertEquals(await found("ESEARCH IN (inboxes) *"), [
    "* ESEARCH INBOX ALL 2",
    "* ESEARCH a/b ALL 1",
    "* ESEARCH a/c ALL 1",
    "OK ESEARCH completed",
  ]);
  const [last] = (await found("ESEARCH IN (mailboxes a/c) RETURN (MAX) MODSEQ 1"))!;
  const [status] = await client.run("STATUS a/c (HIGHESTMODSEQ)");
  assertEquals(/MODSEQ (\d+)/.exec(last!)![1], /HIGHESTMODSEQ (\d+)/.exec(status!)![1]);
  assertEquals(t.bugs, []);
});

import { assert, assertEquals, assertMatch } from "@std/assert";
import { kill } from "node:process";
import { startServer, type TestServer } from "../support/server.ts";
import {
  events,
  get,
  imap,
  messages,
  postmaster,
  runs,
  send,
  sleep,
  smtp,
  transaction,
  until,
} from "../node/support.ts";

const you = "you@example.test";

/** How many messages there are; asked again while a worker still has connections from before the death. */
async function counted(server: TestServer): Promise<number> {
  let count: number | undefined;
  await until(
    async () => (count = await messages(server, you).catch(() => undefined)) !== undefined,
    "POP3 can count",
    60_000,
  );
  return count!;
}

Deno.test("PostgreSQL is killed while the server serves: 'later' to everybody, then all goes on", async () => {
  await using server = await startServer({ settings: ["auth.allow_plaintext=true"], accounts: [you] });
  // Sessions from before, whose database goes away under them.
  await using sender = await smtp(server.ports.smtp);
  await using reader = await imap(server.ports.imap, you);
  assertMatch(await transaction(sender, you), /^250 /);
  await reader.exchange("b SELECT INBOX", /^b OK/);
  let acknowledged = 1, unknown = 0;

  const old = postmaster(server.folder)!;
  kill(old, "SIGKILL");
  const replies: string[] = [];
  let fetched = "";
  const until451 = performance.now() + 60_000;
  for (let i = 0; performance.now() < until451; i++) {
    fetched = await reader.exchange(`c${i} STATUS INBOX (MESSAGES)`, new RegExp(`^c${i} `));
    const reply = await transaction(sender, you);
    replies.push(reply);
    if (reply.startsWith("250")) acknowledged++;
    else {
      // The connection may have broken between the COMMIT and its answer: then the message is there all the same.
      unknown++;
      await sender.exchange("RSET", /^250 /);
    }
    if (reply.startsWith("250") && / OK/.test(fetched) && postmaster(server.folder) !== old) break;
    await sleep(20);
  }
  for (const reply of replies) assertMatch(reply, /^(250 |451 4\.3\.)/);
  assertMatch(replies.at(-1)!, /^250 /);
  assertMatch(fetched, / OK/);

  await until(async () => (await get(server, "/healthz"))[0] === 200, "it is healthy again", 60_000);
  const count = await counted(server);
  assert(
    count >= acknowledged && count <= acknowledged + unknown,
    `${count} of ${acknowledged}, ${unknown} unknown`,
  );
  const names = events(server).map(({ event }) => event);
  assert(names.includes("node.database.died"));
  assertEquals(names.filter((name) => name === "node.database.started").length, 2);
  assertEquals(names.filter((name) => name === "bug"), []);
});

Deno.test("PostgreSQL cannot be reached for a while: each protocol says 'later', and nothing is lost", async () => {
  await using server = await startServer({ settings: ["auth.allow_plaintext=true"], accounts: [you] });
  await using sender = await smtp(server.ports.smtp);
  await using reader = await imap(server.ports.imap, you);
  assertMatch(await transaction(sender, you), /^250 /);

  // Its data folder out of the way: it can neither go on nor be started again.
  const data = `${server.folder}/postgres/data`;
  const old = postmaster(server.folder)!;
  await Deno.rename(data, `${data}.away`);
  kill(old, "SIGKILL");
  await until(() => !runs(old), "PostgreSQL is gone");
  await until(async () => (await get(server, "/healthz"))[0] === 503, "/healthz says so");
  // Long enough for some attempts to start it: none of them may make a new, empty one.
  await sleep(3_000);
  assertEquals(await Deno.stat(data).then(() => true, () => false), false);

  assertMatch(await transaction(sender, "nobody.yet@example.test"), /^451 4\.3\.0 /);
  await sender.exchange("RSET", /^250 /);
  assertMatch(await send(server, you), /^451 4\.3\.0 /);
  assertMatch(await reader.exchange("b STATUS INBOX (MESSAGES)", /^b /), /^b NO \[UNAVAILABLE\]/);
  const refusal = await messages(server, you).catch((error) => (error as Error).message);
  assertMatch(String(refusal), /-ERR \[SYS\/TEMP\]/);

  await Deno.rename(`${data}.away`, data);
  await until(async () => (await get(server, "/healthz"))[0] === 200, "it is healthy again", 60_000);
  // /healthz speaks for the supervisor: a worker may be about to try again.
  await until(async () => {
    const reply = await transaction(sender, you);
    if (!reply.startsWith("250 ")) await sender.exchange("RSET", /^250 /);
    return reply.startsWith("250 ");
  }, "mail is taken again");
  assertMatch(await reader.exchange("c STATUS INBOX (MESSAGES)", /^\* STATUS|^c /), /MESSAGES 2/);
  assertEquals(await counted(server), 2);
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
});

/** Parts that fail for a while: 'later' to everybody, nothing lost, and all goes on without a restart. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { kill } from "node:process";
import { events, get, imap, messages, postmaster, read, smtp, transaction, until } from "../node/support.ts";
import { startServer } from "../support/server.ts";

const you = "you@example.test";

/** The postmaster and all that it has started. */
function postgres(folder: string): readonly number[] {
  const mother = postmaster(folder)!;
  const children = Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name)).filter((pid) => {
    const text = pid > 0 ? read(`/proc/${pid}/stat`) : "";
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]) === mother;
  });
  return [mother, ...children];
}

function signal(pids: readonly number[], name: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of pids) {
    try {
      kill(pid, name);
    } catch { /* one that ended meanwhile */ }
  }
}

Deno.test("PostgreSQL stands still: 'later' after a while, nothing lost, and it goes on when PostgreSQL does", async () => {
  await using server = await startServer({ settings: ["auth.allow_plaintext=true"], accounts: [you] });
  await using sender = await smtp(server.ports.smtp);
  await using reader = await imap(server.ports.imap, you);
  assertMatch(await transaction(sender, you), /^250 /);
  await reader.exchange("b SELECT INBOX", /^b OK/);

  const stopped = postgres(server.folder);
  signal(stopped, "SIGSTOP");
  try {
    const [reply, answer] = await Promise.all([
      transaction(sender, you),
      reader.exchange("c STORE 1 +FLAGS (\\Flagged)", /^c /),
    ]);
    assertMatch(reply, /^451 4\.3\.0 /);
    assertMatch(answer, /^c NO \[UNAVAILABLE\]/);
  } finally {
    signal(stopped, "SIGCONT");
  }
  await until(async () => (await get(server, "/healthz"))[0] === 200, "it is healthy again", 60_000);
  await until(
    async () => {
      await using again = await smtp(server.ports.smtp);
      return (await transaction(again, you)).startsWith("250 ");
    },
    "mail is taken again",
    60_000,
  );
  // What was not answered in time may have been committed or not.
  let count = 0;
  await until(
    async () => (count = await messages(server, you).catch(() => 0)) > 0,
    "POP3 can count",
    60_000,
  );
  assert(count >= 2, `${count} messages`);
  assertMatch(await reader.exchange("d NOOP", /^d /), /^d OK/);
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
});

Deno.test("more work than connections to the database: it waits its turn, and all of it is done", async () => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "database.connections=1", "limits.exempt=[127.0.0.0/8]"],
    accounts: [you],
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => imap(server.ports.imap, you)));
  // COPY needs a connection to itself; there are fewer of those than clients.
  const name = (i: number) => `m${i}`;
  const answers = await Promise.all(clients.map(async (client, i) => {
    await client.exchange(`b CREATE ${name(i)}`, /^b OK/);
    await client.send(new TextEncoder().encode(`c APPEND ${name(i)} {14+}\r\nSubject: x\r\n\r\n\r\n`));
    await client.line(/^c OK/);
    await client.exchange(`d SELECT ${name(i)}`, /^d OK/);
    return await client.exchange(`e COPY 1 INBOX`, /^e /);
  }));
  for (const answer of answers) assertMatch(answer, /^e OK/);
  assertEquals(await messages(server, you), 20);
  for (const client of clients) await client[Symbol.asyncDispose]();
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
});

Deno.test("PostgreSQL is told to restart while mail pours in: nothing acknowledged is lost", async () => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]"],
    accounts: [you],
  });
  let acknowledged = 0, unknown = 0, over = false;
  const pouring = Array.from({ length: 4 }, async () => {
    while (!over) {
      try {
        await using client = await smtp(server.ports.smtp);
        for (let i = 0; i < 50 && !over; i++) {
          const reply = await transaction(client, you);
          if (reply.startsWith("250 ")) acknowledged++;
          else {
            assertMatch(reply, /^451 /);
            unknown++;
            await client.exchange("RSET", /^250 /);
          }
        }
      } catch (error) {
        if (!/closed the connection/.test(String((error as Error).cause))) throw error;
      }
    }
  });
  await until(() => acknowledged > 20, "mail pours in", 60_000);
  const old = postmaster(server.folder)!;
  // A fast shutdown, as an administrator's restart does.
  kill(old, "SIGINT");
  await until(() => (postmaster(server.folder) ?? old) !== old, "another PostgreSQL is there", 60_000);
  const before = acknowledged;
  await until(() => acknowledged > before + 10, "mail pours in again", 60_000);
  over = true;
  await Promise.all(pouring);
  let count = -1;
  await until(
    async () => (count = await messages(server, you).catch(() => -1)) >= 0,
    "POP3 can count",
    60_000,
  );
  assert(
    count >= acknowledged && count <= acknowledged + unknown,
    `${count} of ${acknowledged}, ${unknown} unknown`,
  );
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
});

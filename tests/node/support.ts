/** What the tests of a whole node share: a mail in, a look at it, processes. */
import { kill } from "node:process";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, type TestServer } from "../support/server.ts";

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}

/** Waits until a condition holds. @throws Error after `withinMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 15_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await sleep(25);
  }
}

/** Greets an SMTP listener and says EHLO. */
export async function smtp(port: number): Promise<LineClient> {
  const client = await LineClient.connect(port);
  await client.line(/^220 /);
  await client.exchange("EHLO client.test", /^250 /);
  return client;
}

/** Sends a message by SMTP; gives the first reply that is not 2xx or 354, or the last. */
export async function send(
  server: TestServer,
  to: string,
  body = "Subject: a\r\n\r\nHello.",
): Promise<string> {
  await using client = await smtp(server.ports.smtp);
  return await transaction(client, to, body);
}

/** One transaction on an open connection, as `send`. */
export async function transaction(
  client: LineClient,
  to: string,
  body = "Subject: a\r\n\r\nHello.",
): Promise<string> {
  for (const line of ["MAIL FROM:<a@sender.test>", `RCPT TO:<${to}>`, "DATA"]) {
    const reply = await client.exchange(line, /^\d{3} /);
    if (!/^(2|354)/.test(reply)) return reply;
  }
  return await client.exchange(`${body}\r\n.`, /^\d{3} /);
}

/** Logs in by POP3 (the server allows it without TLS) and says what STAT says, or what was refused. */
export async function stat(server: TestServer, user: string, password = PASSWORD): Promise<string> {
  await using client = await LineClient.connect(server.ports.pop3);
  await client.line(/^\+OK/);
  const answers = /^(\+OK|-ERR)/;
  for (const line of [`USER ${user}`, `PASS ${password}`]) {
    const reply = await client.exchange(line, answers);
    if (reply.startsWith("-ERR")) return reply;
  }
  const reply = await client.exchange("STAT", answers);
  await client.exchange("QUIT", answers);
  return reply;
}

/** The number of messages that POP3 shows. */
export async function messages(server: TestServer, user: string, password = PASSWORD): Promise<number> {
  const reply = await stat(server, user, password);
  const count = /^\+OK (\d+)/.exec(reply)?.[1];
  if (count === undefined) throw new Error(`cannot count: ${reply}`);
  return Number(count);
}

/** Greets an IMAP listener and logs in (the server allows it without TLS). @throws Error with the answer that is not OK. */
export async function imap(port: number, user: string, password = PASSWORD): Promise<LineClient> {
  const client = await LineClient.connect(port);
  await client.line(/^\* OK/);
  const reply = await client.exchange(`a LOGIN ${user} ${password}`, /^a /);
  if (reply.startsWith("a OK")) return client;
  await client[Symbol.asyncDispose]();
  throw new Error(`Cannot log in as ${user}: ${reply}`);
}

/** A process and all that came of it, parents first. PostgreSQL is not among them: it has a session of its own. */
export function processTree(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = read(`/proc/${name}/stat`);
    // The program's name stands in parentheses and may hold anything.
    const [, parent, , session] = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
    if (parent === undefined || session === Number(name)) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const at of tree) tree.push(...(children.get(at) ?? []));
  return tree;
}

/** Kills a server as a crash does: no process of it can say or write anything any more. PostgreSQL stays. */
export async function crash(server: TestServer): Promise<void> {
  for (const pid of processTree(server.pid).toReversed()) kill(pid, "SIGKILL");
  await server.stop();
}

/** The embedded PostgreSQL of a data folder. */
export function postmaster(folder: string): number | undefined {
  const pid = Number(read(`${folder}/postgres/data/postmaster.pid`).split("\n")[0]);
  return pid > 0 ? pid : undefined;
}

/** True while a process runs. */
export function runs(pid: number): boolean {
  const text = read(`/proc/${pid}/stat`);
  return text !== "" && text.slice(text.lastIndexOf(")") + 2)[0] !== "Z";
}

/** A text file, empty when it is not there. */
export function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** GET from the HTTP listener: status and body. */
export async function get(server: TestServer, path: string): Promise<readonly [number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.ports.http}${path}`, {
    signal: AbortSignal.timeout(10_000),
  });
  return [response.status, await response.text()];
}

/** Names of events in what a server wrote, in order. */
export function events(server: TestServer): readonly Record<string, unknown>[] {
  return server.output().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/**
 * Replays IMAP dialogues that are written in Markdown.
 *
 * A dialogue is a fenced block that begins with `imap` and settings: `plain` (no TLS yet), `at=greeting` (the
 * default), `at=authenticated` or `at=selected` (alice is logged in, INBOX selected), `messages=N` (of
 * imap_messages.ts), `quota=N` octets,
 * `messagelimit=N`, `second=bob` (the second session is his, with nothing selected), `rev2`, `condstore`, `qresync`, `uidonly` (enabled after login), `utf8only` (UTF8=ONLY), `referrals` (bob is on another server, and of alice the mailboxes of REMOTE below). `C:` is sent with CRLF, `C-:` without; `S:`
 * must come back, where `…` stands for any text, and `‹name›` (once a line) for one that later lines of the client mean by `‹name›`. `C2:`/`S2:` are a second session, of alice where nothing else is said. `S: (closed)`: the
 * server ends the connection. `\r \n \0 \\` and `\xNN` are escapes. `(store down)` and
 * `(store up)` do what they say; `(store forgets)`: it forgets what vanished so far.
 */
import { assert, assertEquals } from "@std/assert";
import type { Events } from "../../src/core/events.ts";
import type { Services } from "../../src/core/services.ts";
import { realWorld } from "../../src/core/world.ts";
import { IMAP_LIMITS, type ImapSessionLimits, serveImap } from "../../src/imap/mod.ts";
import { ALICE, BOB, testAuth } from "./imap_auth.ts";
import { MemoryClient, MemoryConn } from "./imap_conn.ts";
import { MESSAGES } from "./imap_messages.ts";
import type { MailStore } from "../../src/core/store.ts";
import type { Referrals, RemoteMailbox } from "../../src/core/referral.ts";
import { MemoryStore } from "./imap_store.ts";

/** One dialogue. */
export interface Dialogue {
  readonly title: string;
  readonly settings: readonly string[];
  readonly steps: readonly Step[];
}

/** One line of it. */
export interface Step {
  readonly who: "client" | "server" | "world";
  /** 0 or 1: which session. */
  readonly session: number;
  readonly text: string;
}

/** How the client's lines are sent. */
export type Mode = "whole" | "pipelined" | "octets";

/** The dialogues of a Markdown file. */
export function dialoguesOf(markdown: string): readonly Dialogue[] {
  const found: Dialogue[] = [];
  let title = "", settings: string[] | undefined, steps: Step[] = [];
  for (const line of markdown.split("\n")) {
    if (settings === undefined) {
      if (line.startsWith("#")) title = line.replace(/^#+ */, "");
      else if (line.startsWith("```imap")) {
        settings = line.slice(7).split(" ").filter((word) => word !== "");
        steps = [];
      }
    } else if (line.startsWith("```")) {
      found.push({ title, settings, steps });
      settings = undefined;
    } else steps.push(stepOf(line));
  }
  return found;
}

function stepOf(line: string): Step {
  const match = /^(C|S)(2?)(-?): ?(.*)$/.exec(line);
  if (match === null) {
    if (/^\(store (down|up|forgets)\)$/.test(line)) return { who: "world", session: 0, text: line };
    throw new Error(`Cannot read a dialogue: ${line}`);
  }
  const [, side, second, open, text] = match;
  const session = second === "2" ? 1 : 0;
  if (side === "S") return { who: "server", session, text: unescape(text!) };
  return { who: "client", session, text: unescape(text!) + (open === "-" ? "" : "\r\n") };
}

function unescape(text: string): string {
  return text.replace(
    /\\(r|n|0|\\|x[0-9a-f]{2})/g,
    (_all, code: string) =>
      code === "r" ? "\r" : code === "n" ? "\n" : code === "0" ? "\0" : code === "\\" ? "\\" : byte(code),
  );
}

function byte(code: string): string {
  return String.fromCharCode(parseInt(code.slice(1), 16));
}

/** Octets of what is sent: characters up to U+00FF from escapes are octets, the others UTF-8. */
function octetsOf(text: string): Uint8Array {
  // Non-ASCII is written as itself in the dialogues and sent as UTF-8; \xNN above 7f is not used with it.
  return new TextEncoder().encode(text);
}

/** Mailboxes of alice that are elsewhere. */
const REMOTE: readonly RemoteMailbox[] = [
  { name: "Archive", server: "server2.example.test", remoteName: "Old mail" },
  { name: "Team/Größe", server: "server3.example.test:1143", remoteName: "Team/Größe" },
];

/** Knows what is elsewhere. */
const REFERRALS: Referrals = {
  of: (account) =>
    Promise.resolve({
      server: account === BOB ? "server2.example.test" : undefined,
      mailboxes: account === ALICE ? REMOTE : [],
    }),
};

/** Services around a store in memory; bugs are collected. */
export function testServices(
  store: MailStore,
  options: {
    readonly plain?: boolean;
    readonly bugs?: string[];
    readonly limits?: ImapSessionLimits;
    readonly referrals?: boolean;
  } = {},
): Services<ImapSessionLimits> {
  return {
    hostname: "mail.example.test",
    store,
    directory: { resolve: () => Promise.resolve({ kind: "foreign" }) },
    auth: testAuth,
    world: realWorld,
    emit: (name, fields) => {
      if (name === "bug") options.bugs?.push((fields as Events["bug"]).stack ?? "");
    },
    limits: options.limits ?? { ...IMAP_LIMITS, authDelayMs: 0, badDelayMs: 0 },
    startTlsOffered: options.plain ?? false,
    ...(options.referrals === true ? { referrals: REFERRALS } : {}),
    draining: new AbortController().signal,
  };
}

/** Plays a dialogue; throws at the first difference. */
export async function play(dialogue: Dialogue, mode: Mode): Promise<void> {
  const { settings, steps } = dialogue;
  const store = new MemoryStore();
  store.addAccount(ALICE);
  store.addAccount(BOB);
  const number = (name: string) =>
    Number(settings.find((each) => each.startsWith(name + "="))?.slice(name.length + 1) ?? NaN);
  for (let n = 0; n < (number("messages") || 0); n++) {
    await store.put(ALICE, "INBOX", MESSAGES[n % MESSAGES.length]!);
  }
  if (!Number.isNaN(number("quota"))) store.quotaOctets = number("quota");
  const bugs: string[] = [];
  const plain = settings.includes("plain");
  const messageLimit = number("messagelimit") || IMAP_LIMITS.messageLimit;
  const limits = {
    ...IMAP_LIMITS,
    authDelayMs: 0,
    badDelayMs: 0,
    messageLimit,
    notifyMs: 0,
    utf8Only: settings.includes("utf8only"),
  };
  const services = testServices(store, { plain, bugs, limits, referrals: settings.includes("referrals") });
  const sessions = steps.some((step) => step.session === 1) ? 2 : 1;
  const clients: MemoryClient[] = [], served: Promise<void>[] = [];
  for (let n = 0; n < sessions; n++) {
    const conn = new MemoryConn(!plain);
    served.push(serveImap(conn, services));
    clients.push(new MemoryClient(conn));
    await prepare(clients[n]!, settings, n === 1 && settings.includes("second=bob") ? "bob" : "alice");
  }
  const sent = new Set<number>();
  const known = new Map<string, string>();
  for (const [at, step] of steps.entries()) {
    const client = clients[step.session]!;
    if (step.who === "world") {
      if (step.text.includes("forgets")) store.forgetVanished(ALICE);
      else store.down = step.text.includes("down");
    } else if (step.who === "server") await expect(client, step.text, dialogue.title, known);
    else if (!sent.has(at)) {
      const ahead = mode === "pipelined" ? pipelined(steps, at) : [at];
      for (const n of ahead) sent.add(n);
      const text = ahead.map((n) => steps[n]!.text).join("");
      const octets = octetsOf(text.replace(/‹(.*?)›/g, (_, name: string) => known.get(name)!));
      client.send(octets, mode === "octets" ? 1 : octets.length);
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (const client of clients) assertEquals(client.unread, "", `${dialogue.title}: more came`);
  for (const client of clients) client.conn.toServer.end();
  await Promise.all(served);
  assertEquals(bugs, [], dialogue.title);
  assertEquals(store.watchers(ALICE), 0, `${dialogue.title}: a mailbox is still watched`);
}

/** The steps that a pipelining client sends together with the one at `from`. */
function pipelined(steps: readonly Step[], from: number): readonly number[] {
  const together = [from];
  for (let at = from; at < steps.length; at++) {
    const step = steps[at]!;
    if (step.session !== steps[from]!.session || step.who === "world") break;
    if (step.who === "server" && step.text.startsWith("+")) break;
    if (step.who === "client" && at > from && step.text.includes("‹")) break;
    if (step.who === "client" && at > from) together.push(at);
    if (step.who === "client" && step.text.toUpperCase().includes("STARTTLS")) break;
  }
  return together;
}

async function prepare(
  client: MemoryClient,
  settings: readonly string[],
  user: "alice" | "bob",
): Promise<void> {
  const at = settings.find((each) => each.startsWith("at="))?.slice(3) ?? "greeting";
  if (at === "greeting") return;
  const commands = [`LOGIN ${user} "open sesame"`];
  if (settings.includes("rev2")) commands.push("ENABLE IMAP4rev2");
  for (const name of ["CONDSTORE", "QRESYNC", "UIDONLY"]) {
    if (settings.includes(name.toLowerCase())) commands.push(`ENABLE ${name}`);
  }
  if (at === "selected" && user === "alice") commands.push("SELECT INBOX");
  assert((await client.line())!.startsWith("* OK"));
  for (const [n, command] of commands.entries()) {
    client.send(octetsOf(`setup${n} ${command}\r\n`));
    let line: string | null;
    do line = await client.line(); while (line !== null && !line.startsWith(`setup${n} OK`));
    assert(line !== null, `Cannot prepare: ${command}`);
  }
}

async function expect(
  client: MemoryClient,
  text: string,
  title: string,
  known: Map<string, string>,
): Promise<void> {
  const line = await client.line();
  const named = /^(.*)‹(.*)›(.*)$/.exec(text);
  const wanted = named === null ? text : `${named[1]}…${named[3]}`;
  if (named !== null && line !== null) {
    const [, before, name, behind] = named;
    known.set(name!, line.slice(before!.length, line.length - behind!.length));
  }
  if (wanted === "(closed)") return assertEquals(line, null, title);
  if (line === null || !fits(wanted, line)) assertEquals(line, wanted, title);
}

/** `…` stands for any text. */
function fits(wanted: string, line: string): boolean {
  const [first, ...rest] = wanted.split("…");
  if (rest.length === 0) return line === wanted;
  if (!line.startsWith(first!)) return false;
  let at = first!.length;
  for (const [n, piece] of rest.entries()) {
    const found = n === rest.length - 1 ? line.length - piece.length : line.indexOf(piece, at);
    if (found < at || !line.startsWith(piece, found)) return false;
    at = found + piece.length;
  }
  return true;
}

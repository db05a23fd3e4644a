/** Clients that keep to the rules, and how long each of their requests took. */
import { connect } from "node:net";
import { LoadConn } from "../load/conn.ts";
import type { Ports } from "../load/target.ts";

/** Who they are. */
export interface Good {
  readonly ports: Ports;
  readonly users: readonly string[];
  readonly password: string;
}

/** What came of them. */
export interface Served {
  /** Milliseconds of each request, in no order. */
  readonly ms: readonly number[];
  /** Those of the steps that requests are made of, and of beginning a session, by their names; newcomers have none. */
  readonly steps: ReadonlyMap<string, readonly number[]>;
  /** Requests that were refused or cut off. */
  readonly failed: number;
  /** Requests done in a second. */
  readonly rate: number;
}

/** Between two requests of a client. */
const PAUSE_MS = 20;
const LETTER = `From: a@good.test\r\nSubject: fair\r\n\r\n${"A line of text.\r\n".repeat(60)}.\r\n`;

type Session = { readonly request: () => Promise<void> } & Disposable;

/** Runs a step and writes down how long it took. */
type Timed = (step: string, work: () => Promise<unknown>) => Promise<void>;

/** Sends one message a request. */
async function sender({ ports }: Good, user: string, timed: Timed): Promise<Session> {
  const conn = await LoadConn.open("127.0.0.1", ports.smtp!);
  const ask = async (command: string, want: string) => {
    await conn.send(command);
    await conn.reply(want);
  };
  await timed("greeting, EHLO", async () => {
    await conn.reply("220");
    await ask("EHLO good.test\r\n", "250");
  });
  return {
    async request() {
      await timed("MAIL", () => ask(`MAIL FROM:<a@good.test>\r\n`, "250"));
      await timed("RCPT", () => ask(`RCPT TO:<${user}>\r\n`, "250"));
      await timed("DATA", () => ask("DATA\r\n", "354"));
      await timed("message", () => ask(LETTER, "250"));
    },
    [Symbol.dispose]: () => conn[Symbol.dispose](),
  };
}

/** Reads a message and flags it, one a request. */
async function reader({ ports, password }: Good, user: string, timed: Timed): Promise<Session> {
  const conn = await LoadConn.open("127.0.0.1", ports.imap);
  await conn.line();
  const ask = async (command: string) => {
    await conn.send(`a ${command}\r\n`);
    await conn.tagged("a");
  };
  await timed("LOGIN", () => ask(`LOGIN ${user} ${password}`));
  await timed("SELECT", () => ask("SELECT INBOX"));
  let flagged = false;
  return {
    async request() {
      await timed("FETCH", () => ask("FETCH 1 (FLAGS BODY.PEEK[])"));
      flagged = !flagged;
      await timed("STORE", () => ask(`STORE 1 ${flagged ? "+" : "-"}FLAGS (\\Flagged)`));
    },
    [Symbol.dispose]: () => conn[Symbol.dispose](),
  };
}

/** Serves half of the users by SMTP and half by IMAP for a while; a session that breaks is begun anew. */
export async function serveGood(good: Good, seconds: number, pauseMs = PAUSE_MS): Promise<Served> {
  const ms: number[] = [];
  const steps = new Map<string, number[]>();
  const timed: Timed = async (step, work) => {
    const began = performance.now();
    await work();
    if (!steps.has(step)) steps.set(step, []);
    steps.get(step)!.push(performance.now() - began);
  };
  let failed = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(good.users.map(async (user, i) => {
    while (performance.now() < end) {
      try {
        using session = await (i % 2 === 0 ? sender : reader)(good, user, timed);
        while (performance.now() < end) {
          const began = performance.now();
          await session.request();
          ms.push(performance.now() - began);
          await new Promise((wake) => setTimeout(wake, pauseMs));
        }
      } catch {
        failed++;
        await new Promise((wake) => setTimeout(wake, 100));
      }
    }
  }));
  return { ms, steps, failed, rate: ms.length / seconds };
}

/** Visits of one measurement: two of them stay below the connections that an address may begin in a minute. */
const VISITS = 50;

/** Time to connect, be greeted and be answered, again and again, from an address of its own. */
export async function newcomers(port: number, from: string, seconds: number): Promise<Served> {
  const ms: number[] = [];
  let failed = 0;
  const end = performance.now() + seconds * 1000;
  for (let visits = 0; visits < VISITS && performance.now() < end; visits++) {
    const began = performance.now();
    const ok = await visit(port, from);
    if (ok) ms.push(performance.now() - began);
    else failed++;
    await new Promise((wake) => setTimeout(wake, PAUSE_MS));
  }
  return { ms, steps: new Map(), failed, rate: ms.length / seconds };
}

function visit(port: number, from: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: from });
    let text = "";
    socket.on("data", (octets: Uint8Array) => {
      text += new TextDecoder().decode(octets);
      if (/^220 .*\r\n$/.test(text)) socket.write("EHLO good.test\r\n");
      if (!/^250 /m.test(text)) return;
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}

/** The value that a share of them does not exceed. */
export function percentile(ms: readonly number[], share: number): number {
  const sorted = [...ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/**
 * The clients of tests/imap/stress_test.ts on a whole server of two workers, over sockets: what one session is told
 * comes from the other worker's sessions, by BroadcastChannel and the database.
 *
 * `deno test -A tests/node/stress_test.ts -- --seconds 600 --seed 7 --clients 16` is for longer.
 */
import { assertEquals } from "@std/assert";
import { dice } from "../imap/random.ts";
import { act, MAILBOXES, newMail, option } from "../imap/stress_acts.ts";
import {
  ENABLED,
  type Mode,
  SharedMailbox,
  StressClient,
  type StressSession,
} from "../imap/stress_client.ts";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer } from "../support/server.ts";
import { send, until } from "./support.ts";

const SECONDS = option("seconds", 20);
/** The kernel spreads connections over the workers: twelve are on both but for one time in two thousand. */
const CLIENTS = option("clients", 12);
const SEED = option("seed", 77_003_122);
const ALICE = "alice@example.test";

/** A session over a socket. */
class SocketSession implements StressSession, AsyncDisposable {
  #count = 0;

  private constructor(readonly client: LineClient) {}

  static async open(port: number, ...commands: readonly string[]): Promise<SocketSession> {
    const session = new SocketSession(await LineClient.connect(port));
    for (const command of [`LOGIN ${ALICE} ${PASSWORD}`, ...commands]) {
      const answer = (await session.run(command)).at(-1)!;
      assertEquals(answer.slice(0, 2), "OK", answer);
    }
    return session;
  }

  async run(command: string): Promise<readonly string[]> {
    const tag = `t${++this.#count} `;
    await this.send(`${tag}${command}\r\n`);
    const lines = await this.until(tag);
    return [...lines.slice(0, -1), lines.at(-1)!.slice(tag.length)];
  }

  async send(text: string): Promise<void> {
    await this.client.send(new TextEncoder().encode(text));
  }

  async until(start: string): Promise<readonly string[]> {
    const lines: string[] = [];
    do lines.push(await this.client.line(/^/)); while (!lines.at(-1)!.startsWith(start));
    return lines;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client[Symbol.asyncDispose]();
  }
}

Deno.test("IMAP clients at random on two workers never see what is not so, and end with the same", async () => {
  await using at = await startServer({
    accounts: [ALICE],
    settings: ["auth.allow_plaintext=true", "workers=2", "limits.exempt=[127.0.0.0/8]", "log.level=warn"],
  });
  const modes = Object.keys(ENABLED) as Mode[];
  const shared = new Map(MAILBOXES.map((name) => [name, new SharedMailbox()]));
  const sessions: SocketSession[] = [];
  try {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
      const mode = modes[n % modes.length]!;
      const session = await SocketSession.open(at.ports.imap, ...ENABLED[mode]);
      sessions.push(session);
      return new StressClient(`client ${n}`, mode, session, shared);
    }));
    const by = performance.now() + SECONDS * 1000;
    let acts = 0, delivered = 0;
    const deliveries = async () => {
      while (performance.now() < by) {
        await send(at, ALICE, new TextDecoder().decode(newMail()));
        delivered++;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    await Promise.all([
      deliveries(),
      ...clients.map(async (client, n) => {
        const roll = dice(SEED + n);
        await client.select(MAILBOXES[roll(MAILBOXES.length)]!);
        for (; performance.now() < by; acts++) await act(client, roll);
      }),
    ]);
    console.log(`${acts} acts of ${CLIENTS} clients, ${delivered} deliveries`);

    await using fresh = await SocketSession.open(at.ports.imap);
    for (const name of MAILBOXES) {
      const truth = await truthOf(fresh, name);
      for (const client of clients.filter(({ mailbox }) => mailbox === name)) {
        const isThere = () => JSON.stringify(client.summary) === JSON.stringify(truth);
        await until(async () => {
          await client.run("NOOP");
          await client.learn();
          return isThere();
        }, "a session knows what there is").catch(() => {});
        assertEquals(client.summary, truth, `${client.name} (${client.mode}) in ${name}`);
      }
    }
    const check = await at.mail("check");
    assertEquals([check.code, check.stderr], [0, ""], check.stdout);
  } finally {
    for (const session of sessions) await session[Symbol.asyncDispose]();
  }
});

/** UIDs and flags as a session is told that has just come. */
async function truthOf(session: SocketSession, name: string): Promise<readonly string[]> {
  await session.run(`EXAMINE ${name}`);
  const lines = await session.run("FETCH 1:* (UID FLAGS)");
  return lines.flatMap((line) => {
    const [, uid, flags] = /FETCH \(UID (\d+) FLAGS \(([^)]*)\)\)/.exec(line) ?? [];
    return uid === undefined ? [] : [`${uid} ${flags!.split(" ").sort().join(" ")}`];
  });
}

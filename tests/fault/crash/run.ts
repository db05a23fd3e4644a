/** Rounds of traffic, death, recovery, and reading everything back. */
import { sql } from "kysely";
import { type Database, openDatabase } from "../../../src/store/pg/database.ts";
import { embeddedAddresses } from "../../../src/store/pg/embedded/cluster.ts";
import { Random } from "../../fuzz/random.ts";
import { events, get, imap, sleep, smtp, transaction, until } from "../../node/support.ts";
import { assertInvariants } from "../../store/invariants.ts";
import { lastingPorts, startServer, type TestServer } from "../../support/server.ts";
import { Actor, type Play } from "./actor.ts";
import { Ledger } from "./ledger.ts";
import { Reader } from "./reading.ts";
import { endsServer, murder, type Victim, VICTIMS } from "./victims.ts";

/** What a run is made of. */
export interface RunOptions {
  readonly kills: number;
  /** Acknowledged operations between two kills, about. */
  readonly each: number;
  readonly users: number;
  readonly seed: number;
  /** In turn; all kinds when left out. */
  readonly victims?: readonly Victim[];
  /** Told after each round. */
  readonly tell?: (line: string) => void;
}

/** What came of it. */
export interface RunReport {
  readonly acknowledged: number;
  readonly kills: Readonly<Record<string, number>>;
  /** Milliseconds until mail is taken again, by victim. */
  readonly recovery: Readonly<Record<string, readonly number[]>>;
  /** What must not be: lost, corrupt, doubled, a UID or UIDVALIDITY that changed, a bug; empty in a good run. */
  readonly wrong: readonly string[];
}

const SCRIPT = new URL("../mortal_server.ts", import.meta.url).pathname;
const PROBE = "probe@example.test", COMMON = "common@example.test";
/** Rounds between two looks at the tables themselves. */
const INVARIANTS_EVERY = 10;

/** Runs. @throws Error when the server does not come back. */
export async function crashRun(options: RunOptions): Promise<RunReport> {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-crash-" });
  const run = new Run(options, folder);
  try {
    return await run.all();
  } finally {
    await run.end();
    await Deno.remove(folder, { recursive: true });
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #folder: string;
  readonly #random: Random;
  readonly #actors: readonly Actor[];
  readonly #common: Ledger;
  readonly #commonReader: Reader;
  readonly #ports = lastingPorts();
  readonly #kills: Record<string, number> = {};
  readonly #recovery: Record<string, number[]> = {};
  readonly #wrong: string[] = [];
  #server!: TestServer;
  #numbers = 0;
  #acknowledged = 0;
  #inRound = 0;

  constructor(options: RunOptions, folder: string) {
    const { seed } = options;
    this.#options = options;
    this.#folder = folder;
    this.#random = new Random(seed, 2_000_000);
    this.#common = new Ledger(COMMON);
    this.#commonReader = new Reader(COMMON, seed);
    const play: Play = {
      seed,
      nextNumber: () => ++this.#numbers,
      common: this.#common,
      count: (acknowledged) => {
        this.#acknowledged += acknowledged;
        this.#inRound += acknowledged;
      },
    };
    this.#actors = Array.from({ length: options.users }, (_, i) => {
      const address = `user${i}@example.test`;
      return new Actor(new Ledger(address), new Reader(address, seed), play, i);
    });
  }

  async all(): Promise<RunReport> {
    const users = this.#actors.map((actor) => actor.ledger.address);
    this.#server = await this.#start([...users, COMMON, PROBE]);
    await this.#makeMailboxes([...users, COMMON]);
    await this.#check(false);
    for (let round = 1; round <= this.#options.kills; round++) {
      const victims = this.#options.victims ?? VICTIMS;
      await this.#round(victims[round % victims.length]!);
      await this.#check(round === this.#options.kills);
      if (round % INVARIANTS_EVERY === 0 || round === this.#options.kills) await this.#lookAtTables();
      if (this.#wrong.length > 0) break;
    }
    const bugs = events(this.#server).filter(({ event }) => event === "bug");
    this.#wrong.push(...bugs.map((bug) => `bug: ${JSON.stringify(bug)}`));
    this.#wrong.push(...this.#spared());
    return {
      acknowledged: this.#acknowledged,
      kills: this.#kills,
      recovery: this.#recovery,
      wrong: this.#wrong,
    };
  }

  /** A run that never finds what it is to kill shows nothing. */
  #spared(): readonly string[] {
    if (this.#wrong.length > 0) return [];
    const { kills, victims = VICTIMS } = this.#options;
    return Array.from(
      { length: Math.min(kills, victims.length) },
      (_, i) => victims[(i + 1) % victims.length]!,
    )
      .filter((victim) => this.#kills[victim] === undefined)
      .map((victim) => `no ${victim} was found to kill`);
  }

  async end(): Promise<void> {
    await this.#server?.stop();
  }

  async #start(accounts?: readonly string[], onSpawn?: (pid: number) => void): Promise<TestServer> {
    return await startServer({
      folder: this.#folder,
      script: SCRIPT,
      timeoutMs: 300_000,
      settings: [
        "auth.allow_plaintext=true",
        "limits.exempt=[127.0.0.0/8]",
        "log.level=info",
        ...this.#ports,
      ],
      ...(accounts === undefined ? {} : { accounts }),
      ...(onSpawn === undefined ? {} : { onSpawn }),
    });
  }

  async #makeMailboxes(users: readonly string[]): Promise<void> {
    for (const user of users) {
      await using client = await imap(this.#server.ports.imap, user);
      await client.exchange("b CREATE Kept", /^b OK/);
    }
  }

  /** Traffic, until enough is acknowledged and a little longer; then death, and recovery. */
  async #round(victim: Victim): Promise<void> {
    let over = false;
    this.#inRound = 0;
    const server = this.#server;
    const acting = this.#actors.map((actor) => actor.act(server, () => over));
    const wanted = 1 + this.#random.below(2 * this.#options.each);
    await until(() => this.#inRound >= wanted, `${wanted} operations are acknowledged`, 600_000);
    // Anywhere in an operation, not just where one ended.
    await sleep(this.#random.below(40));
    const workers = startedWorkers(server);
    const began = performance.now();
    const killed = murder(victim, server, this.#random);
    over = true;
    if (endsServer(victim)) {
      await server.stop();
      if (victim === "again") await this.#dieWhileStarting();
      this.#server = await this.#start();
    } else if (victim === "worker") {
      await until(() => startedWorkers(server) > workers, "another worker is there", 60_000);
    }
    this.#wrong.push(...(await Promise.all(acting)).flat());
    await this.#untilTaken();
    if (!killed) return;
    this.#kills[victim] = (this.#kills[victim] ?? 0) + 1;
    (this.#recovery[victim] ??= []).push(Math.round(performance.now() - began));
    const bugs = endsServer(victim) ? events(server).filter(({ event }) => event === "bug") : [];
    this.#wrong.push(...bugs.map((bug) => `bug: ${JSON.stringify(bug)}`));
  }

  /** A start that is cut off somewhere. */
  async #dieWhileStarting(): Promise<void> {
    let pid = 0;
    const starting = this.#start(undefined, (number) => pid = number).then(
      (server) => server.stop(),
      () => {},
    );
    await until(() => pid > 0, "it was started");
    await sleep(this.#random.below(2_000));
    murder("all", { pid, folder: this.#folder }, this.#random);
    await starting;
  }

  /** Until a message to the probe is taken, by both workers, and the server calls itself healthy. */
  async #untilTaken(): Promise<void> {
    let taken = 0;
    await until(
      async () => {
        try {
          await using client = await smtp(this.#server.ports.smtp);
          taken = (await transaction(client, PROBE)).startsWith("250 ") ? taken + 1 : 0;
        } catch {
          taken = 0;
        }
        return taken >= 4;
      },
      "mail is taken again",
      120_000,
    );
    await until(async () => (await get(this.#server, "/healthz"))[0] === 200, "it is healthy", 60_000);
  }

  async #check(all: boolean): Promise<void> {
    await using database = await this.#database();
    // What a dead worker had asked for may still be running; nothing of it may come later than our look.
    await until(
      async () => {
        const { rows } = await sql<{ busy: number }>`select count(*)::int8 as busy from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'`.execute(
          database,
        );
        return rows[0]!.busy === 0;
      },
      "the database is at rest",
      60_000,
    );
    const { ports } = this.#server;
    const pairs = [
      ...this.#actors.map(({ ledger, reader }) => ({ ledger, reader })),
      { ledger: this.#common, reader: this.#commonReader },
    ];
    await Promise.all(pairs.map(async ({ ledger, reader }) => {
      const { boxes, wrong } = await reader.read(ports.imap, all);
      this.#wrong.push(...wrong, ...ledger.settle(boxes));
    }));
    if (this.#wrong.length > 0) {
      // Is it in the tables, or in the reading?
      for (const { ledger } of pairs) {
        const { wrong } = await new Reader(ledger.address, this.#options.seed).read(ports.imap, true);
        this.#wrong.push(...wrong.map((line) => `again: ${line}`));
      }
    }
    const kills = Object.entries(this.#kills).map(([name, count]) => `${count} ${name}`).join(", ");
    this.#options.tell?.(
      `${this.#acknowledged} acknowledged, killed: ${kills || "none"}; ${this.#wrong.length} wrong`,
    );
  }

  async #lookAtTables(): Promise<void> {
    await using database = await this.#database();
    await assertInvariants(database);
  }

  async #database(): Promise<Database & AsyncDisposable> {
    const database = openDatabase((await embeddedAddresses(`${this.#folder}/postgres`)).address, {
      connections: 1,
    });
    return Object.assign(database, { [Symbol.asyncDispose]: () => database.destroy() });
  }
}

function startedWorkers(server: TestServer): number {
  return events(server).filter(({ event }) => event === "node.worker.started").length;
}

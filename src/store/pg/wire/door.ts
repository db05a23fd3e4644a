/** The hot path's door: a few connections with many transactions in flight, and a few to be alone on. */
import type { Dial } from "../../../core/conn.ts";
import { Unavailable } from "../../../core/failure.ts";
import { type DatabaseAddress, SESSION_SETTINGS } from "../database.ts";
import {
  type Call,
  call,
  type Door,
  type Param,
  PgError,
  type Rows,
  type Statement,
  statement,
  type Transaction,
} from "../door.ts";
import { type Named, namedBy } from "../fence.ts";
import { wireTarget } from "./address.ts";
import { WireConnection } from "./connection.ts";

/** How many connections a door keeps. */
export interface DoorOptions {
  /** Shared by all that needs one round trip. */
  readonly shared: number;
  /** For transactions of several round trips and for streams; who finds none free waits. */
  readonly exclusive: number;
}

/** After a failed connect, the next ones fail at once for this long, rather than queue up. */
const RETRY_AFTER_MS = 250;

/**
 * Every statement of this door looks rows up by key, and is planned once, maybe while a table was empty: a plan
 * that reads whole tables would then stay until the next ANALYZE.
 */
const PLAN_SETTINGS = { enable_seqscan: "off" };

const BEGIN = statement("tx_begin", [], "begin");
const COMMIT = statement("tx_commit", [], "commit");
const ROLLBACK = statement("tx_rollback", [], "rollback");

/** Opens the door; connections are made when they are needed, and made again when they broke. */
export function openDoor(dial: Dial, address: DatabaseAddress, options: DoorOptions): Door {
  return new WireDoor(dial, address, options);
}

class WireDoor implements Door {
  readonly #connect: () => Promise<WireConnection>;
  readonly #options: DoorOptions;
  readonly #shared: (WireConnection | undefined)[];
  /** Runs in flight, by place; those that wait for the connection count too. */
  readonly #load: number[];
  /** The place that was used last. */
  #last = 0;
  readonly #connecting: (Promise<WireConnection> | undefined)[];
  readonly #idle: WireConnection[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;
  #failed: { readonly error: Unavailable; readonly until: number } | undefined;

  constructor(dial: Dial, address: DatabaseAddress, options: DoorOptions) {
    const target = wireTarget(address);
    const settings = {
      ...Object.fromEntries(Object.entries(SESSION_SETTINGS).map(([name, value]) => [name, String(value)])),
      ...PLAN_SETTINGS,
    };
    this.#connect = () => WireConnection.connect(dial, target, settings);
    this.#options = options;
    this.#shared = new Array(options.shared).fill(undefined);
    this.#load = new Array(options.shared).fill(0);
    this.#connecting = new Array(options.shared).fill(undefined);
  }

  async run(...calls: readonly Call[]): Promise<readonly Rows[]> {
    const named = namedBy(calls);
    const place = this.#leastBusy(named);
    this.#load[place]!++;
    try {
      return await runOnce(await this.#connectionAt(place), calls, named);
    } finally {
      this.#load[place]!--;
    }
  }

  async query(of: Statement, ...values: readonly Param[]): Promise<Rows> {
    const [rows] = await this.run(call(of, ...values));
    return rows!;
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const connection = await this.#takeExclusive();
    const run = async (...calls: readonly Call[]) => await connection.run(calls, namedBy(calls));
    try {
      await connection.run([call(BEGIN)], undefined);
      const value = await work({ run, query: async (of, ...values) => (await run(call(of, ...values)))[0]! });
      await connection.run([call(COMMIT)], undefined);
      return value;
    } catch (error) {
      // Without an answer to ROLLBACK the connection is of no use to anybody.
      await connection.run([call(ROLLBACK)], undefined).catch(() => connection.destroy());
      throw error;
    } finally {
      connection.forgetNamed();
      this.#giveBack(connection);
    }
  }

  async *stream(of: Statement, values: readonly Param[], batch: number): AsyncGenerator<Rows> {
    const connection = await this.#takeExclusive();
    try {
      const asked = call(of, ...values);
      yield* connection.stream(asked, batch, namedBy([asked]));
    } finally {
      this.#giveBack(connection);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    const connecting = await Promise.all(this.#connecting.map((promise) => promise?.catch(() => undefined)));
    const open = new Set([...this.#shared, ...connecting, ...this.#idle]);
    await Promise.all(Array.from(open, (connection) => connection?.close()));
  }

  /**
   * The place among the shared connections with the fewest runs in flight. Of those, one that has the accounts named
   * already, or else the last one: what was used just now is in the processor's caches.
   */
  #leastBusy(named: Named): number {
    let best = 0;
    for (let i = 1; i < this.#load.length; i++) {
      const more = this.#load[i]! - this.#load[best]!;
      if (more < 0 || more === 0 && this.#suits(i, named) > this.#suits(best, named)) best = i;
    }
    return this.#last = best;
  }

  #suits(place: number, named: Named): number {
    if (named !== undefined && this.#shared[place]?.named === named) return 2;
    return place === this.#last ? 1 : 0;
  }

  async #connectionAt(place: number): Promise<WireConnection> {
    const connection = this.#shared[place];
    if (connection?.isOpen) return connection;
    this.#connecting[place] ??= this.#open().then((opened) => this.#shared[place] = opened).finally(() => {
      this.#connecting[place] = undefined;
    });
    return await this.#connecting[place]!;
  }

  async #takeExclusive(): Promise<WireConnection> {
    while (this.#busy >= this.#options.exclusive && !this.#closed) {
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
    this.#busy++;
    try {
      for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
        if (idle.isOpen) return idle;
      }
      return await this.#open();
    } catch (error) {
      this.#busy--;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  #giveBack(connection: WireConnection): void {
    this.#busy--;
    if (this.#closed) connection.destroy();
    else if (connection.isOpen) this.#idle.push(connection);
    this.#waiting.shift()?.();
  }

  async #open(): Promise<WireConnection> {
    if (this.#closed) throw new Unavailable("The door to PostgreSQL is closed");
    if (this.#failed !== undefined && performance.now() < this.#failed.until) throw this.#failed.error;
    try {
      const connection = await this.#connect();
      this.#failed = undefined;
      return connection;
    } catch (error) {
      this.#failed = { error: error as Unavailable, until: performance.now() + RETRY_AFTER_MS };
      throw error;
    }
  }
}

/** invalid_sql_statement_name: the run before, which was to prepare the statement, failed before it could. */
const NOT_PREPARED = "26000";

async function runOnce(
  connection: WireConnection,
  calls: readonly Call[],
  named: Named,
): Promise<readonly Rows[]> {
  try {
    return await connection.run(calls, named);
  } catch (error) {
    if (!(error instanceof PgError) || error.code !== NOT_PREPARED) throw error;
    // Nothing was done; by now the connection knows what is prepared.
    return await connection.run(calls, named);
  }
}

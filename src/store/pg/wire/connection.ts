/**
 * One connection to PostgreSQL with many transactions in flight: requests go out at once, answers come back
 * in order. Each `run` is a run of statements up to one Sync, which PostgreSQL makes one transaction.
 */
import type { Conn, Dial } from "../../../core/conn.ts";
import { Unavailable } from "../../../core/failure.ts";
import { type Call, call, type PgError, type Rows, type Statement, statement } from "../door.ts";
import { type Named, SETTING, settingOf } from "../fence.ts";
import type { WireTarget } from "./address.ts";
import { asThrown, pgError } from "./errors.ts";
import { login, type Session } from "./login.ts";
import { bind, cancelRequest, execute, flush, parse, sync, terminate } from "./messages.ts";
import type { Pending, StreamState } from "./pending.ts";
import type { Message } from "./reader.ts";
import { affectedBy, WireRows } from "./rows.ts";
import { MessageWriter } from "./writer.ts";

/** No answer after this long: cancel; still none after as long again: the connection is given up. */
const ANSWER_TIMEOUT_MS = 15_000;
const CANCEL_GRACE_MS = 5_000;
const FOREVER = 0x7fff_ffff;

/** Which messages of the server close a call, by type. */
const ROW = 0x44, COMPLETE = 0x43, EMPTY = 0x49, ERROR = 0x45, READY = 0x5a, PARSED = 0x31, SUSPENDED = 0x73;

/** Names accounts for what the session does next. $1 the setting. */
const NAME = statement("name_accounts", ["text"], `select set_config('${SETTING}', $1, false)`);

/** in_failed_sql_transaction. */
const ABORTED = "25P02";

/** Connected from the moment it exists until `closed`. */
export class WireConnection {
  readonly #session: Session;
  readonly #dial: Dial;
  readonly #target: WireTarget;
  readonly #out = new MessageWriter();
  readonly #pending: Pending[] = [];
  readonly #prepared = new Set<string>();
  readonly #watch: ReturnType<typeof setInterval>;
  #flushing = false;
  /** Writes that are under way. */
  #writing = 0;
  #broken: Unavailable | undefined;
  #cancelled = false;
  #named: Named;
  readonly closed: Promise<void>;

  readonly #onSent = (): void => {
    if (--this.#writing === 0) this.#out.reuse();
  };
  readonly #onUnsent = (error: unknown): void => this.#fail(error);

  private constructor(dial: Dial, target: WireTarget, session: Session) {
    this.#dial = dial;
    this.#target = target;
    this.#session = session;
    this.closed = this.#listen();
    this.#watch = setInterval(() => this.#checkAnswers(), CANCEL_GRACE_MS);
  }

  /** @throws Unavailable when the server cannot be reached or does not let us in. */
  static async connect(
    dial: Dial,
    target: WireTarget,
    settings: Readonly<Record<string, string>>,
  ): Promise<WireConnection> {
    try {
      return new WireConnection(dial, target, await login(dial, target, settings));
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      throw new Unavailable(`Cannot reach PostgreSQL: ${(error as Error).message}`, { cause: error });
    }
  }

  get isOpen(): boolean {
    return this.#broken === undefined;
  }

  /** The accounts whose rows PostgreSQL shows to what is sent next; undefined: who knows. */
  get named(): Named {
    return this.#named;
  }

  /** See Door.run. `named`: their accounts. */
  run(calls: readonly Call[], named: Named): Promise<readonly Rows[]> {
    this.#name(named);
    return this.#send(calls, undefined);
  }

  /** A transaction ended, and its end may have taken back what was named in it. */
  forgetNamed(): void {
    this.#named = undefined;
  }

  /**
   * Runs one call and hands its rows out `batch` at a time; `next` asks for more, `end` stops. The connection
   * serves nobody else meanwhile.
   */
  async *stream(call: Call, batch: number, named: Named): AsyncGenerator<Rows> {
    this.#name(named);
    const batches: { rows: WireRows; more: boolean }[] = [];
    let wake: (() => void) | undefined;
    const state: StreamState = {
      done: false,
      onBatch(rows, more) {
        batches.push({ rows, more });
        wake?.();
      },
    };
    let failure: unknown;
    let over = false;
    const finished = this.#send([call], state, batch).catch((error) => failure = error).finally(() => {
      over = true;
      wake?.();
    });
    try {
      for (;;) {
        while (batches.length === 0 && !over) await new Promise<void>((resolve) => wake = resolve);
        const next = batches.shift();
        if (next === undefined) break;
        if (next.rows.count > 0) yield next.rows;
        if (!next.more) break;
        execute(this.#out, batch);
        flush(this.#out);
        this.#flushSoon();
      }
    } finally {
      this.#closeStream(state);
      await finished;
    }
    if (failure !== undefined) throw failure;
  }

  /** Asks the server to stop what runs now; its answer comes as PgError 57014. */
  async cancel(): Promise<void> {
    const conn = await this.#dial(this.#target.to, { timeoutMs: CANCEL_GRACE_MS });
    const out = new MessageWriter();
    cancelRequest(out, this.#session.pid, this.#session.secret);
    await conn.write(out.take());
    await conn.close();
  }

  /** Waits for the answers that are due, then says good-bye. */
  async close(): Promise<void> {
    while (this.#pending.length > 0 && this.isOpen) await new Promise((wake) => setTimeout(wake, 5));
    if (this.isOpen) {
      terminate(this.#out);
      await this.#conn.write(this.#out.take()).catch(() => {});
    }
    this.#breakDown(new Unavailable("the connection to PostgreSQL was closed"));
    await this.closed;
  }

  /** Gives the connection up at once. */
  destroy(): void {
    this.#breakDown(new Unavailable("the connection to PostgreSQL was given up"));
  }

  get #conn(): Conn {
    return this.#session.conn;
  }

  /**
   * Names accounts where others are named now. It is a run of its own, in the same write as what follows: a
   * transaction that fails does not take it back from those behind.
   */
  #name(named: Named): void {
    if (named === undefined || named === this.#named || this.#broken !== undefined) return;
    this.#named = named;
    this.#send([call(NAME, settingOf(named))], undefined, 0, true).catch(() => {});
  }

  #send(
    calls: readonly Call[],
    stream: StreamState | undefined,
    batch = 0,
    naming = false,
  ): Promise<readonly Rows[]> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      const parsing: string[] = [];
      const mark = this.#out.mark();
      try {
        for (const call of calls) {
          this.#prepare(call.statement, parsing);
          bind(this.#out, call);
          execute(this.#out, batch);
        }
      } catch (error) {
        // A value does not fit its type: as if the run had never been asked for.
        this.#out.rollback(mark);
        for (const name of parsing) this.#prepared.delete(name);
        return reject(error);
      }
      if (stream === undefined) sync(this.#out);
      else flush(this.#out);
      const results = calls.map(() => new WireRows());
      this.#pending.push({
        results,
        parsing,
        stream,
        naming,
        since: performance.now(),
        error: undefined,
        resolve,
        reject,
      });
      this.#flushSoon();
    });
  }

  #prepare(statement: Statement, parsing: string[]): void {
    if (this.#prepared.has(statement.name)) return;
    this.#prepared.add(statement.name);
    parsing.push(statement.name);
    parse(this.#out, statement);
  }

  /** Everything that is asked within one turn goes out in one write. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      const chunks = this.#out.take();
      if (chunks.length === 0 || !this.isOpen) return;
      this.#writing++;
      this.#conn.write(chunks).then(this.#onSent, this.#onUnsent);
    });
  }

  async #listen(): Promise<void> {
    const { conn, reader } = this.#session;
    try {
      while (this.isOpen) {
        const chunk = await conn.read(FOREVER);
        if (chunk === null) throw new Unavailable("PostgreSQL closed the connection");
        reader.push(chunk);
        for (let message = reader.next(); message !== undefined; message = reader.next()) this.#take(message);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #take({ type, payload }: Message): void {
    const pending = this.#pending[0];
    switch (type) {
      case ROW:
        pending!.results[this.#at]!.add(payload);
        return;
      case COMPLETE:
      case EMPTY: {
        const rows = pending!.results[this.#at++]!;
        if (type === COMPLETE) rows.affected = affectedBy(payload);
        if (pending!.stream !== undefined) this.#endOfStream(pending!.stream, rows);
        return;
      }
      case SUSPENDED: {
        const rows = pending!.results[0]!;
        pending!.results[0] = new WireRows();
        pending!.stream?.onBatch(rows, true);
        return;
      }
      case PARSED:
        pending!.parsing.shift();
        return;
      case ERROR:
        return this.#takeError(pgError(payload));
      case READY:
        this.#pending.shift();
        this.#at = 0;
        this.#cancelled = false;
        if (this.#pending[0] !== undefined) this.#pending[0].since = performance.now();
        // A Parse that was skipped after an error has prepared nothing.
        for (const name of pending!.parsing) this.#prepared.delete(name);
        if (pending!.error !== undefined && pending!.naming) this.#notNamed(pending!.error);
        if (pending!.error === undefined) pending!.resolve(pending!.results);
        else pending!.reject(asThrown(pending!.error));
        return;
      default: // BindComplete, NoData, notices, parameters
    }
  }

  /** Which call of the first pending run the rows belong to. */
  #at = 0;

  #endOfStream(stream: StreamState, rows: WireRows): void {
    if (!stream.done) stream.onBatch(rows, false);
    this.#closeStream(stream);
  }

  /** One Sync a stream, whoever ends it first: its last row, an error, or the reader. */
  #closeStream(stream: StreamState): void {
    if (stream.done) return;
    stream.done = true;
    if (!this.isOpen) return;
    sync(this.#out);
    this.#flushSoon();
  }

  #takeError(error: PgError): void {
    const pending = this.#pending[0];
    // Without a run it is the server's farewell (57P01…): the end of the stream follows.
    if (pending === undefined) return;
    pending.error = error;
    if (pending.stream !== undefined) this.#closeStream(pending.stream);
  }

  /** In a transaction that failed already, what follows fails as well; else it would run for the accounts before. */
  #notNamed(error: PgError): void {
    if (error.code !== ABORTED) {
      throw new Unavailable(`Cannot name accounts to PostgreSQL: ${error.message}`, { cause: error });
    }
    this.#named = undefined;
  }

  #checkAnswers(): void {
    const first = this.#pending[0];
    if (first === undefined || first.stream !== undefined) return;
    const waited = performance.now() - first.since;
    if (waited > ANSWER_TIMEOUT_MS + CANCEL_GRACE_MS) {
      this.#fail(new Unavailable("PostgreSQL did not answer in time"));
    } else if (waited > ANSWER_TIMEOUT_MS && !this.#cancelled) {
      this.#cancelled = true;
      this.cancel().catch(() => {});
    }
  }

  #fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.#breakDown(
      error instanceof Unavailable
        ? error
        : new Unavailable(`The connection to PostgreSQL broke: ${why}`, { cause: error }),
    );
  }

  #breakDown(why: Unavailable): void {
    if (this.#broken !== undefined) return;
    this.#broken = why;
    clearInterval(this.#watch);
    this.#conn.destroy();
    for (const pending of this.#pending.splice(0)) pending.reject(why);
  }
}

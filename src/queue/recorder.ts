/**
 * Records what became of recipients. Results that are ready while a commit is in flight go together in the next one;
 * whoever sent a message waits for its commit before it sends the next one, so that a crash repeats only what was
 * under way.
 */
import { type Emit } from "../core/events.ts";
import { Unavailable } from "../core/failure.ts";
import type { HopReply } from "../core/outbound.ts";
import { retrying } from "../store/failures.ts";
import { call, type Door } from "../store/pg/door.ts";
import type { QueueLimits } from "./limits.ts";
import { record, suppress } from "./sql/record.ts";
import type { Recipient } from "./work.ts";

/** What became of one recipient. */
export interface Result {
  readonly recipient: Recipient;
  readonly state: "delivered" | "relayed" | "failed" | "waiting";
  /** Milliseconds until the next try, when it waits. */
  readonly delay: number;
  readonly reply: HopReply;
  readonly step: string;
  readonly host: string | undefined;
  readonly security: string | undefined;
  /** Of what the sender is to be told. */
  readonly notice: "failure" | "success" | undefined;
  /** Its mail is to fail at once from now on. */
  readonly suppress: boolean;
}

interface Waiting {
  readonly results: readonly Result[];
  readonly resolve: () => void;
  readonly reject: (thrown: unknown) => void;
}

/** Milliseconds before a commit that failed is tried again. */
const AGAIN_MS = 500;

/** Takes results. */
export class Recorder {
  readonly #door: Door;
  readonly #limits: QueueLimits;
  readonly #lease: string;
  readonly #emit: Emit;
  readonly #stop: AbortSignal;
  #waiting: Waiting[] = [];
  #busy = false;

  /** `stop`: from then on a database that does not answer is not waited for. */
  constructor(door: Door, limits: QueueLimits, lease: string, emit: Emit, stop: AbortSignal) {
    this.#door = door;
    this.#limits = limits;
    this.#lease = lease;
    this.#emit = emit;
    this.#stop = stop;
  }

  /** Resolves once the results are on disk. @throws Unavailable only after `stop`. */
  record(results: readonly Result[]): Promise<void> {
    if (results.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ results, resolve, reject });
      if (!this.#busy) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const some = this.#some();
      try {
        await this.#commit(some.flatMap(({ results }) => results));
        for (const { resolve } of some) resolve();
      } catch (thrown) {
        for (const { reject } of some) reject(thrown);
      }
    }
    this.#busy = false;
  }

  #some(): readonly Waiting[] {
    let count = 0, rows = 0;
    for (const { results } of this.#waiting) {
      rows += results.length;
      if (count > 0 && rows > this.#limits.recordRows) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** The recipients were reached whether or not the database answers now: only `stop` ends the trying. */
  async #commit(results: readonly Result[]): Promise<void> {
    const calls = [call(record, ...columns(results), this.#lease, this.#limits.reportDelayMs)];
    const gone = this.#limits.suppressMs > 0 ? results.filter((result) => result.suppress) : [];
    if (gone.length > 0) {
      calls.push(call(
        suppress,
        gone.map((one) => one.recipient.address.toLowerCase()),
        gone.map((one) => one.reply.code),
        gone.map((one) => one.reply.status),
        gone.map((one) => one.reply.text),
        this.#limits.suppressMs,
      ));
    }
    for (;;) {
      try {
        await retrying(() => this.#door.run(...calls));
        return;
      } catch (thrown) {
        if (!(thrown instanceof Unavailable) || this.#stop.aborted) throw thrown;
        this.#emit("queue.unavailable", { where: "record", error: thrown.message });
        await new Promise((wake) => setTimeout(wake, AGAIN_MS));
      }
    }
  }
}

function columns(results: readonly Result[]) {
  return [
    results.map(({ recipient }) => recipient.queueId),
    results.map(({ recipient }) => recipient.number),
    results.map(({ state }) => state),
    results.map(({ delay }) => delay),
    results.map(({ reply }) => reply.code),
    results.map(({ reply }) => stored(reply.status)),
    results.map(({ reply }) => stored(reply.text)),
    results.map(({ step }) => step),
    results.map(({ host }) => host === undefined ? null : stored(host)),
    results.map(({ security }) => security === undefined ? null : stored(security)),
    results.map(({ notice }) => notice ?? null),
  ] as const;
}

/** PostgreSQL's text has no NUL, and no half characters. */
export function stored(text: string): string {
  return text.replaceAll("\0", "").toWellFormed().slice(0, 1000);
}

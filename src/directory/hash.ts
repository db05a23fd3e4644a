/**
 * Password hashing on threads of its own, so that no connection waits for another's argon2: at most
 * `threads` hashes at once, at most `queue` that wait, then `busy`. Threads start with the first hash.
 *
 * Guesses are a flood of hashes that lead nowhere. So who is suspect (throttle.ts says what makes one so) waits behind all
 * who are not, the most suspect last; gives its place to them when the queue is full; and is served one at a time with a
 * rest after each, which leaves the processors to those who are at work.
 */
import { Worker } from "node:worker_threads";
import type { World } from "../core/world.ts";
import type { Enrolled, HashAnswer, HashJob } from "./hash_worker.ts";
import { HASH_LIMITS, type HashLimits } from "./limits.ts";
import { ARGON2 } from "./schemes.ts";

export type { Enrolled } from "./hash_worker.ts";

/** The queue is full, or the machine so busy that a hash took too long: answer `busy`, the client may try again. */
export class HashBusy extends Error {
  override name = "HashBusy";
}

/** Computes and checks password hashes. */
export interface Hasher extends AsyncDisposable {
  /**
   * True when the password is the stored one. Without a stored one (no such user) a hash of the same cost
   * runs and the answer is false. `suspicion`: how suspect whoever asks is by now, from 1 on, or how well known, below 0;
   * 0 when left out.
   *
   * @throws HashBusy
   */
  verify(password: string, stored: string | undefined, suspicion?: () => number): Promise<boolean>;
  /** Makes what is stored of a new password. @throws HashBusy */
  enroll(password: string): Promise<Enrolled>;
  /** Hashes that run or wait. */
  readonly pending: number;
}

/**
 * What an unknown user's password is checked against: of the parameters that real ones have (schemes.ts
 * ARGON2). Octets that come from no password.
 */
const NOBODY = `$argon2id$v=19$m=${ARGON2.memory},t=${ARGON2.passes},p=${ARGON2.lanes}` +
  "$bm9ib2R5IGlzIGhlcmUhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** A thread that filled this much heap is broken; argon2's own memory does not count as heap. */
const THREAD_HEAP_MIB = 64;
/** Of its young generation: a hash leaves little behind. */
const THREAD_YOUNG_MIB = 6;

/** The longest rest after a suspect's hash, in milliseconds: on a machine that is busy anyhow hashes take long. */
const MAX_REST_MS = 2_000;

const trusted = () => 0;

interface Waiting {
  readonly job: HashJob;
  readonly suspicion: () => number;
  readonly resolve: (value: boolean | Enrolled) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  running: Waiting | undefined;
  /** What runs is a suspect's, and began then. */
  suspectSince: number | undefined;
  deadline: ReturnType<typeof setTimeout> | undefined;
}

/** Makes a hasher. Dispose it to end its threads; what waits is then rejected. */
export function createHasher(world: World, limits: Partial<HashLimits> = {}): Hasher {
  return new ThreadHasher(world, { ...HASH_LIMITS, ...limits });
}

class ThreadHasher implements Hasher {
  readonly #threads = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  #closed = false;
  /** Set from the begin of a suspect's hash until the rest after it is over. */
  #suspected = false;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly world: World, private readonly limits: HashLimits) {}

  get pending(): number {
    let running = 0;
    for (const thread of this.#threads) if (thread.running !== undefined) running++;
    return running + this.#queue.length;
  }

  async verify(password: string, stored: string | undefined, suspicion = trusted): Promise<boolean> {
    const job = { kind: "verify", password, stored: stored ?? NOBODY } as const;
    const right = await this.#run(job, suspicion) as boolean;
    return right && stored !== undefined;
  }

  async enroll(password: string): Promise<Enrolled> {
    const salts = [ARGON2.saltOctets, 16, 16].map((octets) => this.world.random(octets));
    return await this.#run({ kind: "enroll", password, salts }, trusted) as Enrolled;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rest);
    for (const waiting of this.#queue.splice(0)) waiting.reject(new HashBusy("the hasher is closed"));
    await Promise.all(Array.from(this.#threads, (thread) => this.#end(thread, "the hasher is closed")));
  }

  #run(job: HashJob, suspicion: () => number): Promise<boolean | Enrolled> {
    if (this.#closed) return Promise.reject(new HashBusy("the hasher is closed"));
    if (this.#queue.length >= this.limits.queue) {
      const busy = new HashBusy(`${this.limits.queue} passwords wait to be checked`);
      const last = this.#place((one, best) => one >= best);
      if (last === undefined || this.#queue[last]!.suspicion() <= suspicion()) {
        return new Promise((_, reject) => this.#turnAway(reject, busy));
      }
      this.#turnAway(this.#queue.splice(last, 1)[0]!.reject, busy);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, suspicion, resolve, reject });
      this.#pump();
    });
  }

  #turnAway(reject: (error: Error) => void, busy: HashBusy): void {
    if (this.limits.busyMs === 0) reject(busy);
    else setTimeout(() => reject(busy), this.limits.busyMs);
  }

  #pump(): void {
    for (;;) {
      const next = this.#place((one, best) => one < best);
      if (next === undefined) return;
      const isSuspect = this.#queue[next]!.suspicion() > 0;
      if (isSuspect && this.#suspected) return;
      const thread = this.#idle();
      if (thread === undefined) return;
      this.#start(thread, this.#queue.splice(next, 1)[0]!, isSuspect);
    }
  }

  /** Where in the queue the one stands whose suspicion is better than all others'; how often one was wrong may change. */
  #place(better: (one: number, best: number) => boolean): number | undefined {
    let place: number | undefined, best = 0;
    for (const [i, { suspicion }] of this.#queue.entries()) {
      const one = suspicion();
      if (place === undefined || better(one, best)) [place, best] = [i, one];
    }
    return place;
  }

  #idle(): Thread | undefined {
    for (const thread of this.#threads) if (thread.running === undefined) return thread;
    return this.#threads.size < this.limits.threads ? this.#spawn() : undefined;
  }

  #start(thread: Thread, waiting: Waiting, isSuspect: boolean): void {
    thread.running = waiting;
    if (isSuspect) {
      thread.suspectSince = this.world.ticks();
      this.#suspected = true;
    }
    thread.deadline = setTimeout(() => {
      void this.#end(thread, `a hash took longer than ${this.limits.jobMs} ms`, HashBusy);
    }, this.limits.jobMs);
    thread.worker.postMessage(waiting.job);
  }

  #spawn(): Thread {
    const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB, maxYoungGenerationSizeMb: THREAD_YOUNG_MIB },
    });
    const thread: Thread = { worker, running: undefined, suspectSince: undefined, deadline: undefined };
    worker.on("message", (answer: HashAnswer) => {
      const running = this.#release(thread);
      if (answer.kind === "done") running?.resolve(answer.value);
      else running?.reject(new Error(`Cannot compute a password hash: ${answer.error}`));
      this.#pump();
    });
    worker.on("error", (error) => void this.#end(thread, String(error)));
    worker.on("exit", () => void this.#end(thread, "the hash thread ended"));
    this.#threads.add(thread);
    return thread;
  }

  #release(thread: Thread): Waiting | undefined {
    const running = thread.running;
    clearTimeout(thread.deadline);
    if (thread.suspectSince !== undefined) this.#restAfter(this.world.ticks() - thread.suspectSince);
    thread.running = thread.deadline = thread.suspectSince = undefined;
    return running;
  }

  #restAfter(tookMs: number): void {
    if (this.#closed) return;
    this.#rest = setTimeout(() => {
      this.#suspected = false;
      this.#pump();
    }, Math.min(tookMs * this.limits.suspectRest, MAX_REST_MS));
  }

  /** Ends a thread; its job fails, the others get a new thread when they need one. */
  async #end(thread: Thread, why: string, kind: typeof HashBusy | typeof Error = Error): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    this.#release(thread)?.reject(new kind(`Cannot compute a password hash: ${why}`));
    await thread.worker.terminate();
    this.#pump();
  }
}

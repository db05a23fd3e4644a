/** A connection worker, as the supervisor holds it. */
import type { Config } from "../config/mod.ts";
import type { CertificatePair } from "../net/mod.ts";
import type { MetricsSnapshot } from "../observe/metrics.ts";
import type { Fence, Thread } from "./fence.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";

/** What runs in a worker. */
const WORKER = new URL("./worker.ts", import.meta.url);
const METRICS_TIMEOUT_MS = 2_000;
const RELOAD_TIMEOUT_MS = 5_000;

/** One worker thread behind the fence, with a heap limit of its own: filling it ends the worker, not the server. */
export class WorkerHandle {
  readonly #worker: Thread;
  readonly #born = performance.now();
  readonly #asked = new Map<number, (snapshot: MetricsSnapshot | undefined) => void>();
  readonly #listening = Promise.withResolvers<readonly (string | undefined)[]>();
  readonly #drained = Promise.withResolvers<void>();
  #reload: ((error: string | undefined) => void) | undefined;
  #nextId = 0;
  #lastError = "";
  #failed: string | undefined;
  isListening = false;
  /** True once it accepted connections, also after it died. */
  wasListening = false;
  /** Resolves when the thread ended, with the reason as far as it is known. */
  readonly ended: Promise<string>;

  constructor(start: WorkerStart, fence: Fence, script: URL = WORKER) {
    const ended = Promise.withResolvers<string>();
    this.ended = ended.promise;
    this.#worker = fence.start(
      script,
      { ...start, config: ownerless(start.config) },
      start.config.worker_memory_mb,
      {
        message: (message) => this.#take(message as FromWorker),
        error: (error) => this.#lastError = error,
        exit: (code) => {
          this.isListening = false;
          const why = this.#failed ?? (this.#lastError || `exit code ${code}`);
          this.#listening.reject(new Error(this.#failed ?? `Cannot start worker ${start.number}: ${why}`));
          this.#drained.resolve();
          for (const answer of this.#asked.values()) answer(undefined);
          this.#reload?.("the worker ended");
          ended.resolve(why);
        },
      },
    );
    this.#listening.promise.catch(() => {});
  }

  get ageMs(): number {
    return performance.now() - this.#born;
  }

  /** Resolves when every listener accepts. @throws Error with the worker's reason. */
  listening(): Promise<readonly (string | undefined)[]> {
    return this.#listening.promise;
  }

  /** Its figures; undefined when it does not answer. */
  metrics(): Promise<MetricsSnapshot | undefined> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const late = setTimeout(() => answer(undefined), METRICS_TIMEOUT_MS);
      const answer = (snapshot: MetricsSnapshot | undefined) => {
        clearTimeout(late);
        this.#asked.delete(id);
        resolve(snapshot);
      };
      this.#asked.set(id, answer);
      this.#say({ kind: "metrics", id });
    });
  }

  /** @throws Error when the worker cannot take the new settings; it keeps the old ones. */
  reload(config: Config, certificates: readonly CertificatePair[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#reload?.("no answer"), RELOAD_TIMEOUT_MS);
      this.#reload = (error) => {
        clearTimeout(late);
        this.#reload = undefined;
        if (error === undefined) resolve();
        else reject(new Error(error));
      };
      this.#say({ kind: "reload", config: ownerless(config), certificates });
    });
  }

  /** Lets connections finish for at most `withinMs`, then ends the thread. */
  async drain(withinMs: number): Promise<void> {
    this.#say({ kind: "drain", withinMs });
    const late = setTimeout(() => this.#drained.resolve(), withinMs + 1_000);
    await this.#drained.promise;
    clearTimeout(late);
    await this.#worker.terminate();
  }

  #say(message: ToWorker): void {
    this.#worker.post(message);
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case "listening":
        this.isListening = this.wasListening = true;
        return this.#listening.resolve(message.addresses);
      case "failed":
        this.#failed = message.error;
        // What it has opened already would keep the thread alive.
        void this.#worker.terminate();
        return;
      case "reloaded":
        return this.#reload?.(message.error);
      case "metrics":
        return this.#asked.get(message.id)?.(message.snapshot);
      case "drained":
        return this.#drained.resolve();
      default:
        return message satisfies never;
    }
  }
}

/** Who owns the schema is no business of a worker's. */
function ownerless(config: Config): Config {
  const { owner_url: _, ...database } = config.database;
  return { ...config, database };
}

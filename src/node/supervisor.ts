/**
 * The supervisor: lock, database, certificates, workers, the HTTP listener, signals. It holds no mail
 * connection itself, so that nothing a client does can reach it.
 */
import { availableParallelism } from "node:os";
import { type Config, type ConfigSource, loadConfig } from "../config/mod.ts";
import type { Emit } from "../core/events.ts";
import { realWorld } from "../core/world.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import { type CertificatePair, checkFree, maxConnectionsFor, parseAddress } from "../net/mod.ts";
import { metricsText } from "../observe/metrics.ts";
import { cannotListen } from "./cannot_listen.ts";
import { readCertificates } from "./certificates.ts";
import { collectAtTimes } from "./collect.ts";
import { type NodeDatabase, openNodeDatabase } from "./database.ts";
import "./events.ts";
import { descriptorLimit } from "./descriptors.ts";
import { Fence, workerRights } from "./fence.ts";
import { type DataLock, lockData } from "./lock.ts";
import { QueueGauges } from "./queue_gauges.ts";
import { needsRestart } from "./reload.ts";
import { WorkerHandle } from "./worker_handle.ts";

/** How long a drain may take: exit within 10 s, the database included. */
const DRAIN_MS = 6_000;
/** A worker that dies again and again is started with growing pauses. */
const RESTART_PAUSES_MS = [0, 100, 500, 2_000, 10_000];

/** What a started node says about itself. */
export interface NodeStarted {
  /** `protocol address` of every listener, with real ports. */
  readonly listeners: readonly { readonly protocol: string; readonly address: string }[];
  readonly hasAccounts: boolean;
}

/** A running server. */
export class Supervisor {
  #config: Config;
  readonly #source: ConfigSource;
  readonly #emit: Emit;
  readonly #script: URL | undefined;
  readonly #node = crypto.randomUUID();
  #lock: DataLock | undefined;
  #database: NodeDatabase | undefined;
  #fence: Fence | undefined;
  #collecting: Disposable | undefined;
  #certificates: readonly CertificatePair[] = [];
  #workers: WorkerHandle[] = [];
  #http: HttpServer[] = [];
  #stopping = false;
  #reloading: Promise<void> = Promise.resolve();
  #maxConnections = 0;
  #listening: readonly (string | undefined)[] = [];
  readonly #queueFigures = new QueueGauges();

  /** @param script what runs in the workers, where it is not `worker.ts` */
  constructor(config: Config, source: ConfigSource, emit: Emit, script?: URL) {
    this.#script = script;
    this.#config = config;
    this.#source = source;
    this.#emit = emit;
  }

  /**
   * Starts everything; resolves when every listener accepts and the database answers.
   *
   * @throws DataLocked, Error with what is wrong; what was started is stopped again.
   */
  async start(): Promise<NodeStarted> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #start(): Promise<NodeStarted> {
    const config = this.#config;
    this.#lock = lockData(config.data, "deno task serve");
    // What can be wrong in the configuration comes before what may be wrong around us, and what takes long.
    this.#certificates = await readCertificates(config, realWorld.now);
    for (const { protocol, address } of config.listeners) {
      await checkFree(address).catch((error) => {
        throw cannotListen(protocol, address, error);
      });
    }
    this.#database = await openNodeDatabase(config, this.#emit);
    this.#fence = new Fence(workerRights(config, this.#database.address, this.#script));
    // The HTTP listener is there first, so that /healthz says 503 rather than nothing.
    const https = config.listeners.map((listener) =>
      listener.protocol === "http" ? this.#listenHttp(listener.address) : undefined
    );
    this.#collecting = collectAtTimes();
    const count = config.workers ?? availableParallelism();
    this.#maxConnections = maxConnectionsFor(await descriptorLimit(), count);
    await this.#addWorkers(count);
    const listeners = config.listeners.map(({ protocol }, i) => ({
      protocol,
      address: https[i]?.address ?? this.#listening[i] ?? "",
    }));
    return { listeners, hasAccounts: await this.#database.hasAccounts() };
  }

  /** Drains and ends: no new connections, running transactions finish, sessions are told good-bye. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers.map((worker) => worker.drain(DRAIN_MS)));
    this.#collecting?.[Symbol.dispose]();
    this.#fence?.[Symbol.dispose]();
    await Promise.all(this.#http.map((server) => server.close()));
    await this.#database?.close();
    this.#lock?.[Symbol.dispose]();
    this.#workers = [];
    this.#http = [];
    this.#database = undefined;
    this.#fence = undefined;
    this.#lock = undefined;
  }

  /** Reads configuration and certificates again; no connection is dropped. Keeps the old ones on an error. */
  reload(): Promise<void> {
    // One after the other: two at once could leave workers with different settings.
    return this.#reloading = this.#reloading.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    if (this.#stopping) return;
    try {
      const config = loadConfig(this.#source);
      const certificates = await readCertificates(config, realWorld.now);
      const { ignored, merged } = needsRestart(this.#config, config);
      await Promise.all(this.#workers.map((worker) => worker.reload(merged, certificates)));
      this.#config = merged;
      this.#certificates = certificates;
      this.#emit("node.reload", { ignored: ignored.join(", ") });
    } catch (error) {
      this.#emit("node.reload.failed", { error: (error as Error).message });
    }
  }

  #listenHttp(address: string): HttpServer {
    const parsed = parseAddress(address);
    // The configuration's schema lets no unix socket through.
    if ("path" in parsed) throw new TypeError(`Cannot listen for http on ${address}: use host:port`);
    const server = serveHttp(parsed.host, parsed.port, {
      trouble: () => this.#trouble(),
      metrics: () => this.#metrics(),
    });
    this.#http.push(server);
    return server;
  }

  async #trouble(): Promise<string | undefined> {
    if (this.#stopping) return "draining";
    const wanted = this.#config.workers ?? availableParallelism();
    const ready = this.#workers.filter((worker) => worker.isListening).length;
    if (ready < wanted) return `${ready} of ${wanted} workers accept connections`;
    return await this.#database?.answers() ? undefined : "the database does not answer";
  }

  async #metrics(): Promise<string> {
    const snapshots = await Promise.all(this.#workers.map((worker) => worker.metrics()));
    const { rss, heapUsed } = Deno.memoryUsage();
    return await metricsText(snapshots.filter((snapshot) => snapshot !== undefined), {
      process_resident_memory_bytes: {
        help: "Resident memory of the server, without PostgreSQL",
        value: rss,
      },
      malleposte_supervisor_heap_bytes: {
        help: "JavaScript heap in use by the thread that holds the workers, garbage with it",
        value: heapUsed,
      },
      malleposte_workers: { help: "Workers that accept connections", value: this.#workers.length },
      ...await this.#queueFigures.read(this.#database?.database),
    });
  }

  /** Starts them side by side, unless a port is 0: then the first one says which it is. @throws Error the first one's. */
  async #addWorkers(count: number): Promise<void> {
    const isOpen = this.#config.listeners.some(({ address }) => address.endsWith(":0"));
    if (isOpen) await this.#addWorker(1);
    const first = isOpen ? 2 : 1;
    const started = await Promise.allSettled(
      Array.from({ length: count - first + 1 }, (_, i) => this.#addWorker(first + i)),
    );
    for (const one of started) if (one.status === "rejected") throw one.reason;
  }

  async #addWorker(number: number, deaths = 0): Promise<void> {
    const worker = new WorkerHandle(
      {
        number,
        first: number === 1,
        workers: this.#config.workers ?? availableParallelism(),
        config: this.#withPorts(),
        database: this.#database!.address,
        node: this.#node,
        certificates: this.#certificates,
        maxConnections: this.#maxConnections,
      },
      this.#fence!,
      this.#script,
    );
    this.#workers.push(worker);
    void worker.ended.then((error) => this.#replace(worker, number, error, deaths));
    const listening = await worker.listening();
    // Unix sockets are the first one's alone.
    if (number === 1) this.#listening = listening;
    this.#emit("node.worker.started", { worker: number });
  }

  /** The configuration with the ports that the first worker was given. */
  #withPorts(): Config {
    const listeners = this.#config.listeners.map((listener, i) => {
      const address = this.#listening[i];
      return address === undefined ? listener : { ...listener, address };
    });
    return { ...this.#config, listeners };
  }

  async #replace(worker: WorkerHandle, number: number, error: string, deaths: number): Promise<void> {
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (this.#stopping || !worker.wasListening) return;
    this.#emit("node.worker.died", { worker: number, error });
    const soon = worker.ageMs < 60_000 ? deaths + 1 : 0;
    for (let attempt = soon; !this.#stopping; attempt++) {
      const pause = RESTART_PAUSES_MS[Math.min(attempt, RESTART_PAUSES_MS.length - 1)]!;
      await new Promise((wake) => setTimeout(wake, pause));
      if (this.#stopping) return;
      const started = await this.#addWorker(number, attempt).then(() => true, () => false);
      if (started) return;
    }
  }
}

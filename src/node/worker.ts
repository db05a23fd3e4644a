/** A connection worker: binds every listening port itself, so that the kernel spreads the connections. */
import { getHeapStatistics } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import type { Config } from "../config/mod.ts";
import type { Conn } from "../core/conn.ts";
import { type Emit, emitBug } from "../core/events.ts";
import type { OutboundDoor } from "../core/outbound.ts";
import { realWorld } from "../core/world.ts";
import { createDirectory, type DirectoryServices, type ThrottleNote } from "../directory/mod.ts";
import { MessageUrls } from "../imap/mod.ts";
import {
  type AddressBook,
  ConnectionBudget,
  dial,
  formatAddress,
  listen,
  type Listener,
  LocalAddressBook,
  type NetLimits,
  TlsContextHolder,
} from "../net/mod.ts";
import { createEmitter } from "../observe/mod.ts";
import { Tracer } from "../queue/mod.ts";
import { BroadcastBus, createStore, NodeLink, type Store } from "../store/mod.ts";
import { openDatabase } from "../store/pg/database.ts";
import { openDoor } from "../store/pg/wire/mod.ts";
import { cannotListen } from "./cannot_listen.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./messages.ts";
import { ROLES } from "./protocols.ts";
import { NodeQueue } from "./queue.ts";
import { tokenIssuer } from "./token_issuer.ts";

const start = workerData as WorkerStart;
const { emit: write, metrics } = createEmitter(start.config.log, { worker: start.number });
let tracer: Tracer | undefined;
const emit: Emit = (name, fields) => {
  write(name, fields);
  tracer?.event(name, fields);
};
const say = (message: FromWorker) => parentPort!.postMessage(message);

/** Unhandled rejections and exceptions are bugs of ours: said, counted, and never the end of other connections. */
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  emitBug(emit, "unhandled rejection", event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  emitBug(emit, "uncaught exception", event.error);
});

/**
 * A full heap does not always end the thread: where it happens behind an `await`, the runtime drops what ran
 * there, never settles its promises, raises the limit by half and goes on. Such a worker is not to be trusted.
 */
const HEAP_WATCH_MS = 250;
const heapLimit = getHeapStatistics().heap_size_limit;
setInterval(() => {
  if (getHeapStatistics().heap_size_limit > heapLimit) say({ kind: "failed", error: "the heap was full" });
}, HEAP_WATCH_MS);

/** Between two looks for what nobody needs any more. */
const SWEEP_MS = 10 * 60_000;

/** What runs in this thread. */
class NodeWorker {
  #config: Config = start.config;
  readonly #certificates = new TlsContextHolder(start.certificates);
  readonly #draining = new AbortController();
  readonly #books = new Map<string, AddressBook>();
  readonly #listeners: (Listener | undefined)[] = [];

  private constructor(
    private readonly store: Store,
    private readonly directory: DirectoryServices,
    private readonly queue: NodeQueue | undefined,
    private readonly outbound: OutboundDoor | undefined,
    private readonly closeDatabase: () => Promise<void>,
  ) {}

  static async start(): Promise<NodeWorker> {
    const { config, database: address } = start;
    const database = openDatabase(address, { connections: 3 });
    const door = openDoor(dial, address, { shared: config.database.connections, exclusive: 4 });
    const { limits, auth } = config;
    // On the embedded database there is no other node, but commands that bring mail in (`mail import`).
    const link = new NodeLink(address, start.node, address.kind === "url");
    if (config.queue.trace) tracer = new Tracer(door, write, limits.queue);
    const queue = config.queue.send ? await NodeQueue.open(config, database, emit) : undefined;
    const store = createStore({
      door,
      database,
      world: realWorld,
      emit,
      // The protocols hold limits.message_size, which a reload may raise.
      limits: { ...limits.store, messageOctets: Infinity },
      relaxedFlags: config.store.flags === "relaxed",
      charset: config.store.charset,
      buses: [new BroadcastBus(), link],
      life: () => link.life,
      indexer: start.first,
      ...(start.first ? { sweepEveryMs: SWEEP_MS } : {}),
      ...(queue === undefined ? {} : { queue: queue.settings }),
      traced: tracer?.delivered,
    });
    const guesses = new BroadcastChannel("malleposte.guesses");
    const directory = createDirectory({
      door,
      database,
      hostname: config.hostname,
      world: realWorld,
      emit,
      allowPlaintext: auth.allow_plaintext,
      detailSeparator: auth.detail_separator,
      oauth: tokenIssuer(config),
      exempt: limits.exempt,
      share: (note) => guesses.postMessage(note),
      limits: {
        directory: limits.directory,
        // The limit is for the node: each worker hashes for itself.
        hash: { ...limits.hash, threads: Math.max(1, Math.floor(limits.hash.threads / start.workers)) },
        throttle: limits.throttle,
        verifyCache: limits.verify_cache,
      },
    });
    guesses.onmessage = (event: MessageEvent<ThrottleNote>) => directory.hear(event.data);
    const outbound = queue?.start({
      door,
      store,
      directory: directory.directory,
      hostname: config.hostname,
      number: start.number,
      workers: start.workers,
    });
    const worker = new NodeWorker(store, directory, queue, outbound, async () => {
      guesses.close();
      await directory[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await tracer?.close();
      await door[Symbol.asyncDispose]();
      await database.destroy();
    });
    await worker.#listen();
    return worker;
  }

  /** Where each of the configuration's listeners listens; undefined for those that are not ours. */
  get addresses(): readonly (string | undefined)[] {
    return this.#listeners.map((listener) =>
      listener === undefined ? undefined : formatAddress(listener.address)
    );
  }

  async take(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case "reload":
        return this.#reload(message);
      case "drain":
        return await this.#drain(message.withinMs);
      case "metrics":
        metrics.heap(start.number, Deno.memoryUsage().heapUsed);
        return say({ kind: "metrics", id: message.id, snapshot: await metrics.snapshot() });
      default:
        return message satisfies never;
    }
  }

  async #listen(): Promise<void> {
    const budget = new ConnectionBudget(start.maxConnections);
    for (const { protocol, address, proxy } of this.#config.listeners) {
      // The kernel spreads TCP connections over all who bind a port; a unix socket has one owner.
      if (protocol === "http" || address.startsWith("unix:") && !start.first) {
        this.#listeners.push(undefined);
        continue;
      }
      const role = ROLES[protocol];
      const refusal = new TextEncoder().encode(role.refusal);
      this.#listeners.push(
        await listen({
          name: protocol,
          address,
          tls: role.tls,
          certificates: this.#certificates,
          alpn: role.alpn,
          askClient: role.askClient ?? false,
          ...(proxy === undefined ? {} : { proxy }),
          exempt: this.#config.limits.exempt,
          limits: this.#netLimits(protocol),
          budget,
          book: this.#book(protocol),
          reusePort: true,
          refusal: () => refusal,
          emit,
          handler: (conn) => this.#serve(protocol, conn),
        }).catch((error) => {
          throw cannotListen(protocol, address, error);
        }),
      );
    }
  }

  #netLimits(protocol: keyof typeof ROLES): Partial<NetLimits> {
    const { net } = this.#config.limits;
    const { connectionsPerAddress = 0 } = ROLES[protocol];
    return {
      ...net,
      maxConnections: start.maxConnections,
      connectionsPerAddress: Math.max(net.connectionsPerAddress, connectionsPerAddress),
    };
  }

  /** imap and imaps count an address's connections together, and so on. */
  #book(protocol: keyof typeof ROLES): AddressBook {
    const family = protocol.replace(/s$/, "");
    const book = this.#books.get(family) ?? new LocalAddressBook();
    this.#books.set(family, book);
    return book;
  }

  async #serve(protocol: keyof typeof ROLES, conn: Conn): Promise<void> {
    metrics.connection(protocol, 1);
    try {
      await ROLES[protocol].serve(conn, {
        hostname: this.#config.hostname,
        store: this.store,
        directory: this.directory.directory,
        auth: this.directory.authenticator,
        urls: this.#urls(),
        referrals: this.directory.referrals,
        world: realWorld,
        emit,
        startTlsOffered: ROLES[protocol].tls === "starttls",
        draining: this.#draining.signal,
        ...(this.outbound === undefined ? {} : { queue: this.outbound }),
      }, this.#config);
    } finally {
      metrics.connection(protocol, -1);
    }
  }

  /** What redeems URLs for submission; sessions of IMAP have their own. */
  #urls(): MessageUrls {
    const { authenticator: auth } = this.directory;
    const limits = this.#config.limits.imap.after_login;
    return new MessageUrls({
      store: this.store,
      auth,
      world: realWorld,
      limits: { ...limits, append: this.#config.limits.message_size },
      submissionUsers: [],
    });
  }

  #reload({ config, certificates }: Extract<ToWorker, { kind: "reload" }>): void {
    try {
      this.#certificates.reload(certificates);
      this.#config = config;
      config.listeners.forEach(({ protocol }, i) => {
        if (protocol !== "http") this.#listeners[i]?.setLimits(this.#netLimits(protocol));
      });
      say({ kind: "reloaded", error: undefined });
    } catch (error) {
      say({ kind: "reloaded", error: (error as Error).message });
    }
  }

  async #drain(withinMs: number): Promise<void> {
    const listeners = this.#listeners.filter((listener) => listener !== undefined);
    await Promise.all(listeners.map((listener) => listener.close()));
    this.#draining.abort();
    const late = setTimeout(() => listeners.forEach((listener) => listener.destroy()), withinMs);
    await Promise.all([...listeners.map((listener) => listener.drained()), this.queue?.drain(withinMs)]);
    clearTimeout(late);
    await this.closeDatabase();
    say({ kind: "drained" });
  }
}

try {
  const worker = await NodeWorker.start();
  parentPort!.on("message", (message: ToWorker) => void worker.take(message));
  say({ kind: "listening", addresses: worker.addresses });
} catch (error) {
  say({ kind: "failed", error: (error as Error).message });
  throw error;
}

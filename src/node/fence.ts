/**
 * Worker threads behind a fence: they may use the network, and of the files they may read their own program and
 * the few that they need. They may start no program, and write nothing but the sockets that they listen on.
 *
 * A thread of `node:worker_threads` has a heap limit of its own, but shares its maker's rights: what it gave up,
 * its maker would lose too. A Web Worker can be given rights of its own, but no heap limit. So a Web Worker with
 * the narrow rights (`fence_thread.ts`) makes the threads, and passes on what is said to them and by them.
 */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/mod.ts";
import type { DatabaseAddress } from "../store/pg/database.ts";
import { wireTarget } from "../store/pg/wire/address.ts";

/** To the thread that makes threads. */
export type ToFence =
  | {
    readonly kind: "start";
    readonly id: number;
    readonly script: string;
    readonly data: unknown;
    readonly heapMb: number;
  }
  | { readonly kind: "post"; readonly id: number; readonly message: unknown }
  | { readonly kind: "terminate"; readonly id: number };

/** From the thread that makes threads. */
export type FromFence =
  | { readonly kind: "message"; readonly id: number; readonly message: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: string }
  | { readonly kind: "exit"; readonly id: number; readonly code: number };

/** What a thread tells its maker. */
export interface ThreadListener {
  message(message: unknown): void;
  error(error: string): void;
  exit(code: number): void;
}

/** A running thread. */
export interface Thread {
  post(message: unknown): void;
  /** Resolves once it has ended. */
  terminate(): Promise<void>;
}

/** What threads behind the fence may do. Whatever is not named here, they may not. */
export interface Rights {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const SOURCE = fileURLToPath(new URL("../", import.meta.url));

/** The rights of connection workers: the sockets of the configuration, and what `net/` and `dns/` look at; `script`: what runs in them, where it is not ours. */
export function workerRights(config: Config, database: DatabaseAddress, script?: URL): Rights {
  const sockets = config.listeners.map(({ address }) => address).filter((address) =>
    address.startsWith("unix:")
  )
    .map((address) => address.slice("unix:".length));
  const { to } = wireTarget(database);
  if ("path" in to) sockets.push(to.path);
  const files = [
    "/etc/resolv.conf",
    "/dev/null",
    ...config.outbound.ca === undefined ? [] : [config.outbound.ca],
  ];
  const program = [SOURCE, ...script === undefined ? [] : [fileURLToPath(script)]];
  return { read: [...program, ...sockets, ...files.flatMap(withTarget)], write: sockets };
}

/** A file and what it is a link to: resolv.conf is one on many systems. */
function withTarget(file: string): string[] {
  try {
    const target = realpathSync(file);
    return target === file ? [file] : [file, target];
  } catch {
    return [file];
  }
}

/** Makes threads that have the same narrow rights. */
export class Fence implements Disposable {
  readonly #threads = new Map<number, ThreadListener>();
  #maker: Worker | undefined;
  #next = 0;

  constructor(private readonly rights: Rights) {}

  /** Starts a thread; its program must lie where its rights let it read. */
  start(script: URL, data: unknown, heapMb: number, listener: ThreadListener): Thread {
    const id = this.#next++;
    const ended = Promise.withResolvers<void>();
    this.#threads.set(id, {
      ...bound(listener),
      exit: (code) => {
        this.#threads.delete(id);
        listener.exit(code);
        ended.resolve();
      },
    });
    this.#maker ??= this.#makeMaker();
    this.#say({ kind: "start", id, script: script.href, data, heapMb });
    return {
      post: (message) => this.#say({ kind: "post", id, message }),
      terminate: async () => {
        if (!this.#threads.has(id)) return;
        this.#say({ kind: "terminate", id });
        await ended.promise;
      },
    };
  }

  [Symbol.dispose](): void {
    this.#maker?.terminate();
    this.#maker = undefined;
  }

  #say(message: ToFence): void {
    this.#maker?.postMessage(message);
  }

  #makeMaker(): Worker {
    const { read, write } = this.rights;
    const maker = new Worker(new URL("./fence_thread.ts", import.meta.url), {
      type: "module",
      deno: {
        permissions: {
          net: "inherit",
          env: "inherit",
          read: [...read],
          write: [...write],
          // Which addresses are ours (mail must not go to ourselves), and how a greeting names us.
          sys: ["networkInterfaces", "hostname"],
          run: false,
          ffi: false,
          import: false,
        },
      },
    });
    maker.onmessage = (event: MessageEvent<FromFence>) => this.#take(event.data);
    maker.onerror = (event) => {
      // Nothing but passing on happens there; should it fail, its threads are gone, and the next start makes anew.
      event.preventDefault();
      maker.terminate();
      if (this.#maker === maker) this.#maker = undefined;
      for (const listener of [...this.#threads.values()]) {
        listener.error(event.message);
        listener.exit(1);
      }
    };
    return maker;
  }

  #take(message: FromFence): void {
    const listener = this.#threads.get(message.id);
    switch (message.kind) {
      case "message":
        return listener?.message(message.message);
      case "error":
        return listener?.error(message.error);
      case "exit":
        return listener?.exit(message.code);
      default:
        return message satisfies never;
    }
  }
}

function bound(listener: ThreadListener): Pick<ThreadListener, "message" | "error"> {
  return { message: (message) => listener.message(message), error: (error) => listener.error(error) };
}

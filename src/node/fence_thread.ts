/** The thread whose rights the worker threads have (`fence.ts`): it makes them, and passes on what is said. */
import { Worker as Thread } from "node:worker_threads";
import { collectAtTimes } from "./collect.ts";
import type { FromFence, ToFence } from "./fence.ts";

/**
 * MiB of a worker's young generation, three of V8's semi-spaces. V8's own limit is 96: a busy worker fills it all
 * before it collects, and serves no quicker for it.
 */
const YOUNG_MIB = 12;

const here = globalThis as unknown as {
  postMessage(message: FromFence): void;
  onmessage: (event: MessageEvent<ToFence>) => void;
};
const threads = new Map<number, Thread>();
collectAtTimes();

here.onmessage = ({ data: message }) => {
  switch (message.kind) {
    case "start":
      return start(message);
    case "post":
      return threads.get(message.id)?.postMessage(message.message);
    case "terminate":
      return void threads.get(message.id)?.terminate();
    default:
      return message satisfies never;
  }
};

function start({ id, script, data, heapMb }: Extract<ToFence, { kind: "start" }>): void {
  try {
    const thread = new Thread(new URL(script), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    threads.set(id, thread);
    thread.on("message", (said: unknown) => here.postMessage({ kind: "message", id, message: said }));
    thread.on("error", (error: Error) => here.postMessage({ kind: "error", id, error: error.message }));
    thread.on("exit", (code: number) => {
      threads.delete(id);
      here.postMessage({ kind: "exit", id, code });
    });
  } catch (error) {
    here.postMessage({ kind: "error", id, error: (error as Error).message });
    here.postMessage({ kind: "exit", id, code: 1 });
  }
}

/** A worker like any other, but that a word on a channel is its death. */
import { workerData } from "node:worker_threads";
import "../../src/node/worker.ts";

const hoard: unknown[] = [];

new BroadcastChannel("mortal").onmessage = (event: MessageEvent<{ worker: number; how: string }>) => {
  const { worker, how } = event.data;
  if (worker !== workerData.number) return;
  if (how === "exit") Deno.exit(3);
  if (how === "throw") throw new Error("thrown by a callback");
  if (how === "reject") return void Promise.reject(new Error("rejected, and nobody looks"));
  // More than its heap: in many small objects, as a leak would be.
  for (;;) hoard.push({ at: hoard.length, text: `${hoard.length}`.repeat(4) });
};

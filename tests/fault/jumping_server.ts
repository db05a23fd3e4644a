/** `deno task serve --set …`, but that SIGUSR2 makes its workers' clocks jump: a day on, then three days back, and so on. */
import { serve } from "../../src/cli/serve.ts";
import { sourceOf } from "../../src/cli/source.ts";

const WORKER = new URL("./jumping_worker.ts", import.meta.url);
const DAY_MS = 86_400_000;
const channel = new BroadcastChannel("clock");
let jumps = 0;
Deno.addSignalListener("SIGUSR2", () => channel.postMessage([DAY_MS, -2 * DAY_MS, 0][jumps++ % 3]));

Deno.exit(await serve(sourceOf({ set: Deno.args.filter((word) => word !== "--set") }), WORKER));

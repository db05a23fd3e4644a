/** `deno task serve --set …`, but that SIGUSR2 is the death of one of its two workers, in turn. */
import { serve } from "../../src/cli/serve.ts";
import { sourceOf } from "../../src/cli/source.ts";

const WORKER = new URL("../node/mortal_worker.ts", import.meta.url);
const channel = new BroadcastChannel("mortal");
let kills = 0;
Deno.addSignalListener("SIGUSR2", () => channel.postMessage({ worker: 1 + kills++ % 2, how: "exit" }));

Deno.exit(await serve(sourceOf({ set: Deno.args.filter((word) => word !== "--set") }), WORKER));

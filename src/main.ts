/** Hands the arguments to `cli/` and its answer to the system. */
import { main } from "./cli/mod.ts";

Deno.exit(await main(Deno.args));

/** `deno task serve`: runs the server until a signal ends it. */
import { ConfigError, type ConfigSource, loadConfig } from "../config/mod.ts";
import { emitBug } from "../core/events.ts";
import { DataLocked } from "../node/lock.ts";
import { type NodeStarted, Supervisor } from "../node/supervisor.ts";
import { createEmitter } from "../observe/mod.ts";
import { VERSION } from "../core/version.ts";
import { EXIT } from "./exit.ts";

/**
 * Serves until SIGTERM or SIGINT; resolves with the exit code.
 *
 * @param script what runs in the workers, where it is not the node's own
 */
export async function serve(source: ConfigSource, script?: URL): Promise<number> {
  const began = performance.now();
  let config;
  try {
    config = loadConfig(source);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return EXIT.usage;
  }
  const { emit } = createEmitter(config.log);
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    emitBug(emit, "unhandled rejection", event.reason);
  });
  const supervisor = new Supervisor(config, source, emit, script);
  // From the first moment on: a signal during the start ends it in order too.
  const stopped = Promise.withResolvers<string>();
  const stop = { SIGTERM: () => stopped.resolve("SIGTERM"), SIGINT: () => stopped.resolve("SIGINT") };
  const reload = () => void supervisor.reload();
  Deno.addSignalListener("SIGTERM", stop.SIGTERM);
  Deno.addSignalListener("SIGINT", stop.SIGINT);
  Deno.addSignalListener("SIGHUP", reload);
  try {
    console.log(`malleposte ${VERSION}`);
    const started = await supervisor.start();
    print(started);
    emit("node.ready", { ms: Math.round(performance.now() - began) });
    const signal = await stopped.promise;
    emit("node.stop", { signal });
    const draining = performance.now();
    await supervisor.stop();
    emit("node.stopped", { ms: Math.round(performance.now() - draining) });
    return EXIT.done;
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(error.message);
      return EXIT.usage;
    }
    console.error(explain(error));
    return EXIT.refused;
  } finally {
    Deno.removeSignalListener("SIGTERM", stop.SIGTERM);
    Deno.removeSignalListener("SIGINT", stop.SIGINT);
    Deno.removeSignalListener("SIGHUP", reload);
  }
}

function print({ listeners, hasAccounts }: NodeStarted): void {
  for (const { protocol, address } of listeners) console.log(`  ${protocol.padEnd(12)} ${address}`);
  if (!hasAccounts) {
    console.log("There is no account yet. Make one in another terminal:");
    console.log("  deno task mail domain add example.test");
    console.log("  deno task mail account add you@example.test");
  }
  console.log("ready");
}

function explain(error: unknown): string {
  if (error instanceof DataLocked) {
    return `${error.message}; stop it first, or give this one another folder with --set data=…`;
  }
  return error instanceof Error ? error.message : String(error);
}

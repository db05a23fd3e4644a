/**
 * Watches for descriptor exhaustion. A listener of the runtime (Deno 2.9.6) whose accept() once failed with
 * EMFILE never accepts again and says nothing; closing it and listening anew repairs it. Nothing tells of
 * the failure, so the watchdog tries for descriptors itself, every second; when there were none and then
 * are some again, every listener of the thread is told to listen anew.
 *
 * BUGS: an exhaustion that comes and goes between two looks is not seen. `maxConnectionsFor` keeps it from
 * coming at all; this is the second fence.
 */
import { closeSync, openSync } from "node:fs";

/** Something that must listen anew after exhaustion. */
export interface Watched {
  /** Called once descriptors are there again. */
  recover(): void;
}

const watched = new Set<Watched>();
let timer: ReturnType<typeof setInterval> | undefined;
let exhausted = false;
let spare = 0;

/** Watches until the answer is disposed. The smallest period and the largest reserve of all callers hold. */
export function watch(one: Watched, watchMs: number, spareDescriptors: number): Disposable {
  watched.add(one);
  spare = Math.max(spare, spareDescriptors);
  timer ??= setInterval(look, watchMs);
  return {
    [Symbol.dispose]: () => {
      watched.delete(one);
      if (watched.size > 0 || timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      exhausted = false;
      spare = 0;
    },
  };
}

/** Says that a descriptor could not be had elsewhere: accepting may have failed for the same reason. */
export function suspectExhaustion(): void {
  exhausted = watched.size > 0;
}

/** True while the process is out of descriptors, as far as it was seen. */
export function isExhausted(): boolean {
  return exhausted;
}

function look(): void {
  if (!available(spare)) exhausted = true;
  else if (exhausted) {
    exhausted = false;
    for (const one of [...watched]) one.recover();
  }
}

/** True when `n` descriptors can be had; also when the process may not look (no right to read /dev/null). */
function available(n: number): boolean {
  const open: number[] = [];
  try {
    for (let i = 0; i < n; i++) open.push(openSync("/dev/null", "r"));
    return true;
  } catch (thrown) {
    const code = (thrown as { code?: string }).code;
    return code !== "EMFILE" && code !== "ENFILE";
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

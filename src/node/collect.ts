/**
 * Collecting garbage on threads that do little. V8 does that by itself, but not all of it: at one answer to `/metrics` a
 * minute the supervisor's heap rose for as long as `bench/soak.ts` ran, while what it keeps does not grow
 * (`bench/README.md`).
 */

/** Milliseconds between two collections; each takes some 20 (V8's `--trace-gc`), in which nobody waits but for figures. */
const EVERY_MS = 300_000;

/** Collects now and then until disposed; never where V8 runs without `--expose-gc` (deno.json). */
export function collectAtTimes(everyMs = EVERY_MS): Disposable {
  const { gc } = globalThis as { readonly gc?: () => void };
  const timer = gc === undefined ? undefined : setInterval(() => gc(), everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

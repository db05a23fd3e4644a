/**
 * Collecting garbage on threads that do little: V8 lets them be for hours, while every answer to `/metrics` leaves
 * some 70 KB behind, and reaches for memory that was never touched before (`bench/scrapes.ts`).
 */

/** Milliseconds between two collections; each takes some 20 (V8's `--trace-gc`), in which nobody waits but for figures. */
const EVERY_MS = 300_000;

/** Collects now and then until disposed; never where V8 runs without `--expose-gc` (deno.json). */
export function collectAtTimes(everyMs = EVERY_MS): Disposable {
  const { gc } = globalThis as { readonly gc?: () => void };
  const timer = gc === undefined ? undefined : setInterval(() => gc(), everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

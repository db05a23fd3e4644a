/** When a recipient is tried again. */
import type { QueueLimits } from "./limits.ts";

/**
 * Milliseconds until the next try after `attempts` tries (from 1): doubled each time, spread by a fifth to either
 * side so that what failed together does not come back together. `random`: 0 to 1.
 */
export function retryAfter(attempts: number, limits: QueueLimits, random: number): number {
  const doubled = limits.retryFirstMs * 2 ** Math.min(Math.max(attempts, 1) - 1, 30);
  return Math.round(Math.min(doubled, limits.retryMostMs) * (0.8 + 0.4 * random));
}

/** A random number from 0 to 1 of the world's octets. */
export function fraction(random: (n: number) => Uint8Array): number {
  const octets = random(4);
  return (octets[0]! << 16 | octets[1]! << 8 | octets[2]!) / 0xff_ffff;
}

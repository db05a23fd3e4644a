/** What comes from outside the program, as an argument, so that a test can say what it is. */
export interface World {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic milliseconds, for deadlines and durations. */
  readonly ticks: () => number;
  /** `n` octets that nobody can guess. */
  readonly random: (n: number) => Uint8Array;
}

/** The real clock and the system's random source. */
export const realWorld: World = {
  now: () => Date.now(),
  ticks: () => performance.now(),
  random: (n) => crypto.getRandomValues(new Uint8Array(n)),
};

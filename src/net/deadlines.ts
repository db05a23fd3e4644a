/** Something that may run out of time. Owned by its user; the wheel only keeps it in a slot. */
export interface Timed {
  /** When it is due, in `performance.now()` milliseconds; Infinity while it waits for nothing. */
  due: number;
  /** The slot it lies in; -1 while it lies in none. Written by the wheel only. */
  slot: number;
  /** Called once `due` has passed; may set `due` anew. */
  expired(now: number): void;
}

/** The wheel's step: deadlines are kept to within this many milliseconds, late and never early. */
export const TICK_MS = 100;

/**
 * Deadlines of all connections of a thread on one timer. Setting one writes a number; only a deadline that
 * comes nearer moves to another slot, so a read that renews its five minutes each time costs no timer.
 */
export class Deadlines {
  #slots = new Map<number, Set<Timed>>();
  #size = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #passed = 0;

  /** Deadlines in the wheel; the timer runs only while there are any. */
  get size(): number {
    return this.#size;
  }

  /** Sees to it that `timed.due` is kept. Call after `due` was brought nearer or set anew. */
  watch(timed: Timed): void {
    if (timed.due === Infinity) return;
    this.#run();
    const slot = Math.max(Math.ceil(timed.due / TICK_MS), this.#passed + 1);
    if (timed.slot !== -1) {
      if (timed.slot <= slot) return;
      this.#remove(timed);
    }
    this.#add(timed, slot);
  }

  /** Takes a deadline out, for good. */
  forget(timed: Timed): void {
    timed.due = Infinity;
    if (timed.slot !== -1) this.#remove(timed);
    this.#rest();
  }

  #run(): void {
    if (this.#timer !== undefined) return;
    this.#passed = Math.floor(performance.now() / TICK_MS) - 1;
    this.#timer = setInterval(() => this.#turn(), TICK_MS);
  }

  #add(timed: Timed, slot: number): void {
    let set = this.#slots.get(slot);
    if (set === undefined) this.#slots.set(slot, set = new Set());
    set.add(timed);
    timed.slot = slot;
    this.#size++;
  }

  #remove(timed: Timed): void {
    const set = this.#slots.get(timed.slot);
    if (set?.delete(timed)) {
      this.#size--;
      if (set.size === 0) this.#slots.delete(timed.slot);
    }
    timed.slot = -1;
  }

  #turn(): void {
    const now = performance.now();
    const until = Math.floor(now / TICK_MS);
    // After a long sleep of the machine there may be more ticks than slots: then walk the slots.
    const late = until - this.#passed > this.#slots.size + 16
      ? [...this.#slots.keys()].filter((slot) => slot <= until).sort((a, b) => a - b)
      : undefined;
    if (late !== undefined) { for (const slot of late) this.#empty(slot, now); }
    else for (let slot = this.#passed + 1; slot <= until; slot++) this.#empty(slot, now);
    this.#passed = until;
    this.#rest();
  }

  #empty(slot: number, now: number): void {
    const set = this.#slots.get(slot);
    if (set === undefined) return;
    this.#slots.delete(slot);
    this.#size -= set.size;
    for (const timed of set) {
      // Another's `expired` may have taken it out or moved it.
      if (timed.slot !== slot) continue;
      timed.slot = -1;
      if (timed.due <= now) timed.expired(now);
      // It was put off: it goes to a later slot, never into the set being walked.
      if (timed.slot === -1) this.watch(timed);
    }
  }

  #rest(): void {
    if (this.#size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The thread's wheel. */
export const deadlines: Deadlines = new Deadlines();

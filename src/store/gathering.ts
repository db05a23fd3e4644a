/** Milliseconds that one waits for company at most; less where a commit is quicker. */
const PATIENCE_MS = 5;
/** Weight of the last commit in the mean of how long one takes. */
const WEIGHT = 1 / 8;
/** Commits that go at once after a wait that was for nothing; doubled each time that it happens again. */
const FIRST_PENANCE = 4, LONGEST_PENANCE = 256;

/**
 * Says whether the next commit waits a moment for deliveries (or changes of flags) that are likely to come, as
 * PostgreSQL's commit_delay does. Senders who wait for the same commit send their next messages together; without it the
 * first of them would get a commit of its own, in which the others find the lane taken, and so on for ever: half of the
 * batches with one message. A commit costs as much as some fifteen messages in it.
 *
 * Nothing waits that came to an idle lane with nobody else about: as many are waited for as took part in the last
 * commit or stood behind it. A wait ends as soon as they are there, and waits that were for nothing become rare.
 */
export class Gathering {
  readonly #go: () => void;
  /** Deliveries that took part in the last commit or waited behind it. */
  #company = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #commitMs = 1;
  /** Commits that go at once yet. */
  #penance = 0;
  #nextPenance = FIRST_PENANCE;

  /** @param go called when a wait is over */
  constructor(go: () => void) {
    this.#go = go;
  }

  /** True when the `waiting` deliveries should wait for more; `go` is called later then. */
  holds(waiting: number): boolean {
    if (this.#over || waiting >= this.#company || this.#penance > 0) return false;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#over = true;
      this.#go();
    }, Math.min(this.#commitMs, PATIENCE_MS));
    return true;
  }

  /** A commit of `taken` deliveries begins. */
  begin(taken: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#penance > 0) this.#penance--;
    else if (this.#over && taken < this.#company) {
      this.#penance = this.#nextPenance;
      this.#nextPenance = Math.min(this.#nextPenance * 2, LONGEST_PENANCE);
    } else if (taken > 1) this.#nextPenance = FIRST_PENANCE;
    this.#over = false;
  }

  /** A commit of `taken` deliveries is over, after `ms`; `waiting` came meanwhile. */
  end(taken: number, waiting: number, ms: number): void {
    this.#commitMs += (ms - this.#commitMs) * WEIGHT;
    this.#company = taken + waiting;
  }
}

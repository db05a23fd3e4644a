/** Who sends what in a node of several workers, and how they tell each other that there is work. */

/** Lanes that one message names; with more, the others look for themselves. */
const NAMED = 100;
/** Milliseconds that a message waits for others: it costs more than what it tells. */
const PAUSE = 4;

/** Each lane belongs to one worker of the node, so that its connections are counted in one place. */
export class LaneShare {
  readonly #number: number;
  readonly #workers: number;

  /** `number`: from 1. */
  constructor(number: number, workers: number) {
    this.#number = number;
    this.#workers = workers;
  }

  /** True for this worker's lanes. */
  isMine(lane: string): boolean {
    if (this.#workers === 1) return true;
    let hash = 0x811c9dc5;
    for (let i = 0; i < lane.length; i++) hash = Math.imul(hash ^ lane.charCodeAt(i), 0x01000193);
    return (hash >>> 0) % this.#workers === this.#number - 1;
  }
}

/** Tells the other workers of the process which lanes have work; a hint only, since all look now and then. */
export class WakeChannel implements Disposable {
  readonly #channel: BroadcastChannel;
  readonly #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `woken`: called with what another worker says; undefined is any lane. */
  constructor(woken: (lanes: readonly string[] | undefined) => void, name = "malleposte.queue") {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event: MessageEvent<readonly string[] | null>) =>
      woken(event.data ?? undefined);
  }

  tell(lanes: readonly string[]): void {
    for (const lane of lanes) if (this.#waiting.size <= NAMED) this.#waiting.add(lane);
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#send(), PAUSE);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#channel.close();
  }

  #send(): void {
    this.#timer = undefined;
    this.#channel.postMessage(this.#waiting.size > NAMED ? null : [...this.#waiting]);
    this.#waiting.clear();
  }
}

import type { ChangeNotice } from "../core/store.ts";
import type { Bus } from "./changes.ts";

/**
 * Milliseconds between two messages to the other threads: one costs more CPU than all else that is done about a
 * commit, so under load it carries many notices. The first after a silence goes at once: somebody in IDLE waits.
 */
const PAUSE = 4;

/** The workers of one process tell each other over a BroadcastChannel of this name. */
export class BroadcastBus implements Bus {
  readonly #channel: BroadcastChannel;
  /** The newest notice of each mailbox that waits. */
  readonly #waiting = new Map<string, ChangeNotice>();
  /** Runs for `PAUSE` after each message. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(name = "malleposte.changes") {
    this.#channel = new BroadcastChannel(name);
  }

  connect(receive: (notices: readonly ChangeNotice[]) => void): void {
    this.#channel.onmessage = (event: MessageEvent<readonly ChangeNotice[]>) => receive(event.data);
  }

  publish(notices: readonly ChangeNotice[]): void {
    for (const notice of notices) {
      const key = `${notice.account}:${notice.mailbox ?? 0}`;
      const before = this.#waiting.get(key);
      if (before === undefined || before.modSeq < notice.modSeq) this.#waiting.set(key, notice);
    }
    if (this.#timer === undefined) this.#send();
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#waiting.size > 0) this.#channel.postMessage([...this.#waiting.values()]);
    this.#channel.close();
    return Promise.resolve();
  }

  #send(): void {
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const notices = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#channel.postMessage(notices);
    this.#timer = setTimeout(() => this.#send(), PAUSE);
  }
}

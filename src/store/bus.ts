import type { ChangeNotice } from "../core/store.ts";
import type { Bus } from "./changes.ts";

/**
 * Milliseconds that a notice may wait for others: a message to another thread costs more CPU than all else that
 * is done about a commit, so under load one carries many notices.
 */
const PAUSE = 4;

/** The workers of one process tell each other over a BroadcastChannel of this name. */
export class BroadcastBus implements Bus {
  readonly #channel: BroadcastChannel;
  /** The newest notice of each mailbox that waits. */
  readonly #waiting = new Map<string, ChangeNotice>();
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
    this.#timer ??= setTimeout(() => this.#send(), PAUSE);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) this.#send();
    this.#channel.close();
    return Promise.resolve();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const notices = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#channel.postMessage(notices);
  }
}

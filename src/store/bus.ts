import type { ChangeNotice } from "../core/store.ts";
import type { Bus } from "./changes.ts";

/** The workers of one process tell each other over a BroadcastChannel of this name. */
export class BroadcastBus implements Bus {
  readonly #channel: BroadcastChannel;

  constructor(name = "malleposte.changes") {
    this.#channel = new BroadcastChannel(name);
  }

  connect(receive: (notices: readonly ChangeNotice[]) => void): void {
    this.#channel.onmessage = (event: MessageEvent<readonly ChangeNotice[]>) => receive(event.data);
  }

  publish(notices: readonly ChangeNotice[]): void {
    this.#channel.postMessage(notices);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#channel.close();
    return Promise.resolve();
  }
}

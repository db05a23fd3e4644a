/** Answers on their way to the client. */
import { free } from "../bytes/free.ts";
import { Gather } from "../bytes/gather.ts";
import type { Conn } from "../core/conn.ts";
import type { Output } from "./commands/context.ts";

/** Gathers answers so that pipelined commands share one write; whoever awaits it is held back by the client. */
export class Outgoing implements Output {
  readonly gather: Gather = new Gather();

  #conn: Conn;
  /** Octets that are ours alone, among those that were gathered. */
  #given: Uint8Array[] = [];

  constructor(conn: Conn, readonly most: number) {
    this.#conn = conn;
  }

  use(conn: Conn): void {
    this.#conn = conn;
  }

  give(octets: Uint8Array): void {
    this.gather.octets(octets);
    this.#given.push(octets);
  }

  breathe(): Promise<void> {
    return this.gather.size < this.most ? Promise.resolve() : this.flush();
  }

  flush(): Promise<void> {
    if (this.gather.size === 0) return Promise.resolve();
    const sent = this.#conn.write(this.gather.take());
    return this.#given.length === 0 ? sent : this.#freeAfter(sent);
  }

  async #freeAfter(sent: Promise<void>): Promise<void> {
    const given = this.#given;
    this.#given = [];
    await sent;
    given.forEach(free);
  }
}

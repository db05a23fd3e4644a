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
  /** Writes that are not known to have ended well. */
  #writing = 0;

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
    return this.#sent(this.#conn.write(this.gather.take()));
  }

  async #sent(write: Promise<void>): Promise<void> {
    const given = this.#given;
    if (given.length > 0) this.#given = [];
    this.#writing++;
    await write;
    given.forEach(free);
    if (--this.#writing === 0) this.gather.reuse();
  }
}

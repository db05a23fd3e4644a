/** Answers on their way to the client. */
import { Gather } from "../bytes/gather.ts";
import type { Conn } from "../core/conn.ts";
import type { Output } from "./commands/context.ts";

/** Gathers answers so that pipelined commands share one write; whoever awaits it is held back by the client. */
export class Outgoing implements Output {
  readonly gather: Gather = new Gather();

  #conn: Conn;

  constructor(conn: Conn, readonly most: number) {
    this.#conn = conn;
  }

  use(conn: Conn): void {
    this.#conn = conn;
  }

  breathe(): Promise<void> {
    return this.gather.size < this.most ? Promise.resolve() : this.flush();
  }

  flush(): Promise<void> {
    return this.gather.size === 0 ? Promise.resolve() : this.#conn.write(this.gather.take());
  }
}

/** A connection of somebody who does not keep to the rules, from an address of their own. */
import { connect, type Socket } from "node:net";

/** A peer at 127.x.y.z: the loopback network has as many addresses as anybody needs. */
export class Peer implements Disposable {
  #text = "";
  #over = false;
  #wake: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.on("data", (octets: Uint8Array) => {
      this.#text = (this.#text + new TextDecoder("latin1").decode(octets)).slice(-4096);
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#over = true;
      this.#wake();
    });
  }

  static open(port: number, from: string): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress: from });
      socket.once("connect", () => resolve(new Peer(socket)));
      socket.once("error", reject);
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Writes whatever the server makes of it; waits while the kernel takes no more. @throws Error once it has closed. */
  async send(text: string): Promise<void> {
    if (this.#over) throw new Error("closed");
    if (this.socket.write(text, "latin1")) return;
    await new Promise<void>((resolve) => this.socket.once("drain", resolve).once("close", () => resolve()));
  }

  /** Waits for an answer; what came before is forgotten. @throws Error once the server has closed. */
  async ask(text: string, wanted: RegExp): Promise<void> {
    this.#text = "";
    await this.send(text);
    while (!wanted.test(this.#text)) {
      if (this.#over) throw new Error("closed");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Reads no more. */
  deaf(): void {
    this.socket.pause();
  }

  /** Waits until the server closes, at most so long. */
  async closed(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (!this.#over && performance.now() < end) await pause(100);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, ms));
}

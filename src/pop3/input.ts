import { type Conn, ConnError } from "../core/conn.ts";
import type { World } from "../core/world.ts";
import { type LineLimits, LineParser } from "./parser.ts";

/** What came instead of, or as, the next line. */
export type Incoming =
  /** A view that is valid until the next call. */
  | { readonly kind: "line"; readonly line: Uint8Array }
  | { readonly kind: "fault"; readonly rule: "line-too-long" | "bare-lf"; readonly fatal: boolean }
  | { readonly kind: "end" | "idle" | "drain" };

const END = { kind: "end" } as const;
const IDLE = { kind: "idle" } as const;
const DRAIN = { kind: "drain" } as const;

/** Lines from a connection, with a deadline for each and an ear for the drain. */
export class Input implements Disposable {
  #parser: LineParser;
  #interrupt: (() => void) | undefined;
  readonly #onDrain = () => this.#interrupt?.();

  constructor(
    private readonly conn: Conn,
    private readonly limits: LineLimits,
    private readonly world: World,
    private readonly draining: AbortSignal,
  ) {
    this.#parser = new LineParser(limits);
    draining.addEventListener("abort", this.#onDrain);
  }

  /** True when nothing waits behind the last line: what STLS demands. */
  get drained(): boolean {
    return this.#parser.pending === 0 && this.conn.buffered === 0;
  }

  /** Forgets what is held: after STLS nothing from before counts. */
  reset(): void {
    this.#parser = new LineParser(this.limits);
  }

  /**
   * The next line, whole before `deadline` (in ticks): a client that sends octet by octet wins no time.
   * `flush` is awaited before the network is waited on, never between pipelined lines.
   *
   * @throws ConnError when the connection is broken.
   */
  async next(deadline: number, flush: () => Promise<void>): Promise<Incoming> {
    for (;;) {
      if (this.draining.aborted) return DRAIN;
      const step = this.#parser.next();
      if (step.kind === "item") return { kind: "line", line: step.value };
      if (step.kind === "fault") {
        const rule = step.fault.rule === "bare-lf" ? "bare-lf" : "line-too-long";
        return { kind: "fault", rule, fatal: step.fault.fatal };
      }
      await flush();
      const left = deadline - this.world.ticks();
      if (left <= 0) return IDLE;
      const octets = await this.#read(left);
      if (!(octets instanceof Uint8Array)) return octets;
      this.#parser.push(octets);
    }
  }

  /** One read, given up when the server drains: what it reads then is nobody's. */
  async #read(timeoutMs: number): Promise<Uint8Array | Incoming> {
    if (this.draining.aborted) return DRAIN;
    try {
      return await new Promise<Uint8Array | Incoming>((resolve, reject) => {
        this.#interrupt = () => resolve(DRAIN);
        this.conn.read(timeoutMs).then((octets) => resolve(octets ?? END), reject);
      });
    } catch (thrown) {
      if (thrown instanceof ConnError && thrown.reason === "timeout") return IDLE;
      throw thrown;
    } finally {
      this.#interrupt = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.draining.removeEventListener("abort", this.#onDrain);
  }
}

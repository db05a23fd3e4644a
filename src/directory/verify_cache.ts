/**
 * Remembers passwords that were right, for minutes, so that clients that reconnect all the time do not cost a
 * hash each. The key is an HMAC (its own secret a process) over the stored hash and the password: nothing in
 * memory tells a password, and a changed password never finds an old entry.
 */
import { createHmac } from "node:crypto";
import type { World } from "../core/world.ts";
import { BoundedMap } from "./bounded_map.ts";
import { VERIFY_CACHE_LIMITS, type VerifyCacheLimits } from "./limits.ts";

/** The memory of right passwords. */
export class VerifyCache {
  readonly #until: BoundedMap<string, number>;
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #secret: Uint8Array;
  readonly #limits: VerifyCacheLimits;

  constructor(private readonly world: World, limits: Partial<VerifyCacheLimits> = {}) {
    this.#limits = { ...VERIFY_CACHE_LIMITS, ...limits };
    this.#until = new BoundedMap(this.#limits.entries);
    this.#secret = world.random(32);
  }

  /**
   * True when this password was right for this stored hash within the last minutes, or `verify` says so, which is
   * remembered then. A client that opens many connections at once costs one hash: who asks the same while it runs is
   * told what comes of it.
   */
  async check(stored: string, password: string, verify: () => Promise<boolean>): Promise<boolean> {
    const key = this.#key(stored, password);
    if (this.#knows(key)) return true;
    let running = this.#running.get(key);
    if (running === undefined) {
      running = verify().then((right) => {
        if (right) this.#remember(key);
        return right;
      }).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return await running;
  }

  /** Remembers a password that was right; the time runs from now and using it does not extend it. */
  add(stored: string, password: string): void {
    this.#remember(this.#key(stored, password));
  }

  #knows(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (this.world.ticks() < until) return true;
    this.#until.delete(key);
    return false;
  }

  #remember(key: string): void {
    this.#until.set(key, this.world.ticks() + this.#limits.ttlMs);
  }

  #key(stored: string, password: string): string {
    return createHmac("sha256", this.#secret).update(`${stored}\0${password}`).digest("base64");
  }
}

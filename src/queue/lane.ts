/** One way out, as a worker sees it. */
import type { QueueLimits } from "./limits.ts";
import type { Taken, Unit } from "./work.ts";
import { Window } from "./window.ts";

/** What waits and runs in a lane. */
export class Lane {
  readonly window: Window;
  readonly units: Unit[] = [];
  /** Connections that are open or being opened. */
  running = 0;
  /** Connections that wait for a unit; called with undefined, they end. */
  readonly idle: ((unit: Unit | undefined) => void)[] = [];
  /** There may be more in the database. */
  more = true;
  /** It is being asked for. */
  asked = false;
  /** How often it was blocked in a row, as far as is known. */
  failures = 0;
  /** The sender who had the last turn. */
  after = "";

  constructor(readonly name: string, limits: QueueLimits) {
    this.window = new Window(limits);
  }

  /** How many recipients to ask for; 0: enough are here. */
  wanted(limits: QueueLimits): number {
    if (!this.more || this.asked || this.units.length >= this.window.size) return 0;
    return Math.min(limits.takeRows, Math.max(4, this.window.size * 4));
  }

  /** Takes what was asked for; `wanted` of it. */
  took(taken: Taken | undefined, wanted: number, limits: QueueLimits): void {
    if (taken === undefined) {
      // Perhaps only the senders behind the last one have nothing.
      this.more = this.after !== "";
      this.after = "";
      return;
    }
    this.units.push(...taken.units);
    this.failures = taken.failures;
    const round = taken.senders.size >= limits.takeSenders ? [...taken.senders].sort().at(-1)! : "";
    // A blocked lane gives one, to try; a round that did not begin at the first sender may have missed some.
    this.more = taken.failures === 0 && (taken.recipients >= wanted || this.after !== "" || round !== "");
    this.after = round;
  }

  /** True when there is nothing to remember but how well it went. */
  get isQuiet(): boolean {
    return !this.more && !this.asked && this.running === 0 && this.units.length === 0;
  }
}

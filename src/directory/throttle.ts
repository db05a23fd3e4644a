/**
 * Slows down those who guess passwords, without harm to those who know theirs.
 *
 * An address that was wrong too often in a minute or a day is refused before anything is looked up. An
 * account that was guessed at too often gets slow for strangers; it is never locked, and addresses that
 * logged in to it before do not notice. Names that do not exist are treated like those that do.
 */
import { createHmac } from "node:crypto";
import type { World } from "../core/world.ts";
import { BoundedMap } from "./bounded_map.ts";
import { THROTTLE_LIMITS, type ThrottleLimits } from "./limits.ts";
import { guesserOf, networkTest } from "./networks.ts";

/** What one worker tells the others; plain data. */
export interface ThrottleNote {
  readonly outcome: "right" | "wrong";
  /** From `guesserOf`. */
  readonly guesser: string;
  readonly user: string;
  /** The same wrong password as a moment ago: it counts for the minute only. */
  readonly repeated: boolean;
}

/** How a throttle is set up. */
export interface ThrottleOptions {
  readonly world: World;
  readonly limits?: Partial<ThrottleLimits>;
  /** Networks without limits, e.g. `127.0.0.0/8`. */
  readonly exempt?: readonly string[];
  /** Called with what the other workers should hear. */
  readonly share?: (note: ThrottleNote) => void;
  /** Waits; setTimeout when left out. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** The right to try one password. Settle it, whatever happens. */
export interface Permit {
  /** `void`: nothing was found out (busy, unavailable, broken exchange). */
  settle(outcome: "right" | "wrong" | "void"): void;
  /**
   * How much speaks against this attempt, as of now; who has less goes first where attempts wait. -1: nothing, and
   * somebody logged in to the account from there before. More than 0: the address was wrong within a day, or strangers
   * try the account more often than its owner's devices would.
   */
  suspicion(): number;
}

interface Window {
  start: number;
  count: number;
}

interface Guesser {
  readonly minute: Window;
  readonly day: Window;
  /** Attempts that are not settled yet: each may turn out wrong. */
  open: number;
  /** Attempts that wait for an open one to settle. */
  waiting: (() => void)[];
  /** HMACs of the last wrong pairs of name and password. */
  readonly recent: string[];
}

interface Guessed {
  readonly hour: Window;
  waiting: number;
  /** Attempts of strangers that are not settled yet. */
  open: number;
}

const MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;

/** Wrong pairs of name and password remembered of each guesser: a device with an old password has one. */
const RECENT = 8;

/** Attempts that somebody's devices make at once when they come to a new network. */
const DEVICES = 4;

/** Counts guesses and says who may try. */
export class Throttle {
  readonly #limits: ThrottleLimits;
  readonly #guessers: BoundedMap<string, Guesser>;
  readonly #guessed: BoundedMap<string, Guessed>;
  /** By account: where somebody logged in from before. */
  readonly #known: BoundedMap<string, Set<string>>;
  readonly #isExempt: (remote: string) => boolean;
  readonly #secret: Uint8Array;
  readonly #sleep: (ms: number) => Promise<void>;

  /** @throws TypeError when an exempt network is none. */
  constructor(private readonly options: ThrottleOptions) {
    this.#limits = { ...THROTTLE_LIMITS, ...options.limits };
    this.#guessers = new BoundedMap(this.#limits.entries);
    this.#guessed = new BoundedMap(this.#limits.entries);
    this.#known = new BoundedMap(this.#limits.entries);
    this.#isExempt = networkTest(options.exempt ?? []);
    this.#secret = options.world.random(32);
    this.#sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /**
   * Asks for one attempt; undefined when there were too many. May wait: for other attempts from there, which
   * could use up what is left, or because the account is being guessed at. `password` (none for SCRAM) tells
   * a device with an old password from a guesser.
   */
  async admit(remote: string, user: string, password?: string): Promise<Permit | undefined> {
    if (this.#isExempt(remote)) return { settle: () => {}, suspicion: () => -1 };
    const name = guesserOf(remote);
    const guesser = this.#guesser(name);
    if (!await this.#open(guesser)) return undefined;
    if (!await this.#slowDown(name, user)) {
      this.#close(guesser);
      return undefined;
    }
    const account = this.#account(user);
    const isStranger = !this.#isKnown(name, user);
    if (isStranger) account.open++;
    const pair = password === undefined
      ? undefined
      : createHmac("sha256", this.#secret).update(`${user}\0${password}`).digest("base64");
    return {
      suspicion: () => {
        const now = this.options.world.ticks();
        const wrong = rolled(guesser.day, now, DAY).count;
        if (this.#isKnown(name, user)) return wrong === 0 ? -1 : wrong;
        return Math.max(wrong, rolled(account.hour, now, HOUR).count + Math.max(0, account.open - DEVICES));
      },
      settle: (outcome) => {
        if (isStranger) account.open--;
        if (outcome !== "void") {
          const repeated = pair !== undefined && guesser.recent.includes(pair);
          const note = { outcome, guesser: name, user, repeated };
          this.hear(note);
          this.options.share?.(note);
          if (outcome === "wrong" && pair !== undefined && !repeated) {
            guesser.recent.push(pair);
            if (guesser.recent.length > RECENT) guesser.recent.shift();
          }
        }
        this.#close(guesser);
      },
    };
  }

  /** True when an attempt from there would be refused; asks for none. */
  refuses(remote: string): boolean {
    return !this.#isExempt(remote) && this.#left(this.#guesser(guesserOf(remote))) <= 0;
  }

  /** Takes in what another worker found out. */
  hear(note: ThrottleNote): void {
    const now = this.options.world.ticks();
    if (note.outcome === "right") {
      const known = this.#known.get(note.user) ?? new Set();
      known.delete(note.guesser);
      known.add(note.guesser);
      if (known.size > this.#limits.knownNetworks) known.delete(known.values().next().value!);
      this.#known.set(note.user, known);
      return;
    }
    const guesser = this.#guesser(note.guesser);
    rolled(guesser.minute, now, MINUTE).count++;
    if (note.repeated) return;
    rolled(guesser.day, now, DAY).count++;
    if (!this.#isKnown(note.guesser, note.user)) rolled(this.#account(note.user).hour, now, HOUR).count++;
  }

  /** Opens an attempt, in the same turn as it is found to be allowed; false when it is not. */
  async #open(guesser: Guesser): Promise<boolean> {
    for (;;) {
      const left = this.#left(guesser);
      if (left <= 0) return false;
      if (guesser.open < left) {
        guesser.open++;
        return true;
      }
      if (guesser.waiting.length >= this.#limits.addressWaiting) return false;
      await new Promise<void>((resolve) => guesser.waiting.push(resolve));
    }
  }

  /** How often it may be wrong before it is refused. */
  #left(guesser: Guesser): number {
    const now = this.options.world.ticks();
    return Math.min(
      this.#limits.addressMinute - rolled(guesser.minute, now, MINUTE).count,
      this.#limits.addressDay - rolled(guesser.day, now, DAY).count,
    );
  }

  async #slowDown(guesser: string, user: string): Promise<boolean> {
    const guessed = this.#guessed.get(user);
    if (guessed === undefined || this.#isKnown(guesser, user)) return true;
    const over = rolled(guessed.hour, this.options.world.ticks(), HOUR).count - this.#limits.accountHour;
    if (over < 0) return true;
    if (guessed.waiting >= this.#limits.accountWaiting) return false;
    guessed.waiting++;
    await this.#sleep(Math.min((over + 1) * this.#limits.accountDelayMs, this.#limits.accountDelayMaxMs));
    guessed.waiting--;
    return true;
  }

  #close(guesser: Guesser): void {
    guesser.open--;
    for (const wake of guesser.waiting.splice(0)) wake();
  }

  #isKnown(guesser: string, user: string): boolean {
    return this.#known.get(user)?.has(guesser) ?? false;
  }

  #guesser(name: string): Guesser {
    let guesser = this.#guessers.get(name);
    if (guesser === undefined) {
      guesser = { minute: window(), day: window(), open: 0, waiting: [], recent: [] };
      this.#guessers.set(name, guesser);
    }
    return guesser;
  }

  #account(user: string): Guessed {
    let guessed = this.#guessed.get(user);
    if (guessed === undefined) this.#guessed.set(user, guessed = { hour: window(), waiting: 0, open: 0 });
    return guessed;
  }
}

function window(): Window {
  return { start: -Infinity, count: 0 };
}

/** The window as it is now: a new one, from now, when its time is over. */
function rolled(window: Window, now: number, length: number): Window {
  if (now - window.start >= length) {
    window.start = now;
    window.count = 0;
  }
  return window;
}

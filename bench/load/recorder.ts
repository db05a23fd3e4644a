/** Takes time, CPU, durations and errors of the part of a row that counts. */
import { cpuSeconds, memoryMib } from "./processes.ts";
import type { Figures } from "./figures.ts";
import type { Target } from "./target.ts";

/** The server counts as idle below this share of one core… */
const IDLE_SHARE = 0.15;
/** …for as long as this; a server that puts work off begins it before. */
const IDLE_MS = 1500;
const SETTLE_MS = 240_000;

/** Collects one row's figures. */
export class Recorder {
  readonly #target: Target;
  #durations: number[] = [];
  #operations = 0;
  #octets = 0;
  #errors = 0;
  #seconds = 0;
  #cpu = 0;
  #cpuAfter = 0;
  #memory: number | undefined;
  #firstError: string | undefined;
  /** KiB each, for rows about memory. */
  memoryEach: number | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  get operations(): number {
    return this.#operations;
  }

  /** One exchange that took `ms` and did so many operations on so many octets. */
  ok(ms: number, operations = 1, octets = 0): void {
    this.#durations.push(ms);
    this.#operations += operations;
    this.#octets += octets;
  }

  failed(error: unknown): void {
    this.#errors++;
    this.#firstError ??= error instanceof Error ? error.message : String(error);
  }

  /** Forgets what a warm-up recorded; its errors stay. */
  restart(): void {
    this.#durations = [];
    this.#operations =
      this.#octets =
      this.#seconds =
      this.#cpu =
      this.#cpuAfter =
        0;
  }

  /** Runs what counts: its time and CPU are added up. */
  async measure(work: () => Promise<void>): Promise<void> {
    const cpu = this.#cpuNow();
    const began = performance.now();
    try {
      await work();
    } catch (error) {
      this.failed(error);
    }
    this.#seconds += (performance.now() - began) / 1000;
    this.#cpu += this.#cpuNow() - cpu;
    const { pids } = this.#target;
    if (pids.length > 0) this.#memory = Math.max(this.#memory ?? 0, memoryMib(pids));
  }

  /** Waits until the server has done what it put off; that CPU is reported apart. */
  async settle(): Promise<void> {
    const before = this.#cpuNow();
    await settled(this.#target);
    this.#cpuAfter += this.#cpuNow() - before;
  }

  figures(row: string, title: string, unit: string, skipped?: string): Figures {
    const sorted = Float64Array.from(this.#durations).sort();
    const quantile = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    const known = this.#target.pids.length > 0 && this.#operations > 0;
    return {
      row,
      title,
      unit,
      operations: this.#operations,
      seconds: this.#seconds,
      errors: this.#errors,
      octets: this.#octets,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      cpu: known ? this.#cpu / this.#operations * 1000 : undefined,
      cpuAfter: known ? this.#cpuAfter / this.#operations * 1000 : undefined,
      memory: this.#memory,
      memoryEach: this.memoryEach,
      firstError: this.#firstError,
      skipped,
    };
  }

  #cpuNow(): number {
    return cpuSeconds(this.#target.pids);
  }
}

/** Resolves when the server is idle, or after four minutes; after a moment when its processes are not known. */
export async function settled(target: Target): Promise<void> {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  if (target.pids.length === 0) return void await pause(IDLE_MS);
  const latest = performance.now() + SETTLE_MS;
  // Twice: what a server does once it is idle may begin late in the first look.
  for (let before = cpuSeconds(target.pids), idle = 0; idle < 2 && performance.now() < latest;) {
    await pause(IDLE_MS);
    const now = cpuSeconds(target.pids);
    idle = now - before < IDLE_SHARE * IDLE_MS / 1000 ? idle + 1 : 0;
    before = now;
  }
}

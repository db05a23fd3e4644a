/**
 * Figures from events. Each worker counts for itself; the supervisor adds up (`aggregate`) and shows the sum
 * at /metrics in Prometheus's text form.
 */
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Emit } from "../core/events.ts";

/** What one thread has counted, ready to be sent to another. */
export type MetricsSnapshot = object[];

/** Field values that are few and known, so that they may be label values. Names and addresses never are. */
const LABELS = ["protocol", "reason", "mechanism", "reply", "result"] as const;

/** The figures of one thread. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #events = new Counter({
    name: "malleposte_events_total",
    help: "Events, by name and by the fields that have few values",
    labelNames: ["event", ...LABELS],
    registers: [this.#registry],
  });
  readonly #connections = new Gauge({
    name: "malleposte_connections",
    help: "Open connections, by protocol",
    labelNames: ["protocol"],
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: "malleposte_duration_seconds",
    help: "How long what an event reports took (its field ms), by event",
    labelNames: ["event"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.#registry],
  });

  readonly #heap = new Gauge({
    name: "malleposte_worker_heap_bytes",
    help:
      "JavaScript heap in use, garbage with it, by worker; a worker ends where what it keeps reaches worker_memory_mb",
    labelNames: ["worker"],
    registers: [this.#registry],
  });

  /** Counts an event. */
  readonly record: Emit = (name, fields) => {
    const labels: Record<string, string> = { event: name };
    const values = fields as Record<string, unknown>;
    for (const label of LABELS) {
      const value = values[label];
      if (typeof value === "string" || typeof value === "number") labels[label] = String(value).slice(0, 40);
    }
    this.#events.inc(labels);
    if (typeof values["ms"] === "number") this.#durations.observe({ event: name }, values["ms"] / 1000);
  };

  /** A connection was opened (+1) or closed (-1). */
  connection(protocol: string, change: 1 | -1): void {
    this.#connections.inc({ protocol }, change);
  }

  /** How many octets of its heap a worker uses. */
  heap(worker: number, octets: number): void {
    this.#heap.set({ worker: String(worker) }, octets);
  }

  async snapshot(): Promise<MetricsSnapshot> {
    return await this.#registry.getMetricsAsJSON();
  }
}

/** A figure of the process as a whole; with `by`, one for each value of that label, of which there are few. */
export type OwnFigure =
  | { readonly help: string; readonly value: number; readonly by?: undefined }
  | { readonly help: string; readonly value: Readonly<Record<string, number>>; readonly by: string };

/** Adds up the figures of all threads, with the process's own. */
export async function metricsText(
  snapshots: readonly MetricsSnapshot[],
  own: Readonly<Record<string, OwnFigure>>,
): Promise<string> {
  const sum = await AggregatorRegistry.aggregate([...snapshots]).metrics();
  const gauges = new Registry();
  for (const [name, { help, value, by }] of Object.entries(own)) {
    const gauge = new Gauge({ name, help, labelNames: by === undefined ? [] : [by], registers: [gauges] });
    if (by === undefined) gauge.set(value as number);
    else for (const [label, one] of Object.entries(value)) gauge.set({ [by]: label }, one);
  }
  return `${sum}\n${await gauges.metrics()}`;
}

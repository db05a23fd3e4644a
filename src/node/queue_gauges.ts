/** Figures of the queue for /metrics, read from the database now and then. */
import type { OwnFigure } from "../observe/metrics.ts";
import { type QueueFigures, queueFigures } from "../queue/steer.ts";
import type { Database } from "../store/pg/database.ts";

/** Milliseconds that figures are shown again before they are counted anew: counting reads all that waits. */
const AGE_MS = 10_000;

/** Remembers them. */
export class QueueGauges {
  #figures: QueueFigures | undefined;
  #until = 0;

  /** None before the database first answered; the last ones while it does not. */
  async read(database: Database | undefined): Promise<Readonly<Record<string, OwnFigure>>> {
    if (database !== undefined && performance.now() >= this.#until) {
      this.#until = performance.now() + AGE_MS;
      this.#figures = await queueFigures(database).catch(() => this.#figures);
    }
    const figures = this.#figures;
    if (figures === undefined) return {};
    return {
      malleposte_queue_recipients: {
        help: "Recipients whose mail has not left, by state",
        value: figures.states,
        by: "state",
      },
      malleposte_queue_oldest_seconds: {
        help: "Age of the oldest message that has not left",
        value: figures.oldestSeconds,
      },
      malleposte_queue_destination_recipients: {
        help: "Recipients whose mail has not left, of the ten destinations with the most",
        value: Object.fromEntries(
          figures.destinations.map(({ destination, recipients }) => [destination, recipients]),
        ),
        by: "destination",
      },
    };
  }
}

/**
 * Every step of each message, for `mail trace`: taken from events and from deliveries, written some hundred at a
 * time, so that it costs a delivery next to nothing. What cannot be written in time is lost, and said to be.
 */
import type { Emit, Events } from "../core/events.ts";
import type { TracedDelivery } from "../store/mod.ts";
import { type Door, statement } from "../store/pg/door.ts";
import type { QueueLimits } from "./limits.ts";
import { stored } from "./recorder.ts";
import { traceKey } from "./trace_key.ts";

declare module "../core/events.ts" {
  interface Events {
    /** Steps of messages could not be written to the trace. */
    "queue.trace.failed": { readonly steps: number; readonly error: string };
  }
}

/** One step; members as the view `mail_trace` has them. */
export interface TraceStep {
  readonly at: string;
  readonly step: string;
  readonly session?: string;
  readonly queue_id?: number;
  readonly message_id?: string;
  readonly blob_id?: string;
  readonly sender?: string;
  readonly recipient?: string;
  readonly detail?: string;
}

/** Events that are steps, with the fields that are told. Those with a session and nothing else wait for a message. */
const STEPS: ReadonlySet<string> = new Set<keyof Events>([
  "smtp.rcpt.refused",
  "smtp.message.accepted",
  "smtp.message.refused",
  "queue.attempt",
  "queue.report",
]);
const OPENINGS: ReadonlySet<string> = new Set<keyof Events>(["smtp.connected", "smtp.starttls", "smtp.auth"]);

/** Fields that have a member of their own; the others are the detail. */
const MEMBERS: Readonly<Record<string, keyof TraceStep>> = {
  session: "session",
  queue: "queue_id",
  message: "message_id",
  blob: "blob_id",
  from: "sender",
  recipient: "recipient",
};

/** Sessions whose beginning is remembered until they bring a message. */
const SESSIONS = 10_000, STEPS_OF_OPENING = 4;

const insert = statement(
  "trace_insert",
  ["timestamptz", "timestamptz", "int4[]", "text"],
  `insert into trace_page (first_at, last_at, keys, steps) values ($1, $2, $3, $4::jsonb)`,
);

/** Collects steps and writes them. */
export class Tracer {
  readonly #door: Door;
  readonly #emit: Emit;
  readonly #limits: Pick<QueueLimits, "traceSteps" | "traceMs">;
  readonly #openings = new Map<string, TraceStep[]>();
  #steps: TraceStep[] = [];
  #lost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(door: Door, emit: Emit, limits: Pick<QueueLimits, "traceSteps" | "traceMs">) {
    this.#door = door;
    this.#emit = emit;
    this.#limits = limits;
  }

  /** Takes an event, if it is a step. Never throws, never waits. */
  readonly event: Emit = (name, fields) => {
    if (OPENINGS.has(name)) {
      const step = stepOf(name, fields as Record<string, unknown>);
      const known = this.#openings.get(step.session!);
      if (known !== undefined && known.length < STEPS_OF_OPENING) known.push(step);
      else if (known === undefined && this.#openings.size < SESSIONS) {
        this.#openings.set(step.session!, [step]);
      }
      return;
    }
    if (name === "smtp.closed") this.#openings.delete((fields as Events["smtp.closed"]).session);
    if (!STEPS.has(name)) return;
    const step = stepOf(name, fields as Record<string, unknown>);
    if (step.session !== undefined) {
      const opening = this.#openings.get(step.session);
      if (opening !== undefined) {
        this.#openings.delete(step.session);
        for (const one of opening) this.#add(one);
      }
    }
    this.#add(step);
  };

  /** Takes copies that were placed. */
  readonly delivered = (deliveries: readonly TracedDelivery[]): void => {
    for (const { blob, messageId, account, mailbox, at } of deliveries) {
      this.#add({
        at: new Date(at).toISOString(),
        step: "delivered",
        blob_id: blob,
        ...(messageId === undefined ? {} : { message_id: messageId }),
        recipient: `#${account}`,
        detail: `mailbox=${mailbox}`,
      });
    }
  };

  /** Writes what is left. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  #add(step: TraceStep): void {
    if (this.#steps.length >= this.#limits.traceSteps) {
      this.#lost++;
      return;
    }
    this.#steps.push(step);
    this.#timer ??= setTimeout(() => this.#writing = this.#write(), this.#limits.traceMs);
  }

  async #write(): Promise<void> {
    const steps = this.#steps, lost = this.#lost;
    this.#steps = [];
    this.#lost = 0;
    if (lost > 0) this.#emit("queue.trace.failed", { steps: lost, error: "too many wait" });
    if (steps.length > 0) {
      const keys = new Set<number>();
      for (const step of steps) for (const key of namesOf(step)) keys.add(traceKey(key));
      const first = Date.parse(steps[0]!.at), last = Date.parse(steps.at(-1)!.at);
      await this.#door.query(insert, first, last, [...keys], JSON.stringify(steps)).catch((thrown) =>
        this.#emit("queue.trace.failed", { steps: steps.length, error: String(thrown) })
      );
    }
    this.#timer = undefined;
    if (this.#steps.length > 0) {
      this.#timer = setTimeout(() => this.#writing = this.#write(), this.#limits.traceMs);
    }
  }
}

/** What a step is found by. */
export function namesOf(step: TraceStep): readonly string[] {
  const { session, queue_id, message_id, blob_id, sender, recipient } = step;
  return [
    session,
    queue_id === undefined ? undefined : `q${queue_id}`,
    message_id,
    blob_id,
    sender,
    recipient,
  ]
    .filter((name) => name !== undefined && name !== "") as string[];
}

function stepOf(name: string, fields: Record<string, unknown>): TraceStep {
  const step: Record<string, unknown> = { at: new Date().toISOString(), step: name };
  const details: string[] = [];
  for (const [field, value] of Object.entries(fields)) {
    const member = MEMBERS[field];
    if (value === "" || value === undefined) continue;
    const text = typeof value === "string" ? stored(value) : value;
    // A path, as SMTP writes it.
    const clean = member === "sender" && typeof text === "string" ? text.replace(/^<([^<>]*)>$/, "$1") : text;
    if (member !== undefined) step[member] = clean;
    else details.push(`${field}=${typeof clean === "number" ? Math.round(clean * 10) / 10 : clean}`);
  }
  if (details.length > 0) step["detail"] = details.join(" ");
  return step as unknown as TraceStep;
}

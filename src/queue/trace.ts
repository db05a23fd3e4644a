/**
 * Every step of each message, for `mail trace`: taken from events and from deliveries, written some hundred at a
 * time, so that it costs a delivery next to nothing. What cannot be written in time is lost, and said to be.
 */
import type { Emit, Events } from "../core/events.ts";
import "../smtp/events.ts";
import type { TracedDelivery } from "../store/mod.ts";
import { type Door, statement } from "../store/pg/door.ts";
import type { QueueLimits } from "./limits.ts";
import { stored } from "./recorder.ts";
import { TracePage } from "./trace_page.ts";

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
/** A page is written when it is this large: a larger one would hold up the deliveries on its connection. */
const PAGE_OCTETS = 65_536;

const insert = statement(
  "trace_insert",
  ["timestamptz", "timestamptz", "int4[]", "bytea"],
  `insert into trace_page (first_at, last_at, keys, steps)
   values ($1, $2, $3, convert_from($4, 'UTF8')::jsonb)`,
);

/** Collects steps and writes them. */
export class Tracer {
  readonly #door: Door;
  readonly #emit: Emit;
  readonly #limits: Pick<QueueLimits, "traceSteps" | "traceMs">;
  readonly #openings = new Map<string, TraceStep[]>();
  #page = new TracePage();
  /** The one that is being written, or is empty. */
  #other = new TracePage();
  #lost = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;

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
    while (this.#writing !== undefined) await this.#writing;
    clearTimeout(this.#timer);
    await this.#write();
  }

  #add(step: TraceStep): void {
    if (this.#page.count >= this.#limits.traceSteps) {
      this.#lost++;
      return;
    }
    this.#page.add(step, Date.parse(step.at), namesOf(step));
    if (this.#writing !== undefined) return;
    if (this.#page.length >= PAGE_OCTETS) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#limits.traceMs);
  }

  /** Writes, and goes on while full pages have come together meanwhile. */
  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#write().then(() => {
      this.#writing = undefined;
      if (this.#page.length >= PAGE_OCTETS) this.#start();
      else if (this.#page.count > 0) this.#timer = setTimeout(() => this.#start(), this.#limits.traceMs);
    });
  }

  async #write(): Promise<void> {
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0) this.#emit("queue.trace.failed", { steps: lost, error: "too many wait" });
    if (this.#page.count === 0) return;
    [this.#page, this.#other] = [this.#other, this.#page];
    const { firstAt, lastAt, keys, steps, count } = this.#other.take();
    await this.#door.query(insert, firstAt, lastAt, keys, steps).catch((thrown) =>
      this.#emit("queue.trace.failed", { steps: count, error: String(thrown) })
    );
  }
}

/** What a step is found by. */
export function namesOf(step: TraceStep): readonly string[] {
  const names: string[] = [];
  const { session, queue_id, message_id, blob_id, sender, recipient } = step;
  if (session !== undefined) names.push(session);
  if (queue_id !== undefined) names.push(`q${queue_id}`);
  if (message_id !== undefined) names.push(message_id);
  if (blob_id !== undefined) names.push(blob_id);
  if (sender !== undefined && sender !== "") names.push(sender);
  if (recipient !== undefined && recipient !== "") names.push(recipient);
  return names;
}

function stepOf(name: string, fields: Record<string, unknown>): TraceStep {
  const step: Record<string, unknown> = { at: new Date().toISOString(), step: name };
  let detail = "";
  for (const field in fields) {
    const value = fields[field];
    if (value === "" || value === undefined) continue;
    const member = MEMBERS[field];
    const text = typeof value === "string" ? stored(value) : value;
    if (member === "sender" && typeof text === "string") step[member] = withoutBrackets(text);
    else if (member !== undefined) step[member] = text;
    else {
      const shown = typeof text === "number" ? Math.round(text * 10) / 10 : text;
      detail += `${detail === "" ? "" : " "}${field}=${shown}`;
    }
  }
  if (detail !== "") step["detail"] = detail;
  return step as unknown as TraceStep;
}

/** A path, as SMTP writes it, without what is around it. */
function withoutBrackets(path: string): string {
  return path.startsWith("<") && path.indexOf(">") === path.length - 1 ? path.slice(1, -1) : path;
}

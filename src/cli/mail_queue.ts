/** `mail queue …`, `mail suppression …`. */
import { Command } from "commander";
import { done, type Outcome, refused, syntax } from "../core/failure.ts";
import {
  listQueue,
  listSuppressed,
  type QueueFilter,
  removeSuppressed,
  showQueued,
  steer,
  type Steering,
} from "../queue/steer.ts";
import type { Finish } from "./mail.ts";
import { table } from "./output.ts";
import { verb } from "./verb.ts";

/** Rows that a list shows. */
const ROWS = 1000;

/** `mail queue`. */
export function queueCommand(finish: Finish): Command {
  const queue = new Command("queue").description("mail that waits to go out");
  verb(
    withFilters(queue.command("list").description(`recipients that wait, the oldest first, ${ROWS} at most`)),
    finish,
    async ({ database, options }) => {
      const filter = filterOf(options, []);
      return filter.ok ? done(await listQueue(database, filter.value, ROWS)) : filter;
    },
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "Nothing waits" : table(
        ["id", "state", "arrived", "next try", "tries", "sender", "recipient", "last reply"],
        rows.map((row) => [
          row.id,
          row.heldUntil !== null && row.heldUntil.getTime() > Date.now()
            ? `${row.state}, sender's wish`
            : row.state,
          short(row.arrived),
          row.nextAttempt === null ? "-" : short(row.nextAttempt),
          row.attempts,
          row.sender === "" ? "<>" : row.sender,
          row.recipient,
          clean(row.reply ?? "-"),
        ]),
      ),
    }),
  );
  verb(
    queue.command("show").argument("<id>").description(
      "one message with all its recipients, also after the end",
    ),
    finish,
    async ({ database, args }) => {
      const id = Number(args[0]);
      if (!Number.isSafeInteger(id)) return syntax("Write the number that `mail queue list` shows");
      const shown = await showQueued(database, id);
      return shown === undefined
        ? refused("NONEXISTENT", `There is no message ${id} in the queue`)
        : done(shown);
    },
    ({ message, recipients }) => ({
      json: { ...message, recipients },
      text: [
        `message     ${message.queue_id}  ${clean(message.message_key ?? "")}`,
        `from        ${message.reverse_path === "" ? "<>" : message.reverse_path}`,
        `arrived     ${short(message.arrived_at)}, ${message.size} octets, session ${message.session}`,
        ...(message.hold_until === null
          ? []
          : [`held until  ${short(message.hold_until)}, as its sender wants`]),
        message.ended_at === null
          ? `given up    ${short(message.expires_at)}`
          : `ended       ${short(message.ended_at)}`,
        "",
        table(
          ["recipient", "state", "tries", "last try", "next try", "host", "last reply"],
          recipients.map((row) => [
            row.address,
            row.state,
            row.attempts,
            row.tried_at === null ? "-" : short(row.tried_at),
            row.state === "waiting" || row.state === "ready" ? short(row.due_at) : "-",
            row.host ?? "-",
            clean(
              [row.reply_code || "", row.reply_status ?? "", row.reply_text ?? ""].join(" ").trim() || "-",
            ),
          ]),
        ),
      ].join("\n"),
    }),
  );
  for (const [name, what] of Object.entries(STEERINGS) as [Steering, string][]) {
    verb(
      withFilters(queue.command(name).argument("[ids...]").description(what)),
      finish,
      async ({ database, args, options }) => {
        const filter = filterOf(options, args[0] ?? []);
        if (!filter.ok) return filter;
        if (Object.values(filter.value).every((value) => value === undefined) && options["all"] !== true) {
          return syntax("Say which: ids, filters, or --all");
        }
        return done(await steer(database, name, filter.value));
      },
      (count) => ({ json: { recipients: count }, text: `${count} recipients` }),
    ).option("--all", "all that waits");
  }
  return queue;
}

const STEERINGS: Readonly<Record<Steering, string>> = {
  retry: "try again now; what its sender wants to wait still waits",
  hold: "keep until released; what is held does not run out",
  release: "let go what was held; what its sender wants to wait still waits",
  remove: "take out, without telling the sender",
  bounce: "take out, and tell the sender",
};

function withFilters(command: Command): Command {
  return command
    .option("--sender <address>", 'only from this sender; "<>" is bounces')
    .option("--recipient <address>", "only to this recipient")
    .option("--domain <domain>", "only to recipients of this domain")
    .option("--state <state>", "only these: ready, waiting, held")
    .option("--older-than <time>", "only what arrived so long ago: 30m, 4h, 2d");
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function filterOf(options: Readonly<Record<string, any>>, ids: readonly string[]): Outcome<QueueFilter> {
  const { sender, recipient, domain, state, olderThan } = options;
  const numbers = ids.map(Number);
  if (numbers.some((id) => !Number.isSafeInteger(id))) {
    return syntax("Write the numbers that `mail queue list` shows");
  }
  if (state !== undefined && !["ready", "waiting", "held"].includes(state)) {
    return syntax("Write --state ready, waiting or held");
  }
  const age = olderThan === undefined ? undefined : /^(\d{1,6})([mhd])$/.exec(olderThan);
  if (age === null) return syntax("Write --older-than as 30m, 4h or 2d");
  return done({
    ids: numbers.length === 0 ? undefined : numbers,
    sender: sender === "<>" ? "" : sender,
    recipient,
    domain: domain?.toLowerCase(),
    state,
    olderThanMs: age === undefined ? undefined : Number(age[1]) * UNITS[age[2]!]!,
  });
}

/** `mail suppression`. */
export function suppressionCommand(finish: Finish): Command {
  const suppression = new Command("suppression").description(
    "recipients to whom mail fails at once for a while",
  );
  verb(
    suppression.command("list").description(`who is suppressed, ${ROWS} at most`),
    finish,
    async ({ database }) => done(await listSuppressed(database, ROWS)),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "Nobody is suppressed" : table(
        ["address", "since", "until", "failures", "reply"],
        rows.map((row) => [
          row.address,
          short(row.since),
          short(row.expires_at),
          row.failures,
          clean(`${row.reply_code} ${row.reply_status} ${row.reply_text}`),
        ]),
      ),
    }),
  );
  verb(
    suppression.command("remove").argument("<address>").description("let mail to an address be tried again"),
    finish,
    async ({ database, args }) =>
      await removeSuppressed(database, args[0])
        ? done(undefined)
        : refused("NONEXISTENT", `${args[0]} is not suppressed`),
    () => ({ json: {}, text: "removed" }),
  );
  return suppression;
}

/** A point in time for a person, to the second, in UTC. */
export function short(time: Date): string {
  return time.toISOString().slice(0, 19).replace("T", " ");
}

/** What other servers said, without what moves a terminal. */
export function clean(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what must not reach a terminal
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "?");
}

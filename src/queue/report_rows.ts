/** What is to be reported, as rows have it. */
import type { Rows } from "../store/pg/door.ts";
import type { Action, ReportedRecipient } from "./dsn.ts";
import type { QueueLimits } from "./limits.ts";
import { variablePath } from "./verp.ts";

/** One recipient of whom its sender is to be told. */
export interface DueRecipient {
  readonly number: number;
  readonly address: string;
  readonly notice: string;
  readonly reported: ReportedRecipient;
}

/** A report on one message. */
export interface DueReport {
  readonly queueId: number;
  readonly blob: string;
  readonly size: number;
  readonly reversePath: string;
  readonly smtputf8: boolean;
  readonly ret: string | undefined;
  readonly envid: string | undefined;
  readonly arrivedAt: number;
  readonly expiresAt: number;
  readonly session: string;
  readonly messageKey: string | undefined;
  readonly recipients: readonly DueRecipient[];
  /** Its reader could not be told for so long that nobody tries any more. */
  isOld(now: number, limits: QueueLimits): boolean;
}

/** Reads what `takeNotices` gives. */
export function dueReports(rows: Rows): readonly DueReport[] {
  const reports: (DueReport & { readonly recipients: DueRecipient[] })[] = [];
  for (let row = 0; row < rows.count; row++) {
    const queueId = rows.int(row, 0);
    let report = reports.at(-1);
    // VERP: of each recipient another address hears.
    if (report?.queueId !== queueId || !rows.isNull(row, 23)) reports.push(report = reportOf(rows, row));
    report.recipients.push(recipientOf(rows, row));
  }
  return reports;
}

function reportOf(rows: Rows, row: number): DueReport & { readonly recipients: DueRecipient[] } {
  const endedAt = rows.isNull(row, 12) ? undefined : rows.time(row, 12);
  return {
    queueId: rows.int(row, 0),
    blob: rows.uuid(row, 13),
    size: rows.int(row, 14),
    reversePath: reversePathOf(rows, row),
    smtputf8: rows.bool(row, 16),
    ret: textOf(rows, row, 17),
    envid: textOf(rows, row, 18),
    arrivedAt: rows.time(row, 19),
    expiresAt: rows.time(row, 20),
    session: rows.text(row, 21),
    messageKey: textOf(rows, row, 22),
    recipients: [],
    isOld: (now, { lifetimeMs }) => endedAt !== undefined && now - endedAt > lifetimeMs,
  };
}

function reversePathOf(rows: Rows, row: number): string {
  const reversePath = rows.text(row, 15), verp = textOf(rows, row, 23);
  return verp === undefined ? reversePath : variablePath(reversePath, verp, rows.text(row, 2));
}

function recipientOf(rows: Rows, row: number): DueRecipient {
  const notice = rows.text(row, 5), state = rows.text(row, 4), step = textOf(rows, row, 9);
  const action = actionOf(notice, state);
  const code = rows.isNull(row, 6) ? 0 : rows.int(row, 6);
  const status = textOf(rows, row, 7) ?? "", text = textOf(rows, row, 8);
  // `host [address]`, as it is recorded.
  const remote = textOf(rows, row, 10)?.split(" ")[0];
  return {
    number: rows.int(row, 1),
    address: rows.text(row, 2),
    notice,
    reported: {
      address: rows.text(row, 2),
      originalRecipient: textOf(rows, row, 3),
      action,
      status: statusOf(action, step, status, code),
      diagnostic: text === undefined || step === "administrator"
        ? undefined
        : [code === 0 ? "" : code, status, text].filter((word) => word !== "").join(" "),
      reason: step === undefined ? undefined : REASONS[step],
      remote,
      lastAttempt: rows.isNull(row, 11) ? undefined : rows.time(row, 11),
    },
  };
}

/** Why, for people, where no next hop said it. */
const REASONS: Readonly<Record<string, string>> = {
  expired: "It could not be reached in all this time.",
  late: "It was not reached by the time that you had set.",
  suppressed: "A message to the same address failed a short while ago.",
  administrator: "An administrator took the message out of the queue.",
};

function actionOf(notice: string, state: string): Action {
  if (notice === "failure") return "failed";
  if (notice === "delay") return "delayed";
  return state === "relayed" || state === "expanded" ? state : "delivered";
}

/** RFC 3463: the class says how it ended, whatever the last reply was. */
function statusOf(action: Action, step: string | undefined, status: string, code: number): string {
  if (action === "delivered" || action === "relayed" || action === "expanded") return "2.0.0";
  if (action === "delayed") return /^4\.\d{1,3}\.\d{1,3}$/.test(status) ? status : "4.4.1";
  if (step === "expired") return "4.4.7";
  if (step === "late") return "5.4.7";
  if (step === "administrator") return "5.7.0";
  if (/^5\.\d{1,3}\.\d{1,3}$/.test(status)) return status;
  return code >= 500 ? "5.0.0" : "5.3.0";
}

function textOf(rows: Rows, row: number, column: number): string | undefined {
  return rows.isNull(row, column) ? undefined : rows.text(row, column);
}

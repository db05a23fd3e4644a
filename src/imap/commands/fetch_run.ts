/** FETCH answers, message by message (RFC 9051 §7.5.2). */
import type { MessageAnnotation } from "../../core/annotation.ts";
import { ConnError } from "../../core/conn.ts";
import type { FetchRow, OctetRange } from "../../core/store.ts";
import { inSet, rangesOf as uidRanges, type UidSet } from "../../core/uidset.ts";
import type { FetchLine } from "../encode/mod.ts";
import type { View } from "../view.ts";
import { AheadOctets } from "./ahead_octets.ts";
import { annotatedOf } from "./annotation.ts";
import { type BodyJob, bodyJob } from "./body_job.ts";
import { BodyOctets, type Ranges } from "./body_octets.ts";
import { type Context, selectedAccount, selectedOf } from "./context.ts";
import { Broken, writeBinary, writeFields, writeNil, writePreview, writeRaw } from "./fetch_body.ts";
import { ItemWriter, rootOf } from "./fetch_items.ts";
import type { FetchPlan } from "./fetch_plan.ts";
import { rowsBehind, rowsOf } from "./fetch_rows.ts";

/** One FETCH on its way. */
export interface FetchRun {
  readonly plan: FetchPlan;
  /** Messages that this FETCH made \Seen: their flags are told. */
  readonly marked: UidSet;
  unknownCte: boolean;
  /** What undeclared text is read in, once that was asked. */
  charset?: Promise<string>;
}

/** Answers for those messages of a set that there are, from what knows all that is asked. */
export async function answer(cx: Context, run: FetchRun, uids: UidSet): Promise<void> {
  if (run.plan.local) await fromView(cx, run, uids);
  else await fromStore(cx, run, uids);
}

async function fromView(cx: Context, run: FetchRun, uids: UidSet): Promise<void> {
  const { view } = selectedOf(cx);
  const writer = new ItemWriter(cx, run.plan);
  for (const [first, last] of view.seqRanges(uids)) {
    for (let seq = first; seq <= last; seq++) {
      if (!writer.begin(seq, undefined, false)) continue;
      writer.end();
      if ((seq & 255) === 0) await cx.out.breathe();
    }
  }
}

/** Rows between two looks at whether the client takes what was written. */
const BREATH_ROWS = 16;

async function fromStore(cx: Context, run: FetchRun, uids: UidSet): Promise<void> {
  const { view } = selectedOf(cx);
  const { plan } = run;
  const writer = new ItemWriter(cx, plan);
  const alone = plan.bodies.length === 0 ? 0 : onlyOne(view, uids);
  const ahead = alone > 0 && cx.session.ahead.follows(view, alone);
  for await (const batch of rowsOf(cx, plan, uids, ahead)) {
    const annotations = await annotationsOf(cx, plan, batch);
    if (plan.bodies.length > 0) await withBodies(cx, run, batch, writer, ahead, annotations);
    else {
      for (const [at, row] of batch.entries()) {
        const seq = view.seqOf(row.uid);
        if (seq === 0) continue;
        writer.begin(seq, row, inSet(run.marked, row.uid));
        writer.annotations(annotations.get(row.uid) ?? []);
        writer.end();
        if (at % BREATH_ROWS === 0) await cx.out.breathe();
      }
      await cx.out.breathe();
    }
  }
}

/** The annotations of a batch by UID, where some are asked for. */
async function annotationsOf(
  cx: Context,
  plan: FetchPlan,
  batch: readonly FetchRow[],
): Promise<ReadonlyMap<number, readonly MessageAnnotation[]>> {
  if (plan.annotations.length === 0) return new Map();
  const uids = uidRanges(batch.map((row) => row.uid));
  return Map.groupBy(await cx.services.store.annotations.read(annotatedOf(cx), uids), ({ uid }) => uid);
}

async function withBodies(
  cx: Context,
  run: FetchRun,
  batch: readonly FetchRow[],
  writer: ItemWriter,
  ahead: boolean,
  annotations: ReadonlyMap<number, readonly MessageAnnotation[]>,
): Promise<void> {
  const { view } = selectedOf(cx);
  const rows = batch.filter((row) => view.seqOf(row.uid) > 0);
  const jobs = rows.map((row) => jobsOf(run.plan, row));
  const ranges = rangesOf(jobs.flat());
  await using octets = ahead && rows.length === 1
    ? new AheadOctets(cx, ranges, () => rangesBehind(cx, run.plan, rows[0]!))
    : new BodyOctets(cx.services.store, selectedAccount(cx), ranges);
  for (const [at, row] of rows.entries()) {
    writer.begin(view.seqOf(row.uid), row, inSet(run.marked, row.uid));
    writer.annotations(annotations.get(row.uid) ?? []);
    try {
      for (const job of jobs[at]!) await writeJob(cx, run, job, octets, writer.line);
    } catch (thrown) {
      // Half a line is out: no answer can follow it.
      throw thrown instanceof ConnError ? thrown : new Broken("a FETCH answer broke off", { cause: thrown });
    }
    writer.end();
    await cx.out.breathe();
  }
}

/** The sequence number of a message that is asked for alone; 0 for several, or none. */
function onlyOne(view: View, uids: UidSet): number {
  const [range, more] = uids;
  return range === undefined || more !== undefined || range[0] !== range[1] ? 0 : view.seqOf(range[0]);
}

/** The octets that are read in the order of the jobs. */
function rangesOf(jobs: readonly BodyJob[]): readonly OctetRange[] {
  return jobs.filter((job) => job.kind === "raw" || job.kind === "fields" || job.kind === "preview")
    .map((job) => job.range);
}

/** The octets that the same FETCH of the next messages would need. */
function* rangesBehind(cx: Context, plan: FetchPlan, row: FetchRow): Generator<OctetRange> {
  for (const next of rowsBehind(cx, selectedOf(cx).view.seqOf(row.uid), plan)) {
    yield* rangesOf(jobsOf(plan, next));
  }
}

function jobsOf(plan: FetchPlan, row: FetchRow): readonly BodyJob[] {
  if (plan.bodies.length === 0) return [];
  const root = rootOf(row);
  return plan.bodies.map((named) => bodyJob(named, row, root));
}

async function writeJob(
  cx: Context,
  run: FetchRun,
  job: BodyJob,
  octets: Ranges,
  line: FetchLine,
): Promise<void> {
  switch (job.kind) {
    case "raw":
      return await writeRaw(cx, line, job, octets);
    case "fields":
      return await writeFields(cx, line, job, octets);
    case "binary":
      if (!await writeBinary(cx, line, job)) run.unknownCte = true;
      return;
    case "preview":
      return await writePreview(cx, line, job, octets, () => {
        return run.charset ??= cx.services.store.charset(selectedAccount(cx));
      });
    case "nil":
      return writeNil(cx, line, job);
    default:
      return job satisfies never;
  }
}

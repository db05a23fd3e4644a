/** FETCH answers, message by message (RFC 9051 §7.5.2). */
import { ConnError } from "../../core/conn.ts";
import type { FetchRow } from "../../core/store.ts";
import { inSet, type UidSet } from "../../core/uidset.ts";
import type { FetchLine } from "../encode/mod.ts";
import { type BodyJob, bodyJob } from "./body_job.ts";
import { BodyOctets } from "./body_octets.ts";
import { type Context, selectedAccount, selectedOf } from "./context.ts";
import { Broken, writeBinary, writeFields, writeNil, writePreview, writeRaw } from "./fetch_body.ts";
import { ItemWriter, rootOf } from "./fetch_items.ts";
import type { FetchPlan } from "./fetch_plan.ts";

/** One FETCH on its way. */
export interface FetchRun {
  readonly plan: FetchPlan;
  /** Messages that this FETCH made \Seen: their flags are told. */
  readonly marked: UidSet;
  unknownCte: boolean;
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

async function fromStore(cx: Context, run: FetchRun, uids: UidSet): Promise<void> {
  const { view } = selectedOf(cx);
  const { store } = cx.services;
  const writer = new ItemWriter(cx, run.plan);
  for await (const batch of store.fetch(selectedAccount(cx), view.mirror.id, uids, run.plan.wanted)) {
    const rows = batch.filter((row) => view.seqOf(row.uid) > 0);
    const jobs = rows.map((row) => jobsOf(run.plan, row));
    const ahead = jobs.flat().filter((job) =>
      job.kind === "raw" || job.kind === "fields" || job.kind === "preview"
    );
    const ranges = ahead.map((job) => job.range);
    await using octets = new BodyOctets(store, selectedAccount(cx), ranges);
    for (const [at, row] of rows.entries()) {
      writer.begin(view.seqOf(row.uid), row, inSet(run.marked, row.uid));
      try {
        for (const job of jobs[at]!) await writeJob(cx, run, job, octets, writer.line);
      } catch (thrown) {
        // Half a line is out: no answer can follow it.
        throw thrown instanceof ConnError
          ? thrown
          : new Broken("a FETCH answer broke off", { cause: thrown });
      }
      writer.end();
      await cx.out.breathe();
    }
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
  octets: BodyOctets,
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
      return await writePreview(cx, line, job, octets);
    case "nil":
      return writeNil(cx, line, job);
    default:
      return job satisfies never;
  }
}

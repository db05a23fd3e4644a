/** FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3516, RFC 7162 §3.1.4). */
import { ConnError } from "../../core/conn.ts";
import { type FetchRow, Flag } from "../../core/store.ts";
import { inSet, rangesOf, type UidSet } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import type { FetchLine } from "../encode/mod.ts";
import { BodyOctets } from "./body_octets.ts";
import { type BodyJob, bodyJob } from "./body_job.ts";
import { accountOf, bad, type Completion, type Context, no, ok, selectedOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { Broken, writeBinary, writeFields, writeNil, writePreview, writeRaw } from "./fetch_body.ts";
import { ItemWriter, rootOf } from "./fetch_items.ts";
import { type FetchPlan, planFetch } from "./fetch_plan.ts";
import { isGone } from "./store.ts";
import { takeOwn } from "./updates.ts";

/** Answers message by message, in constant memory: what the client does not take is not read either. */
export async function fetch(
  cx: Context,
  command: Extract<Command, { readonly name: "FETCH" }>,
): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  const named = view.resolve(command.set, command.by, cx.session.saved);
  if (named === undefined) return bad("No such message");
  const plan = planFetch(command.items, command.by === "uid", command.changedSince !== undefined);
  if (plan.modSeq) enableCondstore(cx);
  const uids = command.changedSince === undefined ? named : changedAfter(cx, named, command.changedSince);
  const marked = plan.seen && !readOnly ? await markSeen(cx, uids) : [];
  const run = { plan, marked, unknownCte: false };
  if (plan.local) await fromView(cx, run, uids);
  else await fromStore(cx, run, uids);
  if (run.unknownCte) return no("A part's encoding is not known", { code: "UNKNOWN-CTE" });
  // RFC 5530: numbers that the client could still use named messages that are gone.
  if (command.by === "seq" && isGone(view, uids)) {
    return no("Some messages are gone", { code: "EXPUNGEISSUED" });
  }
  return ok("FETCH completed");
}

/** One FETCH on its way. */
interface Run {
  readonly plan: FetchPlan;
  /** Messages that this FETCH made \Seen: their flags are told. */
  readonly marked: UidSet;
  unknownCte: boolean;
}

/** RFC 7162 §3.1.4.1. */
function changedAfter(cx: Context, uids: UidSet, modSeq: number): UidSet {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  return rangesOf(known(cx, uids, (index) => mirror.modSeqAt(index) > modSeq));
}

/** UIDs of a set that still exist and pass a test on the mirror's columns. */
function* known(cx: Context, uids: UidSet, test: (index: number) => boolean): Generator<number> {
  const { view } = selectedOf(cx);
  for (const [first, last] of view.seqRanges(uids)) {
    for (let seq = first; seq <= last; seq++) {
      const uid = view.uidAt(seq), index = view.indexAt(seq);
      if (index >= 0 && test(index)) yield uid;
    }
  }
}

/** Sets \Seen on what lacks it, in one transaction for the whole command, before anything is sent. */
async function markSeen(cx: Context, uids: UidSet): Promise<UidSet> {
  const { view } = selectedOf(cx);
  const { mirror } = view;
  const unseen = rangesOf(known(cx, uids, (index) => (mirror.flagsAt(index) & Flag.Seen) === 0));
  if (unseen.length === 0) return [];
  const change = { op: "add", flags: Flag.Seen, keywords: [] } as const;
  const set = await cx.services.store.setFlags(accountOf(cx), mirror.id, unseen, change);
  if (!set.ok) return [];
  await takeOwn(cx, view, set.value.changed);
  return rangesOf(set.value.changed.map((row) => row.uid));
}

async function fromView(cx: Context, run: Run, uids: UidSet): Promise<void> {
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

async function fromStore(cx: Context, run: Run, uids: UidSet): Promise<void> {
  const { view } = selectedOf(cx);
  const { store } = cx.services;
  const writer = new ItemWriter(cx, run.plan);
  for await (const batch of store.fetch(accountOf(cx), view.mirror.id, uids, run.plan.wanted)) {
    const rows = batch.filter((row) => view.seqOf(row.uid) > 0);
    const jobs = rows.map((row) => jobsOf(run.plan, row));
    const ahead = jobs.flat().filter((job) =>
      job.kind === "raw" || job.kind === "fields" || job.kind === "preview"
    );
    const ranges = ahead.map((job) => job.range);
    await using octets = new BodyOctets(store, accountOf(cx), ranges);
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
  run: Run,
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

/** The items of a FETCH answer that are not octets of the message (RFC 9051 §7.5.2). */
import type { MessageAnnotation } from "../../core/annotation.ts";
import type { FetchRow } from "../../core/store.ts";
import { encodeBodyStructure, type Part, unpackParts } from "../../mime/mod.ts";
import { emailId } from "../object_id.ts";
import { FetchLine } from "../encode/mod.ts";
import { annotationEntries } from "./annotation.ts";
import { type Context, selectedOf } from "./context.ts";
import type { FetchPlan } from "./fetch_plan.ts";

/** Writes `* seq FETCH (…)` line by line. */
export class ItemWriter {
  /** Where the bodies are written between `begin` and `end`. */
  readonly line: FetchLine;

  constructor(readonly cx: Context, readonly plan: FetchPlan) {
    this.line = new FetchLine(cx.out.gather, cx.session.uidOnly);
  }

  /**
   * Begins a line with everything but the bodies; false when the message is gone and nothing was written,
   * which only happens without a row from the store. `tellFlags`: FLAGS although nobody asked.
   */
  begin(seq: number, row: FetchRow | undefined, tellFlags: boolean): boolean {
    const { cx, plan } = this;
    const { view } = selectedOf(cx);
    const { mirror } = view;
    const uid = view.uidAt(seq), index = view.indexAt(seq);
    if (index < 0 && row === undefined) return false;
    const { line } = this;
    line.begin(seq, uid);
    const told = tellFlags && cx.session.condstore;
    // RFC 7162 §3.2.4: flags that nobody asked for come with UID and MODSEQ.
    if (plan.uid || told && !cx.session.uidOnly) line.uid(uid);
    if (plan.flags || tellFlags) {
      const flags = index >= 0 ? mirror.flagsAt(index) : row!.flags;
      const keywords = index >= 0 ? mirror.keywordsOf(uid) : row!.keywords;
      line.flags(flags, keywords, mirror.info.keywords);
    }
    if (plan.modSeq || told) {
      line.modSeq(index >= 0 ? mirror.modSeqAt(index) : row!.modSeq);
    }
    if (row === undefined) return true;
    if (plan.internalDate) line.internalDate(row.internalDate);
    if (plan.size) line.size(row.size);
    if (plan.saveDate) line.saveDate(row.saveDate);
    if (plan.emailId) line.emailId(emailId(mirror.account, row.message));
    if (plan.threadId) line.threadId();
    if (plan.envelope) line.envelope(row.envelope!);
    if (plan.body) line.bodyStructure("BODY", encodeBodyStructure(rootOf(row)!, false));
    if (plan.bodyStructure) line.bodyStructure("BODYSTRUCTURE", row.bodyStructure!);
    return true;
  }

  /** Writes those of a message's annotations that were asked for. */
  annotations(found: readonly MessageAnnotation[]): void {
    for (const asked of this.plan.annotations) {
      this.line.annotation(annotationEntries(asked, found), this.cx.session.mode);
    }
  }

  /** Ends the line. */
  end(): void {
    this.line.end();
  }
}

/** The part tree of a row, if it was asked for. */
export function rootOf(row: FetchRow): Part | undefined {
  return row.structure === undefined ? undefined : unpackParts(row.structure);
}

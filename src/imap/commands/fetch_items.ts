/** The items of a FETCH answer that are not octets of the message (RFC 9051 §7.5.2). */
import type { FetchRow } from "../../core/store.ts";
import { encodeBodyStructure, type Part, unpackParts } from "../../mime/mod.ts";
import { dateTime } from "../encode/mod.ts";
import { type Context, selectedOf } from "./context.ts";
import type { FetchPlan } from "./fetch_plan.ts";
import { flagText } from "./flags.ts";

/** Writes `* seq FETCH (…)` line by line. */
export class ItemWriter {
  constructor(readonly cx: Context, readonly plan: FetchPlan) {}

  /**
   * Begins a line with everything but the bodies; false when the message is gone and nothing was written,
   * which only happens without a row from the store. `tellFlags`: FLAGS although nobody asked.
   */
  begin(seq: number, row: FetchRow | undefined, tellFlags: boolean): boolean {
    const { cx, plan } = this;
    const { view } = selectedOf(cx);
    const { mirror } = view;
    const uid = view.uidAt(seq), index = mirror.indexOf(uid);
    if (index < 0 && row === undefined) return false;
    let text = "";
    if (plan.uid) text += ` UID ${uid}`;
    if (plan.flags || tellFlags) {
      const flags = index >= 0 ? mirror.flagsAt(index) : row!.flags;
      const keywords = index >= 0 ? mirror.keywordsOf(uid) : row!.keywords;
      text += ` FLAGS (${flagText(flags, keywords, mirror.info.keywords)})`;
    }
    if (plan.modSeq || tellFlags && cx.session.condstore) {
      text += ` MODSEQ (${index >= 0 ? mirror.modSeqAt(index) : row!.modSeq})`;
    }
    if (row !== undefined) {
      if (plan.internalDate) text += ` INTERNALDATE ${dateTime(row.internalDate)}`;
      if (plan.size) text += ` RFC822.SIZE ${row.size}`;
    }
    const out = cx.out.gather;
    out.text(`* ${seq} FETCH (`).text(text.slice(1));
    this.#first = text === "";
    if (plan.envelope) this.#octets("ENVELOPE ", row!.envelope!);
    if (plan.body) this.#octets("BODY ", encodeBodyStructure(rootOf(row!)!, false));
    if (plan.bodyStructure) this.#octets("BODYSTRUCTURE ", row!.bodyStructure!);
    return true;
  }

  /** Put before a body item's name. */
  separate(): void {
    if (!this.#first) this.cx.out.gather.text(" ");
    this.#first = false;
  }

  /** Ends the line. */
  end(): void {
    this.cx.out.gather.text(")\r\n");
  }

  #first = true;

  #octets(name: string, octets: Uint8Array): void {
    this.separate();
    this.cx.out.gather.text(name).octets(octets);
  }
}

/** The part tree of a row, if it was asked for. */
export function rootOf(row: FetchRow): Part | undefined {
  return row.structure === undefined ? undefined : unpackParts(row.structure);
}

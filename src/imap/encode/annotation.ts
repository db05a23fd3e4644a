/** ANNOTATION in a FETCH response, mirror of `grammar/annotation.ts`: RFC 5257 §5. */
import type { Gather } from "../../bytes/gather.ts";
import { octetString } from "./metadata.ts";
import { astring, type EncodeMode } from "./string.ts";

/** An entry with those of its attributes that were asked for. */
export interface AnnotationEntry {
  readonly entry: string;
  readonly attributes: readonly {
    readonly name: "value" | "size";
    readonly shared: boolean;
    /** A size is a number; null: there is no such value. */
    readonly value: Uint8Array | number | null;
  }[];
}

const ENTRY_MODE: EncodeMode = { utf8: false };

/** "(" entry-att *(SP entry-att) ")"; entry-att = entry SP "(" att-value *(SP att-value) ")" */
export function annotationEntryList(
  out: Gather,
  entries: readonly AnnotationEntry[],
  mode: EncodeMode,
): void {
  out.octet(0x28);
  entries.forEach(({ entry, attributes }, i) => {
    if (i > 0) out.octet(0x20);
    astring(out, entry, ENTRY_MODE);
    attributes.forEach(({ name, shared, value }, at) => {
      out.text(at === 0 ? " (" : " ").text(name).text(shared ? ".shared " : ".priv ");
      if (value === null) out.text("NIL");
      else if (typeof value === "number") out.octet(0x22).number(value).octet(0x22);
      else octetString(out, value, mode);
    });
    out.octet(0x29);
  });
  out.octet(0x29);
}

/** "(" entry *(SP entry) ")": names of what changed (RFC 5257 §4.4). */
export function annotationNameList(out: Gather, entries: readonly string[]): void {
  entries.forEach((entry, i) => {
    out.octet(i === 0 ? 0x28 : 0x20);
    astring(out, entry, ENTRY_MODE);
  });
  out.octet(0x29);
}

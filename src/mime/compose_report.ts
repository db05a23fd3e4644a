/** The parts of messages that programs send: reports (RFC 6522) and what is usual around them. */
import type { ComposeMultipart, ComposePart } from "./compose_part.ts";
import { FieldWriter } from "./compose_fold.ts";
import { headerSafe, isPrintable } from "./compose_words.ts";

/** Fields of one group of a machine-readable part; groups are parted by empty lines (RFC 3464 §2.1). */
export type StatusFields = readonly (readonly [name: string, value: string])[];

/** A report to compose. */
export interface ComposeReport {
  /** `delivery-status` (RFC 3464), `disposition-notification` (RFC 8098), `feedback-report` (RFC 5965). */
  readonly type: string;
  /** For people. */
  readonly text: string;
  /** For programs. */
  readonly groups: readonly StatusFields[];
  /** What it is about: the message, or its header alone. */
  readonly original?: { readonly octets: Uint8Array; readonly headerOnly: boolean };
  /** Values may hold UTF-8: the `global-` types of RFC 6533. */
  readonly utf8?: boolean;
}

/** multipart/report: text for people, fields for programs, and the original (RFC 6522 §3). */
export function composeReport(report: ComposeReport): ComposeMultipart {
  const utf8 = report.utf8 === true;
  const { original } = report;
  const parts: ComposePart[] = [
    { kind: "text", text: report.text },
    {
      kind: "data",
      type: `message/${utf8 ? "global-" : ""}${report.type}`,
      content: encoder.encode(report.groups.map((fields) => statusGroup(fields, utf8)).join("\r\n")),
      lines: true,
    },
  ];
  if (original !== undefined) {
    parts.push(
      original.headerOnly
        // RFC 6533 §6: message/global-headers is the form whose fields hold UTF-8.
        ? {
          kind: "data",
          type: utf8 ? "message/global-headers" : "text/rfc822-headers",
          content: original.octets,
          lines: true,
        }
        : { kind: "message", octets: original.octets },
    );
  }
  return { kind: "multipart", subtype: "report", params: [["report-type", report.type]], parts };
}

const encoder = new TextEncoder();
/** Octets of a word, beyond which it is cut: diagnostics of other servers are not ours to trust. */
const WORD = 500;

/** Fields of one group. Values come from other servers: nothing in them fails, what cannot be sent is `?`. */
function statusGroup(fields: StatusFields, utf8: boolean): string {
  let text = "";
  for (const [name, value] of fields) {
    const out = new FieldWriter(name);
    for (const word of headerSafe(value).split(" ")) {
      const sent = utf8 || isPrintable(word) ? word : word.replace(/[^ -~]/gu, "?");
      for (let at = 0; at < sent.length; at += WORD) out.word(sent.slice(at, at + WORD).toWellFormed());
    }
    text += out.take();
  }
  return text;
}

/** Text in plain and in HTML, the richer last (RFC 2046 §5.1.4). */
export function alternativePart(plain: string, html: string): ComposeMultipart {
  return {
    kind: "multipart",
    subtype: "alternative",
    parts: [{ kind: "text", text: plain }, { kind: "text", subtype: "html", text: html }],
  };
}

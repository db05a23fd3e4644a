/** Mailbox names and what is said of mailboxes, mirror of `grammar/{mailbox,list,status}.ts`. */
import type { Gather } from "../../bytes/gather.ts";
import { SEPARATOR } from "../../core/store.ts";
import type { StatusItem } from "../command.ts";
import { encodeUtf7 } from "../mailbox_name.ts";
import { astring, type EncodeMode, string } from "./string.ts";

/** mailbox = "INBOX" / astring; modified UTF-7 unless the client enabled UTF-8. */
export function mailbox(out: Gather, name: string, mode: EncodeMode): void {
  astring(out, mode.utf8 ? name : encodeUtf7(name), mode);
}

/** One line of LIST or LSUB. */
export interface ListLine {
  readonly name: string;
  /** With their backslashes. */
  readonly attributes: readonly string[];
  /** CHILDINFO of RFC 5258 §4, e.g. `SUBSCRIBED`. */
  readonly childInfo?: readonly string[];
  /** OLDNAME of RFC 9051 §7.3.1. */
  readonly oldName?: string;
}

/**
 * mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
 *                [SP mbox-list-extended] (RFC 9051 §7.3.1)
 */
export function listLine(
  out: Gather,
  response: "LIST" | "LSUB" | "XLIST",
  line: ListLine,
  mode: EncodeMode,
): void {
  out.text("* ").text(response).text(" (");
  line.attributes.forEach((attribute, i) => out.text(i === 0 ? "" : " ").text(attribute));
  out.text(') "').text(SEPARATOR).text('" ');
  mailbox(out, line.name, mode);
  const hasChildInfo = line.childInfo !== undefined && line.childInfo.length > 0;
  if (hasChildInfo || line.oldName !== undefined) {
    out.text(" (");
    if (hasChildInfo) {
      out.text('"CHILDINFO" (');
      line.childInfo.forEach((option, i) => out.text(i === 0 ? '"' : ' "').text(option).text('"'));
      out.text(")");
    }
    if (line.oldName !== undefined) {
      out.text(hasChildInfo ? ' "OLDNAME" (' : '"OLDNAME" (');
      mailbox(out, line.oldName, mode);
      out.text(")");
    }
    out.text(")");
  }
  out.text("\r\n");
}

/** LIST with an empty pattern asks for the separator only (RFC 9051 §6.3.9). */
export function listSeparatorLine(out: Gather, response: "LIST" | "LSUB" | "XLIST"): void {
  out.text("* ").text(response).text(' (\\Noselect) "').text(SEPARATOR).text('" ""\r\n');
}

/**
 * `* STATUS mailbox (…)` (RFC 9051 §7.3.4); `null` is NIL, which only APPENDLIMIT may be (RFC 7889 §4), a text
 * an object identifier (RFC 8474 §4.3).
 */
export function statusLine(
  out: Gather,
  name: string,
  items: readonly (readonly [StatusItem, number | string | null])[],
  mode: EncodeMode,
): void {
  out.text("* STATUS ");
  mailbox(out, name, mode);
  out.text(" (");
  items.forEach(([item, value], i) => {
    out.text(i === 0 ? "" : " ").text(item).text(" ");
    if (value === null) out.text("NIL");
    else if (typeof value === "string") out.text("(").text(value).text(")");
    else out.number(value);
  });
  out.text(")\r\n");
}

/** namespace = nil / "(" 1*namespace-descr ")" (RFC 9051 §7.3.3); prefixes, empty for NIL. */
export function namespaceLine(
  out: Gather,
  personal: readonly string[],
  others: readonly string[],
  shared: readonly string[],
  mode: EncodeMode,
): void {
  out.text("* NAMESPACE");
  for (const prefixes of [personal, others, shared]) {
    if (prefixes.length === 0) {
      out.text(" NIL");
      continue;
    }
    out.text(" (");
    for (const prefix of prefixes) {
      out.text("(");
      string(out, mode.utf8 ? prefix : encodeUtf7(prefix), mode);
      out.text(' "').text(SEPARATOR).text('")');
    }
    out.text(")");
  }
  out.text("\r\n");
}

/** `* n EXISTS`, `* n RECENT` and `* n EXPUNGE` (RFC 9051 §7.4, §7.5.1). */
export function countLine(out: Gather, n: number, what: "EXISTS" | "RECENT" | "EXPUNGE"): void {
  out.text("* ").number(n).text(" ").text(what).text("\r\n");
}

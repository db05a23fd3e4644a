/** Response codes: RFC 9051 §7.1 and the extensions named below. */
import type { Gather } from "../../bytes/gather.ts";
import type { RefusalCode } from "../../core/failure.ts";
import { rangesOf, type UidSet } from "../../core/uidset.ts";
import { allFlags } from "./flags.ts";
import { uidSet } from "./sets.ts";
import { astring } from "./string.ts";

/** resp-text-code */
export type ResponseCode =
  | { readonly code: PlainCode }
  | { readonly code: "CAPABILITY"; readonly names: readonly string[] }
  | { readonly code: "BADCHARSET"; readonly charsets: readonly string[] }
  /** `flags`: bits of Flag; all when left out. */
  | {
    readonly code: "PERMANENTFLAGS";
    readonly flags?: number;
    readonly keywords: readonly string[];
    readonly more: boolean;
  }
  /** Nothing can be changed: EXAMINE. */
  | { readonly code: "NO PERMANENTFLAGS" }
  | {
    /** HIGHESTMODSEQ: RFC 7162 §3.1.2.1. */
    readonly code:
      | "UIDNEXT"
      | "UIDVALIDITY"
      | "UNSEEN"
      | "HIGHESTMODSEQ"
      /** RFC 5464 §4.2.1, §4.3. */
      | "METADATA LONGENTRIES"
      | "METADATA MAXSIZE";
    readonly value: number;
  }
  /** RFC 8474 §4.1. */
  | { readonly code: "MAILBOXID"; readonly id: string }
  /** RFC 5257 §4.1: octets of a value; undefined: they cannot be changed. */
  | { readonly code: "ANNOTATIONS"; readonly most: number | undefined }
  /** RFC 4467 §8: INTERNAL is the only mechanism. */
  | { readonly code: "URLMECH" }
  /** RFC 4469 §4.1. */
  | { readonly code: "BADURL"; readonly url: string }
  | { readonly code: "APPENDUID"; readonly uidValidity: number; readonly uids: UidSet }
  /** Sources and targets correspond one by one, both ascending. */
  | {
    readonly code: "COPYUID";
    readonly uidValidity: number;
    readonly sources: Iterable<number>;
    readonly targets: Iterable<number>;
  }
  /** RFC 5465 §3.1: the events that there are. */
  | { readonly code: "BADEVENT"; readonly events: readonly string[] }
  /** RFC 9738 §3.1; `uid`: the lowest that was worked on. */
  | { readonly code: "MESSAGELIMIT"; readonly limit: number; readonly uid?: number }
  /** RFC 9585 §4. */
  | { readonly code: "INPROGRESS"; readonly tag: string; readonly done?: number; readonly goal?: number }
  /** RFC 5267 §4.3.1. */
  | { readonly code: "NOUPDATE"; readonly tag: string }
  /** RFC 5466 §3.1. */
  | { readonly code: "UNDEFINED-FILTER"; readonly name: string }
  /** RFC 2193 §6, RFC 2221 §5; of RENAME, pairs. */
  | { readonly code: "REFERRAL"; readonly urls: readonly string[] }
  /** RFC 7162 §3.1.3. */
  | { readonly code: "MODIFIED"; readonly set: UidSet };

/** Codes without arguments. */
export type PlainCode =
  | RefusalCode
  | "ALERT"
  | "PARSE"
  | "READ-ONLY"
  | "READ-WRITE"
  | "UIDNOTSTICKY"
  | "UNAVAILABLE"
  | "AUTHENTICATIONFAILED"
  | "AUTHORIZATIONFAILED"
  | "EXPIRED"
  | "PRIVACYREQUIRED"
  | "CONTACTADMIN"
  | "CORRUPTION"
  | "CLIENTBUG"
  | "NOTSAVED"
  | "CLOSED"
  /** RFC 5464 §4.3. */
  | "METADATA TOOMANY"
  /** RFC 5257 §4.5. */
  | "ANNOTATE TOOBIG"
  | "ANNOTATE TOOMANY"
  /** RFC 5255 §4.9. */
  | "BADCOMPARATOR"
  /** RFC 4978 §3. */
  | "COMPRESSIONACTIVE"
  /** RFC 6154 §6. */
  | "USEATTR"
  /** RFC 7162 §3.1.2.2. */
  | "NOMODSEQ"
  /** RFC 9586 §3. */
  | "UIDREQUIRED"
  /** RFC 10022 §3.1. */
  | "TOOFEW"
  | "TOOMANY";

/** "[" resp-text-code "]" SP */
export function responseCode(out: Gather, code: ResponseCode): void {
  out.octet(0x5b);
  switch (code.code) {
    case "CAPABILITY":
      out.text("CAPABILITY");
      for (const name of code.names) out.octet(0x20).text(name);
      break;
    case "BADCHARSET":
      out.text("BADCHARSET (");
      code.charsets.forEach((charset, i) => {
        if (i > 0) out.octet(0x20);
        astring(out, charset, { utf8: false });
      });
      out.octet(0x29);
      break;
    case "PERMANENTFLAGS":
      out.text("PERMANENTFLAGS ");
      allFlags(out, code.keywords, code.more, code.flags);
      break;
    case "NO PERMANENTFLAGS":
      out.text("PERMANENTFLAGS ()");
      break;
    case "UIDNEXT":
    case "UIDVALIDITY":
    case "UNSEEN":
    case "HIGHESTMODSEQ":
    case "METADATA LONGENTRIES":
    case "METADATA MAXSIZE":
      out.text(code.code).octet(0x20).number(code.value);
      break;
    case "APPENDUID":
      out.text("APPENDUID ").number(code.uidValidity).octet(0x20);
      uidSet(out, code.uids);
      break;
    case "MAILBOXID":
      out.text("MAILBOXID (").text(code.id).octet(0x29);
      break;
    case "ANNOTATIONS":
      out.text("ANNOTATIONS ");
      if (code.most === undefined) out.text("READ-ONLY");
      else out.number(code.most);
      break;
    case "URLMECH":
      out.text("URLMECH INTERNAL");
      break;
    case "BADURL":
      out.text("BADURL ").text(urlText(code.url));
      break;
    case "COPYUID":
      out.text("COPYUID ").number(code.uidValidity).octet(0x20);
      uidSet(out, rangesOf(code.sources));
      out.octet(0x20);
      uidSet(out, rangesOf(code.targets));
      break;
    case "BADEVENT":
      out.text("BADEVENT (").text(code.events.join(" ")).octet(0x29);
      break;
    case "MESSAGELIMIT":
      out.text("MESSAGELIMIT ").number(code.limit);
      if (code.uid !== undefined) out.octet(0x20).number(code.uid);
      break;
    case "INPROGRESS":
      // RFC 9585 §4: a tag with "]" would end the code.
      out.text("INPROGRESS (").text(code.tag.includes("]") ? "NIL" : `"${code.tag}"`);
      out.text(` ${code.done ?? "NIL"} ${code.done === undefined ? "NIL" : code.goal ?? "NIL"})`);
      break;
    case "NOUPDATE":
      out.text('NOUPDATE "').text(code.tag).octet(0x22);
      break;
    case "UNDEFINED-FILTER":
      out.text("UNDEFINED-FILTER ").text(code.name);
      break;
    case "REFERRAL":
      out.text("REFERRAL ").text(code.urls.join(" "));
      break;
    case "MODIFIED":
      out.text("MODIFIED ");
      uidSet(out, code.set);
      break;
    default:
      out.text(code.code satisfies PlainCode);
  }
  out.text("] ");
}

/** url-resp-text: what would end the code or the line is percent-encoded, as URLs are anyway. */
function urlText(url: string): string {
  const text = encodeURI(url.toWellFormed().slice(0, URL_CHARACTERS)).replaceAll("%25", "%").replaceAll(
    "]",
    "%5D",
  );
  return text === "" ? "-" : text;
}

/** Characters of a URL that are told. */
const URL_CHARACTERS = 1000;

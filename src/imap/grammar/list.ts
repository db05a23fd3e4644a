/** LIST and LSUB: RFC 9051 §6.3.9, RFC 3501 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590. */
import type { Command, ListCommand, MetadataQuery, StatusItem } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { listMailbox, reference } from "./mailbox.ts";
import { metadataQuery } from "./metadata.ts";
import { statusAttList } from "./status.ts";

/**
 * list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
 * mbox-or-pat = list-mailbox / patterns
 */
export function list(c: Cursor): Command | undefined {
  let select: ListCommand["select"] = [];
  let extended = false;
  if (c.takeSpaceParen()) {
    const options = listSelectOpts(c);
    if (options === undefined) return undefined;
    select = options;
    extended = true;
  }
  if (!c.sp()) return undefined;
  const base = reference(c);
  if (base === undefined || !c.sp()) return undefined;
  const isList = c.peek() === 0x28;
  const patterns = isList ? patternList(c) : onePattern(c);
  if (patterns === undefined) return undefined;
  let opts: ReturnOpts = { returns: [], status: [], metadata: undefined };
  if (c.take(0x20)) {
    const asked = listReturnOpts(c);
    if (asked === undefined) return undefined;
    opts = asked;
    extended = true;
  }
  return { name: "LIST", select, reference: base, patterns, ...opts, extended: extended || isList };
}

/** lsub = "LSUB" SP mailbox SP list-mailbox (RFC 3501 §6.3.9); `remote`: RLSUB (RFC 2193 §6). */
export function lsub(remote: boolean): (c: Cursor) => Command | undefined {
  return (c) => {
    const asked = plainList(c);
    return asked && { name: "LSUB", ...asked, remote };
  };
}

/** Written like LSUB. */
export function xlist(c: Cursor): Command | undefined {
  const asked = plainList(c);
  return asked && { name: "XLIST", ...asked };
}

/** rlist = "RLIST" SP mailbox SP list-mailbox (RFC 2193 §6); what LIST (REMOTE) became (RFC 5258 §3). */
export function rlist(c: Cursor): Command | undefined {
  const asked = plainList(c);
  if (asked === undefined) return undefined;
  const { reference, pattern } = asked;
  const rest = { returns: [], status: [], metadata: undefined, extended: false } as const;
  return { name: "LIST", select: ["REMOTE"], reference, patterns: [pattern], ...rest };
}

function plainList(c: Cursor): { readonly reference: string; readonly pattern: string } | undefined {
  if (!c.sp()) return undefined;
  const base = reference(c);
  if (base === undefined || !c.sp()) return undefined;
  const pattern = listMailbox(c);
  return pattern === undefined ? undefined : { reference: base, pattern };
}

function onePattern(c: Cursor): readonly string[] | undefined {
  const pattern = listMailbox(c);
  return pattern === undefined ? undefined : [pattern];
}

/** patterns = "(" list-mailbox *(SP list-mailbox) ")" (RFC 5258 §6) */
function patternList(c: Cursor): readonly string[] | undefined {
  const patterns: string[] = [];
  c.pos++;
  do {
    const pattern = listMailbox(c);
    if (pattern === undefined) return undefined;
    if (!patterns.includes(pattern)) patterns.push(pattern);
    if (patterns.length > 100) {
      return c.fail("too many patterns", "A LIST has too many patterns", "NO", { code: "LIMIT" });
    }
  } while (c.take(0x20));
  return c.expect(0x29) ? patterns : undefined;
}

/**
 * list-select-opts, behind its parenthesis: any options in any order, but RECURSIVEMATCH needs one that can
 * stand by itself (RFC 5258 §3.1).
 */
function listSelectOpts(c: Cursor): ListCommand["select"] | undefined {
  const select = new Set<ListCommand["select"][number]>();
  if (c.take(0x29)) return [];
  do {
    const word = c.word();
    switch (word) {
      case "SUBSCRIBED":
      case "REMOTE":
      case "RECURSIVEMATCH":
      case "SPECIAL-USE":
        select.add(word);
        break;
      default:
        return c.fail("select option", "No such LIST selection option");
    }
  } while (c.take(0x20));
  if (!c.expect(0x29)) return undefined;
  if (select.has("RECURSIVEMATCH") && !select.has("SUBSCRIBED") && !select.has("SPECIAL-USE")) {
    return c.fail("select option", "RECURSIVEMATCH needs another LIST selection option");
  }
  return [...select];
}

interface ReturnOpts {
  readonly returns: ListCommand["returns"];
  readonly status: readonly StatusItem[];
  readonly metadata: MetadataQuery | undefined;
}

/**
 * list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
 * return-option = "SUBSCRIBED" / "CHILDREN" / "SPECIAL-USE" / "MYRIGHTS" / status-option / "METADATA" SP entries
 */
function listReturnOpts(c: Cursor): ReturnOpts | undefined {
  if (!c.keyword("RETURN")) return c.expected("RETURN");
  if (!c.sp() || !c.expect(0x28)) return undefined;
  const returns = new Set<ListCommand["returns"][number]>();
  let status: readonly StatusItem[] = [];
  let metadata: MetadataQuery | undefined;
  if (c.take(0x29)) return { returns: [], status, metadata };
  do {
    const word = c.word();
    switch (word) {
      case "SUBSCRIBED":
      case "CHILDREN":
      case "SPECIAL-USE":
      case "MYRIGHTS":
        returns.add(word);
        break;
      case "STATUS": {
        const items = c.sp() ? statusAttList(c) : undefined;
        if (items === undefined) return undefined;
        status = items;
        break;
      }
      case "METADATA":
        metadata = c.sp() ? metadataQuery(c) : undefined;
        if (metadata === undefined) return undefined;
        break;
      default:
        return c.fail("return option", "No such LIST return option");
    }
  } while (c.take(0x20));
  return c.expect(0x29) ? { returns: [...returns], status, metadata } : undefined;
}

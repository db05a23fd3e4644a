/** The command line: RFC 9051 §9 `command`. One row per command; an extension adds its row here. */
import type { By, Command, CommandName, Tagged } from "../command.ts";
import { deleteAcl, listRights, rightsOf, setAcl } from "./acl.ts";
import { appendHead } from "./append.ts";
import { authenticate, compress, enable, id, login } from "./auth.ts";
import type { Cursor } from "./cursor.ts";
import { fetch } from "./fetch.ts";
import { comparator, language } from "./language.ts";
import { list, lsub, rlist, xlist } from "./list.ts";
import { copy, create, oneMailbox, rename, uidExpunge } from "./mailbox_command.ts";
import { ascii, TAG_CHAR } from "./octets.ts";
import { getMetadata, setMetadata } from "./metadata.ts";
import { notify } from "./notify.ts";
import { getQuota, getQuotaRoot, setQuota } from "./quota.ts";
import { esearch, search } from "./search.ts";
import { cancelUpdate, uidBatches } from "./search_return.ts";
import { select } from "./select.ts";
import { sort, thread } from "./sort.ts";
import { status } from "./status.ts";
import { store } from "./store.ts";
import { genUrlAuth, resetKey, urlFetch } from "./url_auth.ts";

/** Parses what stands behind a command's name, up to the command's end. */
type Arguments = (c: Cursor) => Command | undefined;

/** How a command's arguments are parsed, by itself and behind `UID`. */
interface Row {
  readonly plain: Arguments;
  readonly uid?: Arguments;
}

const ROWS = {
  CAPABILITY: { plain: () => ({ name: "CAPABILITY" }) },
  NOOP: { plain: () => ({ name: "NOOP" }) },
  LOGOUT: { plain: () => ({ name: "LOGOUT" }) },
  ID: { plain: id },
  STARTTLS: { plain: () => ({ name: "STARTTLS" }) },
  LOGIN: { plain: login },
  AUTHENTICATE: { plain: authenticate },
  ENABLE: { plain: enable },
  SELECT: { plain: select("SELECT") },
  EXAMINE: { plain: select("EXAMINE") },
  CREATE: { plain: create },
  DELETE: { plain: oneMailbox("DELETE") },
  RENAME: { plain: rename },
  SUBSCRIBE: { plain: oneMailbox("SUBSCRIBE") },
  UNSUBSCRIBE: { plain: oneMailbox("UNSUBSCRIBE") },
  LIST: { plain: list },
  LSUB: { plain: lsub(false) },
  XLIST: { plain: xlist },
  NAMESPACE: { plain: () => ({ name: "NAMESPACE" }) },
  STATUS: { plain: status },
  // One with octets of its own is cut off at the literal and never comes here; see `appendHead`.
  APPEND: { plain: appended("APPEND", "seq") },
  COMPRESS: { plain: compress },
  GETMETADATA: { plain: getMetadata },
  SETMETADATA: { plain: setMetadata },
  GETQUOTA: { plain: getQuota },
  GETQUOTAROOT: { plain: getQuotaRoot },
  SETQUOTA: { plain: setQuota },
  SETACL: { plain: setAcl },
  DELETEACL: { plain: deleteAcl },
  GETACL: { plain: rightsOf("GETACL") },
  LISTRIGHTS: { plain: listRights },
  MYRIGHTS: { plain: rightsOf("MYRIGHTS") },
  UNAUTHENTICATE: { plain: () => ({ name: "UNAUTHENTICATE" }) },
  LANGUAGE: { plain: language },
  GENURLAUTH: { plain: genUrlAuth },
  RESETKEY: { plain: resetKey },
  URLFETCH: { plain: urlFetch },
  COMPARATOR: { plain: comparator },
  IDLE: { plain: () => ({ name: "IDLE" }) },
  CHECK: { plain: () => ({ name: "CHECK" }) },
  CLOSE: { plain: () => ({ name: "CLOSE" }) },
  UNSELECT: { plain: () => ({ name: "UNSELECT" }) },
  EXPUNGE: { plain: () => ({ name: "EXPUNGE", uids: undefined }), uid: uidExpunge },
  REPLACE: { plain: appended("REPLACE", "seq"), uid: appended("REPLACE", "uid") },
  SEARCH: { plain: (c) => search(c, "seq"), uid: (c) => search(c, "uid") },
  NOTIFY: { plain: notify },
  // RFC 7377 §2 writes it with UID in its examples, §4 without.
  ESEARCH: { plain: esearch, uid: esearch },
  UIDBATCHES: { plain: uidBatches },
  CANCELUPDATE: { plain: cancelUpdate },
  SORT: { plain: (c) => sort(c, "seq"), uid: (c) => sort(c, "uid") },
  THREAD: { plain: (c) => thread(c, "seq"), uid: (c) => thread(c, "uid") },
  FETCH: { plain: (c) => fetch(c, "seq"), uid: (c) => fetch(c, "uid") },
  STORE: { plain: (c) => store(c, "seq"), uid: (c) => store(c, "uid") },
  COPY: { plain: copy("COPY", "seq"), uid: copy("COPY", "uid") },
  MOVE: { plain: copy("MOVE", "seq"), uid: copy("MOVE", "uid") },
} as const satisfies Record<CommandName, Row>;

/** An APPEND or REPLACE that is put together from other messages alone. */
function appended(name: "APPEND" | "REPLACE", by: By): Arguments {
  return (c) => {
    const head = appendHead(c, name, by, undefined);
    return head === undefined || head === "argument" ? undefined : head.command;
  };
}

/** Names on the wire of what is another command with a word more. */
const OTHER_NAMES: Readonly<Record<string, Row>> = { RLIST: { plain: rlist }, RLSUB: { plain: lsub(true) } };

const BY_NAME: ReadonlyMap<string, Row> = new Map<string, Row>(
  Object.entries({ ...ROWS, ...OTHER_NAMES }),
);

/** tag = 1*<any ASTRING-CHAR except "+">; kept in the cursor, so that faults carry it. */
export function tag(c: Cursor): string | undefined {
  const start = c.run(TAG_CHAR);
  if (c.pos === start) return c.expected("a tag");
  if (c.pos - start > c.limits.tag) return c.fail("tag too long", "A tag is too long");
  // A fault carries its tag only when the tag was whole.
  if (c.pos < c.end && c.octets[c.pos] !== 0x20) return c.expected("a tag");
  return c.tag = ascii(c.octets, start, c.pos);
}

/** A command whose arguments come next. */
export interface CommandHead {
  readonly tag: string;
  /** In capitals; without `UID`. */
  readonly name: string;
  readonly by: By;
  readonly parse: Arguments;
}

/** tag SP name, with `UID SP` before the name for those that take it. */
export function commandHead(c: Cursor): CommandHead | undefined {
  const itsTag = tag(c);
  if (itsTag === undefined || !c.sp()) return undefined;
  let name = c.word();
  const byUid = name === "UID";
  if (byUid) {
    if (!c.sp()) return undefined;
    name = c.word();
  }
  const row = BY_NAME.get(name);
  const parse = byUid ? row?.uid : row?.plain;
  if (parse === undefined) return c.fail("unknown command", "No such command");
  return { tag: itsTag, name, by: byUid ? "uid" : "seq", parse };
}

/** command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF */
export function command(c: Cursor): Tagged | undefined {
  const head = commandHead(c);
  if (head === undefined) return undefined;
  const parsed = head.parse(c);
  if (parsed === undefined || !c.atEnd()) return undefined;
  return { tag: head.tag, command: parsed };
}

/** GETMETADATA and SETMETADATA (RFC 5464 §4), and LIST's METADATA (RFC 9590). */
import { type Annotation, type MailboxInfo, SHARED_BY_ALL } from "../../core/store.ts";
import type { Command, MetadataQuery } from "../command.ts";
import { metadataLine } from "../encode/mod.ts";
import { accountOf, type Completion, type Context, failed, no, ok } from "./context.ts";
import { refuseFilter } from "./filters.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** The annotation of the server that is always there, read-only (RFC 5464 §3.2.1.1). */
const ADMIN = "/shared/admin";

const encoder = new TextEncoder();

/** Annotations of a mailbox or, without a name, of the server. */
export async function getMetadata(cx: Context, command: Named<"GETMETADATA">): Promise<Completion> {
  const { store } = cx.services;
  const account = accountOf(cx);
  let found: readonly Annotation[];
  if (command.mailbox === "") {
    const own = await store.metadata(account, "server", command.entries, command.depth);
    const shared = await store.metadata(SHARED_BY_ALL, "server", command.entries, command.depth);
    found = [...own, ...shared, ...serverAnnotations(cx, command)];
  } else {
    const mailbox = await store.mailbox(account, command.mailbox);
    if (mailbox === undefined) return no("No such mailbox", { code: "NONEXISTENT" });
    found = await store.metadata(account, mailbox.id, command.entries, command.depth);
  }
  const longest = tell(cx, command.mailbox, command, found);
  return longest === undefined
    ? ok("GETMETADATA completed")
    : ok("GETMETADATA completed", { code: "METADATA LONGENTRIES", value: longest });
}

/** Sets and removes annotations, all or none. */
export async function setMetadata(cx: Context, command: Named<"SETMETADATA">): Promise<Completion> {
  const { store } = cx.services;
  const account = accountOf(cx);
  let of: Parameters<typeof store.setMetadata>[1] = "server";
  if (command.mailbox !== "") {
    const mailbox = await store.mailbox(account, command.mailbox);
    if (mailbox === undefined) return no("No such mailbox", { code: "NONEXISTENT" });
    of = mailbox.id;
  } else if ([...command.changes.keys()].some((entry) => entry.startsWith("/shared/"))) {
    return no("What is shared of the server is the administrator's", { code: "NOPERM" });
  } else {
    for (const [entry, value] of command.changes) {
      const refusal = refuseFilter(cx, entry, value);
      if (refusal !== undefined) return refusal;
    }
  }
  const set = await store.setMetadata(account, of, command.changes);
  if (set.ok) return ok("SETMETADATA completed");
  const { failure } = set;
  if (failure.kind === "refused" && failure.code === "LIMIT") {
    return no(failure.text, { code: "METADATA TOOMANY" });
  }
  if (failure.kind === "refused" && failure.code === "TOOBIG") {
    const value = cx.services.limits.afterLogin.metadata;
    return no(failure.text, { code: "METADATA MAXSIZE", value });
  }
  return failed(failure);
}

/** Annotations of all mailboxes that LIST is about to name. */
export async function listMetadata(
  cx: Context,
  query: MetadataQuery,
): Promise<(mailbox: MailboxInfo) => void> {
  const found = await cx.services.store.metadata(accountOf(cx), "all", query.entries, query.depth);
  const byMailbox = Map.groupBy(found, ({ mailbox }) => mailbox);
  return (mailbox) => void tell(cx, mailbox.name, query, byMailbox.get(mailbox.id) ?? []);
}

/**
 * The METADATA response: what was found, and NIL for names that have no value. What is longer than MAXSIZE is
 * left out; gives the size of the longest of these.
 */
function tell(
  cx: Context,
  name: string,
  query: MetadataQuery,
  found: readonly Annotation[],
): number | undefined {
  const most = query.maxSize ?? Infinity;
  const values: (readonly [string, Uint8Array | null])[] = [];
  let longest: number | undefined;
  for (const { entry, value } of found) {
    if (value.length <= most) values.push([entry, value]);
    else longest = Math.max(longest ?? 0, value.length);
  }
  const known = new Set(found.map(({ entry }) => entry));
  for (const entry of query.entries) {
    // With DEPTH, a name may be there for what lies below it only.
    if (!known.has(entry) && query.depth === 0) values.push([entry, null]);
  }
  if (values.length > 0) metadataLine(cx.out.gather, name, values, cx.session.mode);
  return longest;
}

/** What the server says of itself, among what was asked for. */
function serverAnnotations(cx: Context, query: MetadataQuery): readonly Annotation[] {
  const isAsked = query.entries.some((entry) => entry === ADMIN || entry === "/shared" && query.depth !== 0);
  if (!isAsked) return [];
  const value = encoder.encode(`mailto:postmaster@${cx.services.hostname}`);
  return [{ mailbox: undefined, entry: ADMIN, value }];
}

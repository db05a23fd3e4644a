/** GETMETADATA and SETMETADATA (RFC 5464 §4), and LIST's METADATA (RFC 9590). */
import { Right } from "../../core/acl.ts";
import type { AccountId } from "../../core/brands.ts";
import { type Outcome, refused } from "../../core/failure.ts";
import { type Annotation, SHARED_BY_ALL } from "../../core/store.ts";
import type { Command, MetadataQuery } from "../command.ts";
import { metadataLine } from "../encode/mod.ts";
import { hasAll, reach, type Reached } from "../reach.ts";
import { accountOf, type Completion, type Context, failed, no, ok, seekerOf } from "./context.ts";
import { refuseFilter } from "./filters.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** The annotation of the server that is always there, read-only (RFC 5464 §3.2.1.1). */
const ADMIN = "/shared/admin";

const encoder = new TextEncoder();

/** Annotations of a mailbox or, without a name, of the server. */
export async function getMetadata(cx: Context, command: Named<"GETMETADATA">): Promise<Completion> {
  const { store } = cx.services;
  const account = accountOf(cx);
  let found: readonly Annotation[], name = command.mailbox;
  if (command.mailbox === "") {
    const own = await store.metadata(account, "server", command.entries, command.depth);
    const shared = await store.metadata(SHARED_BY_ALL, "server", command.entries, command.depth);
    found = [...own, ...shared, ...serverAnnotations(cx, command)];
  } else {
    const mailbox = await annotated(cx, command.mailbox);
    if (!mailbox.ok) return failed(mailbox.failure);
    name = mailbox.value.name;
    found = await annotationsOf(cx, mailbox.value, command);
  }
  const longest = tell(cx, name, command, found);
  return longest === undefined
    ? ok("GETMETADATA completed")
    : ok("GETMETADATA completed", { code: "METADATA LONGENTRIES", value: longest });
}

/** Sets and removes annotations, all or none. */
export async function setMetadata(cx: Context, command: Named<"SETMETADATA">): Promise<Completion> {
  const { store } = cx.services;
  const account = accountOf(cx);
  let owner = account, changes = command.changes;
  let of: Parameters<typeof store.setMetadata>[1] = "server";
  if (command.mailbox !== "") {
    const mailbox = await annotated(cx, command.mailbox);
    if (!mailbox.ok) return failed(mailbox.failure);
    const { id, rights } = mailbox.value;
    const isShared = [...changes.keys()].some((entry) => entry.startsWith("/shared/"));
    if (isShared && !hasAll(rights, Right.Write)) return no("Not permitted", { code: "NOPERM" });
    owner = mailbox.value.account;
    of = id;
    if (owner !== account) {
      changes = new Map([...changes].map(([entry, value]) => [keptAs(entry, account), value]));
    }
  } else if ([...command.changes.keys()].some((entry) => entry.startsWith("/shared/"))) {
    return no("What is shared of the server is the administrator's", { code: "NOPERM" });
  } else {
    for (const [entry, value] of command.changes) {
      const refusal = refuseFilter(cx, entry, value);
      if (refusal !== undefined) return refusal;
    }
  }
  const set = await store.setMetadata(owner, of, changes);
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
): Promise<(mailbox: Reached) => Promise<void>> {
  const found = await cx.services.store.metadata(accountOf(cx), "all", query.entries, query.depth);
  const byMailbox = Map.groupBy(found, ({ mailbox }) => mailbox);
  return async (mailbox) => {
    const isOwn = mailbox.account === accountOf(cx);
    if (!isOwn && !mayAnnotate(mailbox.rights)) return;
    const its = isOwn ? byMailbox.get(mailbox.id) ?? [] : await annotationsOf(cx, mailbox, query);
    tell(cx, mailbox.name, query, its);
  };
}

/** A mailbox whose annotations this session may read and set, its private ones at least. */
async function annotated(cx: Context, name: string): Promise<Outcome<Reached>> {
  const found = await reach(seekerOf(cx), name, Right.Lookup);
  return !found.ok || mayAnnotate(found.value.rights) ? found : refused("NOPERM", "Not permitted");
}

/** RFC 5464 §3.3: `l`, and one of the rights to do something with messages. */
function mayAnnotate(rights: number): boolean {
  const some = Right.Read | Right.Seen | Right.Write | Right.Insert | Right.Post;
  return hasAll(rights, Right.Lookup) && (rights & some) !== 0;
}

async function annotationsOf(
  cx: Context,
  { account, id }: Reached,
  { entries, depth }: MetadataQuery,
): Promise<readonly Annotation[]> {
  const { store } = cx.services;
  const me = accountOf(cx);
  if (account === me) return await store.metadata(account, id, entries, depth);
  const kept = entries.map((entry) => keptAs(entry, me));
  const found = await store.metadata(account, id, kept, depth);
  return found.map((one) => ({ ...one, entry: one.entry.replace(/^\/private:\d+\//, "/private/") }));
}

/**
 * What is private of another's mailbox is kept beside what is private to its owner, under a name that no client
 * can give: entries begin with `/private/` or `/shared/`.
 */
function keptAs(entry: string, account: AccountId): string {
  return entry.replace(/^\/private(?=\/|$)/, `/private:${account}`);
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

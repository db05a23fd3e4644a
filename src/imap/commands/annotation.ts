/** Annotations of messages in FETCH, STORE and APPEND (RFC 5257 §4). */
import type { AnnotatedMailbox, AnnotationValue, MessageAnnotation } from "../../core/annotation.ts";
import { Right } from "../../core/acl.ts";
import type { ModSeq } from "../../core/brands.ts";
import { Unavailable } from "../../core/failure.ts";
import type { FlagRow } from "../../core/store.ts";
import { matchesPattern } from "../../core/pattern.ts";
import type { UidSet } from "../../core/uidset.ts";
import { locate, unpackParts } from "../../mime/mod.ts";
import type { Command, FetchItem } from "../command.ts";
import type { AnnotationEntry } from "../encode/mod.ts";
import { type Goal, hasAll } from "../reach.ts";
import { lacks } from "./access.ts";
import { accountOf, bad, type Completion, type Context, failed, no, selectedOf } from "./context.ts";
import { working } from "./progress.ts";

type Store = Extract<Command, { readonly name: "STORE" }>;
type Asked = Extract<FetchItem, { readonly item: "ANNOTATION" }>;

/** The selected mailbox as the session's user sees it. */
export function annotatedOf(cx: Context): AnnotatedMailbox {
  const { mirror } = selectedOf(cx).view;
  return { account: mirror.account, mailbox: mirror.id, user: accountOf(cx) };
}

/** What FETCH answers of one message: entries that are named, and those there are that a pattern matches. */
export function annotationEntries(
  asked: Asked,
  found: readonly MessageAnnotation[],
): readonly AnnotationEntry[] {
  const entries = new Map<string, AnnotationEntry>();
  const there = Map.groupBy(found, ({ entry }) => entry);
  for (const pattern of asked.entries) {
    const isPattern = /[*%]/.test(pattern);
    const names = isPattern
      ? [...there.keys()].filter((name) => matchesPattern(pattern, name, "/"))
      : [pattern];
    for (const name of names) {
      const one = entryOf(asked, name, there.get(name) ?? []);
      if (!isPattern || one.attributes.some(({ value }) => value !== null && value !== 0)) {
        entries.set(name, one);
      }
    }
  }
  return [...entries.values()];
}

/** Values and sizes in the order in which they were asked for, private before shared. */
function entryOf(asked: Asked, entry: string, values: readonly MessageAnnotation[]): AnnotationEntry {
  const attributes = asked.attributes.flatMap(({ name, of }) =>
    (of === "both" ? ["private", "shared"] as const : [of]).map((whose) => {
      const shared = whose === "shared";
      const value = values.find((one) => one.shared === shared)?.value ?? null;
      return { name, shared, value: name === "size" ? value?.length ?? 0 : value };
    })
  );
  return { entry, attributes };
}

/**
 * Why the selected mailbox's messages cannot be annotated (RFC 5257 §3.4): who may read may write values of one's own,
 * shared ones need `n`; before EXAMINE nothing is written.
 */
export function mayAnnotateSelected(cx: Context, values: readonly AnnotationValue[]): Completion | undefined {
  const { examined } = selectedOf(cx);
  if (examined) return no("The mailbox is selected read-only");
  return values.some(({ shared }) => shared) ? lacks(cx, Right.Annotate) : undefined;
}

/** Gives messages annotations; what the store did, or why it did nothing. */
export async function storeAnnotations(
  cx: Context,
  command: Store & { readonly annotations: readonly AnnotationValue[] },
  uids: UidSet,
): Promise<
  | { readonly done: { readonly changed: readonly FlagRow[]; readonly modified: UidSet } }
  | { readonly refusal: Completion }
> {
  const { store } = cx.services;
  const of = annotatedOf(cx);
  const parts = partsOf(command.annotations);
  if (parts.length > 0) {
    for await (const rows of store.fetch(of.account, of.mailbox, uids, { structure: true })) {
      for (const { structure } of rows) {
        if (!hasParts(structure!, parts)) return { refusal: bad("A message has no such part") };
      }
    }
  }
  const since = command.unchangedSince as ModSeq | undefined;
  const set = await working(cx, store.annotations.set(of, uids, command.annotations, since));
  return set.ok ? { done: set.value } : { refusal: annotationRefusal(set.failure) };
}

/** RFC 5257 §4.5: codes of its own. */
function annotationRefusal(failure: Parameters<typeof failed>[0]): Completion {
  if (failure.kind === "refused" && failure.code === "TOOBIG") {
    return no(failure.text, { code: "ANNOTATE TOOBIG" });
  }
  if (failure.kind === "refused" && failure.code === "LIMIT") {
    return no(failure.text, { code: "ANNOTATE TOOMANY" });
  }
  return failed(failure);
}

/** Why a message cannot be put into a mailbox with these annotations. */
export async function mayAnnotate(
  cx: Context,
  goal: Goal,
  values: readonly AnnotationValue[],
  structure: Uint8Array | undefined,
): Promise<Completion | undefined> {
  if (values.some(({ shared }) => shared) && !hasAll(goal.rights, Right.Annotate)) {
    return no("Not permitted", { code: "NOPERM" });
  }
  const parts = partsOf(values);
  if (structure !== undefined && parts.length > 0 && !hasParts(structure, parts)) {
    return bad("The message has no such part");
  }
  const most = cx.services.limits.afterLogin.metadataEntries;
  if (new Set(values.map(({ entry }) => entry)).size > most) {
    return no("Too many annotations", { code: "ANNOTATE TOOMANY" });
  }
  const { octets, octetLimit } = await cx.services.store.annotations.use(goal.account);
  const added = values.reduce((sum, { entry, value }) => sum + entry.length + (value?.length ?? 0), 0);
  return octets + added > octetLimit
    ? no("Annotations take too much room", { code: "OVERQUOTA" })
    : undefined;
}

/** Numbers of the parts that entries are about (RFC 5257 §3.2.1). */
function partsOf(values: readonly AnnotationValue[]): readonly (readonly number[])[] {
  const parts: (readonly number[])[] = [];
  for (const { entry, value } of values) {
    const numbers = /^\/([0-9.]+)\//.exec(entry)?.[1];
    if (numbers !== undefined && value !== null) parts.push(numbers.split(".").map(Number));
  }
  return parts;
}

function hasParts(structure: Uint8Array, parts: readonly (readonly number[])[]): boolean {
  const root = unpackParts(structure);
  return parts.every((part) => locate(root, { part, kind: "all" }) !== undefined);
}

/** Names of annotations that others changed, by UID, where SELECT asked to be told (RFC 5257 §4.4). */
export async function changedNames(
  cx: Context,
  uids: UidSet,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const selected = selectedOf(cx);
  const { annotations } = selected;
  if (annotations === undefined) return NO_NAMES;
  const since = annotations.told;
  annotations.told = selected.view.mirror.modSeq;
  if (uids.length === 0) return NO_NAMES;
  const names = new Map<number, string[]>();
  try {
    const changed = await cx.services.store.annotations.changed(annotatedOf(cx), uids, since as ModSeq);
    for (const { uid, entry } of changed) names.set(uid, [...names.get(uid) ?? [], entry]);
    return names;
  } catch (thrown) {
    // What a command did is done: it is told with the next change of the messages.
    if (!(thrown instanceof Unavailable)) throw thrown;
    annotations.told = since;
    return NO_NAMES;
  }
}

const NO_NAMES: ReadonlyMap<number, readonly string[]> = new Map();

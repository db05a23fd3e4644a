/** What happened to an account's mailboxes between two looks at them (RFC 5465 §5). */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { type Annotation, SEPARATOR } from "../core/store.ts";
import type { Reached } from "./reach.ts";

/** An annotation, and of whose mailbox. */
export interface Annotated extends Annotation {
  readonly account: AccountId;
}

/** How the mailboxes stood. */
export interface Snapshot {
  readonly mailboxes: readonly Reached[];
  readonly subscriptions: readonly string[];
  /** Empty when nobody asked for them. */
  readonly annotations: readonly Annotated[];
}

/** One thing that happened. */
export type MailboxChange =
  /** Made, removed, renamed, or the parent of such a one. */
  | { readonly kind: "name"; readonly name: string; readonly oldName: string | undefined }
  | { readonly kind: "subscription"; readonly name: string }
  /** Messages came or went; or only their flags changed. */
  | {
    readonly kind: "messages" | "flags";
    readonly name: string;
    readonly mailbox: Reached;
    readonly before: Reached;
  }
  /** The empty name is the server's. */
  | { readonly kind: "annotations"; readonly name: string; readonly entries: readonly string[] };

/** Names first, then what they hold. */
export function changesBetween(before: Snapshot, after: Snapshot): readonly MailboxChange[] {
  return [
    ...nameChanges(before, after),
    ...subscriptionChanges(before, after),
    ...messageChanges(before, after),
    ...annotationChanges(before, after),
  ];
}

function* nameChanges(before: Snapshot, after: Snapshot): Generator<MailboxChange> {
  const old = byId(before), now = byId(after);
  const affected = new Set<string>();
  for (const mailbox of [...before.mailboxes, ...after.mailboxes]) {
    if (old.has(keyOf(mailbox)) && now.has(keyOf(mailbox))) continue;
    affected.add(mailbox.name);
    const at = mailbox.name.lastIndexOf(SEPARATOR);
    if (at > 0) affected.add(mailbox.name.slice(0, at));
  }
  for (const name of affected) yield { kind: "name", name, oldName: undefined };
  const renamed: (readonly [from: string, to: string])[] = [];
  for (const mailbox of after.mailboxes) {
    const { name } = mailbox;
    const was = old.get(keyOf(mailbox))?.name;
    if (was !== undefined && was !== name) renamed.push([was, name]);
  }
  for (const [from, to] of renamed) {
    // RFC 5465 §5.4: its children went along with it.
    const along = renamed.some(([parent, its]) =>
      from.startsWith(parent + SEPARATOR) && to === its + from.slice(parent.length)
    );
    if (!along) yield { kind: "name", name: to, oldName: from };
  }
}

function* subscriptionChanges(before: Snapshot, after: Snapshot): Generator<MailboxChange> {
  const old = new Set(before.subscriptions), now = new Set(after.subscriptions);
  for (const name of new Set([...old, ...now])) {
    if (old.has(name) !== now.has(name)) yield { kind: "subscription", name };
  }
}

function* messageChanges(before: Snapshot, after: Snapshot): Generator<MailboxChange> {
  const old = byId(before);
  for (const mailbox of after.mailboxes) {
    const was = old.get(keyOf(mailbox));
    if (was === undefined || was.highestModSeq === mailbox.highestModSeq) continue;
    const moved = was.uidNext !== mailbox.uidNext || was.messages !== mailbox.messages ||
      was.uidValidity !== mailbox.uidValidity;
    yield { kind: moved ? "messages" : "flags", name: mailbox.name, mailbox, before: was };
  }
}

function* annotationChanges(before: Snapshot, after: Snapshot): Generator<MailboxChange> {
  const old = byEntry(before), now = byEntry(after);
  const names = new Map(after.mailboxes.map((mailbox) => [keyOf(mailbox), mailbox.name]));
  const changed = new Map<string, string[]>();
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const one = now.get(key) ?? old.get(key)!;
    if (isSame(old.get(key)?.value, now.get(key)?.value)) continue;
    const name = one.mailbox === undefined ? "" : names.get(keyOf({ account: one.account, id: one.mailbox }));
    // What a mailbox that is gone had went with it.
    if (name === undefined) continue;
    changed.set(name, [...changed.get(name) ?? [], one.entry]);
  }
  for (const [name, entries] of changed) yield { kind: "annotations", name, entries };
}

function byId({ mailboxes }: Snapshot): ReadonlyMap<string, Reached> {
  return new Map(mailboxes.map((mailbox) => [keyOf(mailbox), mailbox]));
}

/** Numbers of mailboxes mean something within an account only. */
function keyOf({ account, id }: { readonly account: AccountId; readonly id: MailboxId }): string {
  return `${account}/${id}`;
}

function byEntry({ annotations }: Snapshot): ReadonlyMap<string, Annotated> {
  return new Map(annotations.map((one) => [`${one.account}/${one.mailbox ?? ""} ${one.entry}`, one]));
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

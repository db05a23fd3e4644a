/**
 * From names to mailboxes and to what may be done there (RFC 4314 §4). One's own mailboxes are reached without
 * asking for rights; where another's may not be seen, the answer is that it is not there (§6).
 */
import { ALL_RIGHTS, Right } from "../core/acl.ts";
import type { Identity } from "../core/auth.ts";
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { MailboxInfo, MailStore, SharedMailbox } from "../core/store.ts";
import { SEPARATOR } from "../core/store.ts";
import { foreignName, isForeign, placeOf } from "./namespace.ts";

/** A mailbox, by the name that this session knows it by. */
export interface Reached extends MailboxInfo {
  /** Whose it is. */
  readonly account: AccountId;
  /** The name that its owner knows it by. */
  readonly ownName: string;
  /** The owner's address; undefined: one's own. */
  readonly owner: string | undefined;
  /** Bits of Right. */
  readonly rights: number;
}

/** Where a command puts something: a mailbox by name, which need not be there if it is one's own. */
export type Goal = Pick<Reached, "account" | "ownName" | "rights">;

/** What reaching needs of a session. */
export interface Seeker {
  readonly store: MailStore;
  readonly identity: Identity;
}

/** A mailbox in which some rights (all of them) are needed. NONEXISTENT, NOPERM. */
export async function reach(
  { store, identity }: Seeker,
  name: string,
  needed: number,
): Promise<Outcome<Reached>> {
  const place = placeOf(name, identity.address);
  if (place?.owner === undefined) {
    const own = place && await store.mailbox(identity.account, place.name);
    return own === undefined ? NONEXISTENT : done(ownMailbox(identity, own));
  }
  const found = await store.sharedMailbox(identity, place.owner, [place.name]);
  if (found === undefined) return NONEXISTENT;
  return hasAll(found.rights, needed) ? done(reached(identity, found)) : refusalBy(found.rights);
}

/** The same for what a command will look up by name itself: one's own is not looked up. */
export async function goal(seeker: Seeker, name: string, needed: number): Promise<Outcome<Goal>> {
  if (isForeign(name)) return await reach(seeker, name, needed);
  return done({ account: seeker.identity.account, ownName: name, rights: ALL_RIGHTS });
}

/** Where a mailbox may be made: `k` is needed on the nearest parent that is there (RFC 4314 §4). NOPERM. */
export async function placeToCreate({ store, identity }: Seeker, name: string): Promise<Outcome<Goal>> {
  const place = placeOf(name, identity.address);
  if (place === undefined) return refused("NOPERM", "Not permitted");
  if (place.owner === undefined) {
    return done({ account: identity.account, ownName: name, rights: ALL_RIGHTS });
  }
  const parents: string[] = [];
  for (let at = place.name.indexOf(SEPARATOR); at > 0; at = place.name.indexOf(SEPARATOR, at + 1)) {
    parents.push(place.name.slice(0, at));
  }
  const parent = await store.sharedMailbox(identity, place.owner, parents);
  // One answer, whether or not there are such an owner and such a parent.
  if (parent === undefined || !hasAll(parent.rights, Right.Create)) return refused("NOPERM", "Not permitted");
  return done({ account: parent.account, ownName: place.name, rights: parent.rights });
}

/** One's own mailboxes, and those of others that are seen; `foreign`: those, too. INBOX first, others last. */
export async function reachable(
  { store, identity }: Seeker,
  foreign: boolean,
): Promise<readonly Reached[]> {
  // Asked for in one turn, so that it is one round trip.
  const [own, others] = await Promise.all([
    store.mailboxes(identity.account),
    foreign ? store.sharedMailboxes(identity) : [],
  ]);
  const seen = others.filter(({ rights }) => hasAll(rights, Right.Lookup))
    .map((mailbox) => reached(identity, mailbox))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  if (seen.length === 0) return own.map((mailbox) => ownMailbox(identity, mailbox));
  const subscribed = new Set(await store.subscriptions(identity.account));
  return [
    ...own.map((mailbox) => ownMailbox(identity, mailbox)),
    ...seen.map((mailbox) => ({ ...mailbox, subscribed: subscribed.has(mailbox.name) })),
  ];
}

/** The refusal of somebody who lacks a right: who may see the mailbox hears why (RFC 4314 §6). */
export function refusalBy(rights: number): ReturnType<typeof refused> {
  return hasAll(rights, Right.Lookup) ? refused("NOPERM", "Not permitted") : NONEXISTENT;
}

/** True when all of some rights are there. */
export function hasAll(rights: number, needed: number): boolean {
  return (rights & needed) === needed;
}

const NONEXISTENT = refused("NONEXISTENT", "No such mailbox");

function ownMailbox({ account }: Identity, mailbox: MailboxInfo): Reached {
  return { ...mailbox, account, ownName: mailbox.name, owner: undefined, rights: ALL_RIGHTS };
}

function reached({ address }: Identity, mailbox: SharedMailbox): Reached {
  const name = foreignName(mailbox.owner, mailbox.name, address);
  return { ...mailbox, name, ownName: mailbox.name };
}

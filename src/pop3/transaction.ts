import type { Identity } from "../core/auth.ts";
import { Unavailable } from "../core/failure.ts";
import type { Services } from "../core/services.ts";
import type { MailStore } from "../core/store.ts";
import type { TextKey } from "./language.ts";
import type { Pop3Limits } from "./limits.ts";
import { Maildrop } from "./maildrop.ts";

/** A maildrop that is locked for this session, or the text that says why it is not. */
export type Opened =
  | { readonly ok: true; readonly maildrop: Maildrop; readonly lock: AsyncDisposable }
  | { readonly ok: false; readonly key: TextKey };

/**
 * Locks a maildrop and takes its snapshot (RFC 1939 §4), in this order, so that what a session before this one
 * deleted is gone from it.
 *
 * @throws Unavailable, with the lock given back.
 */
export async function open(
  services: Services<Pop3Limits>,
  identity: Identity,
  session: string,
): Promise<Opened> {
  const { store, limits } = services;
  const lock = await store.lockMaildrop(identity.account, session);
  if (lock === undefined) return { ok: false, key: "in-use" };
  try {
    const inbox = await store.mailbox(identity.account, "INBOX");
    if (inbox === undefined) {
      await lock[Symbol.asyncDispose]();
      return { ok: false, key: "no-maildrop" };
    }
    const maildrop = new Maildrop(identity.account, inbox);
    await openMaildrop(store, maildrop, inbox.uidNext, limits.messages);
    return { ok: true, maildrop, lock };
  } catch (thrown) {
    await lock[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Reads a maildrop as it stands now: sizes and places of at most `most` messages, the oldest first. */
async function openMaildrop(
  store: MailStore,
  maildrop: Maildrop,
  uidNext: number,
  most: number,
): Promise<void> {
  if (uidNext <= 1) return;
  for await (
    const rows of store.fetch(maildrop.account, maildrop.mailbox, [[1, uidNext - 1]], { facts: true })
  ) {
    for (const row of rows) {
      if (maildrop.last >= most) return;
      maildrop.add(row);
    }
  }
}

/** How the UPDATE state ended. */
export interface Updated {
  /** Messages removed, on disk. */
  readonly deleted: number;
  readonly ok: boolean;
}

/**
 * The UPDATE state (RFC 1939 §6): all marked messages go in one transaction, or none. What somebody else
 * removed meanwhile counts as removed.
 */
export async function update(store: MailStore, maildrop: Maildrop): Promise<Updated> {
  const deleted = maildrop.deletedCount;
  if (deleted === 0) return { deleted, ok: true };
  try {
    const outcome = await store.remove(maildrop.account, maildrop.mailbox, maildrop.deleted);
    return outcome.ok ? { deleted, ok: true } : { deleted: 0, ok: false };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return { deleted: 0, ok: false };
  }
}

/** The mirrors of this worker: one for each mailbox that some session has selected. */
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { MailboxInfo, MailStore } from "../core/store.ts";
import { Mirror } from "./mirror.ts";

interface Shared {
  users: number;
  readonly loaded: Promise<Outcome<Mirror>>;
}

/** A mirror in use; `release` gives it back. */
export interface InUse {
  readonly mirror: Mirror;
  readonly release: () => void;
}

/** The mirrors, per store. */
const registries = new WeakMap<MailStore, Map<string, Shared>>();

/** Loads a mailbox, or takes the mirror that others have, brought up to date. Throws Unavailable. */
export async function shareMirror(
  store: MailStore,
  account: AccountId,
  mailbox: MailboxInfo,
): Promise<Outcome<InUse>> {
  const mirrors = registry(store);
  const key = `${account}/${mailbox.id}`;
  let entry = mirrors.get(key);
  const shares = entry !== undefined;
  if (entry === undefined) {
    entry = { users: 0, loaded: Mirror.load(store, account, mailbox) };
    mirrors.set(key, entry);
  }
  const shared = entry;
  shared.users++;
  const release = () => {
    if (--shared.users > 0) return;
    if (mirrors.get(key) === shared) mirrors.delete(key);
    shared.loaded.then((loaded) => loaded.ok && loaded.value.close(), () => {});
  };
  try {
    const loaded = await shared.loaded;
    if (loaded.ok && shares) await loaded.value.refresh();
    if (loaded.ok && !loaded.value.gone) return done({ mirror: loaded.value, release });
    release();
    return loaded.ok ? refused("NONEXISTENT", "No such mailbox") : loaded;
  } catch (thrown) {
    if (mirrors.get(key) === shared) mirrors.delete(key);
    release();
    throw thrown;
  }
}

function registry(store: MailStore): Map<string, Shared> {
  let mirrors = registries.get(store);
  if (mirrors === undefined) registries.set(store, mirrors = new Map());
  return mirrors;
}

/** The mail store: mailboxes, messages and octets in PostgreSQL, behind core's MailStore. */
import type { AccountId, MailboxId } from "../core/brands.ts";
import type { Emit } from "../core/events.ts";
import type { Outcome } from "../core/failure.ts";
import type { ChangeNotice, DeliveryItem, MailStore, Placed } from "../core/store.ts";
import type { World } from "../core/world.ts";
import { StoreAnnotations } from "./annotations.ts";
import { type Bus, Changes, notice } from "./changes.ts";
import { charsetOf } from "./charset.ts";
import type { StoreContext, TracedDelivery } from "./context.ts";
import { copy, move } from "./copy.ts";
import { Deliveries, type DeliverOptions } from "./deliver.ts";
import { StoreDraft } from "./draft.ts";
import { retrying } from "./failures.ts";
import { changes, fetch, index, vanished } from "./fetch.ts";
import { FlagLane } from "./flag_lane.ts";
import { setFlags } from "./flags.ts";
import { Indexer } from "./indexer.ts";
import { STORE_LIMITS, type StoreLimits } from "./limits.ts";
import { lockMaildrop } from "./lock.ts";
import * as lists from "./acl.ts";
import * as boxes from "./mailboxes.ts";
import { metadata, setMetadata } from "./metadata.ts";
import { octets } from "./octets.ts";
import { QUEUE_SETTINGS, type QueueSettings } from "./outbound.ts";
import type { Database } from "./pg/database.ts";
import { type Door, statement } from "./pg/door.ts";
import { deletedOctets, quota } from "./quota.ts";
import { expunge, remove } from "./remove.ts";
import { renameMailbox } from "./rename.ts";
import { replace } from "./replace.ts";
import { relevancy, search, sort } from "./pg/search.ts";
import { Shares } from "./shares.ts";
import { sweep, Sweeper, type SweepReport } from "./sweep.ts";
import { threadRows } from "./thread_rows.ts";
import { StoreUrlKeys } from "./url_keys.ts";

import { setAccountQuota } from "./accounts.ts";

export { type AccountQuota, deleteAccountRows, insertAccountState, setAccountQuota } from "./accounts.ts";
export type { TracedDelivery } from "./context.ts";
export { BroadcastBus } from "./bus.ts";
export type { Bus } from "./changes.ts";
export { STORE_LIMITS, type StoreLimits } from "./limits.ts";
export { domainOf, HERE_LANE, QUEUE_SETTINGS, type QueueSettings } from "./outbound.ts";
export { NodeLink } from "./pg/node_link.ts";
export type { SweepReport } from "./sweep.ts";

/** What a store is made of. It closes neither `door` nor `database`, but its buses. */
export interface StoreOptions {
  readonly door: Door;
  /** For searches and what else is not on the hot path. */
  readonly database: Database;
  readonly world: World;
  readonly emit: Emit;
  readonly limits?: Partial<StoreLimits>;
  /** To the other workers of this node (BroadcastBus) and to other nodes (NodeLink). */
  readonly buses?: readonly Bus[];
  /**
   * Extract text after deliveries, those of the buses' other ends too; true when left out. One worker of a node
   * is enough. SEARCH is right without it, but slower.
   */
  readonly indexer?: boolean;
  /** Acknowledge changes of flags before they are on disk; false when left out. */
  readonly relaxedFlags?: boolean;
  /** The advisory lock that lives as long as this worker (NodeLink has one); none when left out. */
  readonly life?: () => number | null;
  /** Of 8-bit text that declares none and is no UTF-8, in accounts that have no other; windows-1252 when left out. */
  readonly charset?: string;
  /** Milliseconds between sweeps by this store; none when left out. One worker of a node is enough. */
  readonly sweepEveryMs?: number;
  /** Of whoever sends queued mail. */
  readonly queue?: Partial<QueueSettings>;
  /** Hears of copies that were placed. */
  readonly traced?: ((deliveries: readonly TracedDelivery[]) => void) | undefined;
}

/** A MailStore with what the node itself needs of it. Dispose it before its doors. */
export interface Store extends MailStore, AsyncDisposable {
  /** As MailStore has it; `along`: calls that join the transaction. */
  deliver(
    items: readonly DeliveryItem[],
    options: DeliverOptions,
  ): Promise<readonly (readonly Outcome<Placed>[])[]>;
  /** Takes away once what nobody needs. */
  sweep(signal?: AbortSignal): Promise<SweepReport>;
}

const one = statement("ping", [], "select 1");

const newest = statement(
  "newest_modseqs",
  ["int8[]"],
  `select account_id, mailbox_id, highestmodseq from mailbox where account_id = any ($1)
   union all
   select account_id, 0, modseq from account_state where account_id = any ($1)`,
);

/** Opens the store. */
export function createStore(options: StoreOptions): Store {
  const { door } = options;
  const limits = { ...STORE_LIMITS, ...options.limits };
  const context: StoreContext = {
    door,
    database: options.database,
    world: options.world,
    emit: options.emit,
    limits,
    queue: { ...QUEUE_SETTINGS, ...options.queue },
    traced: options.traced,
    relaxedFlags: options.relaxedFlags ?? false,
    life: options.life ?? (() => null),
    charset: options.charset ?? "windows-1252",
    reads: new Shares(
      limits.accountReads,
      { times: limits.readRest, waiting: limits.readRestWaiting },
      options.world.ticks,
    ),
    changes: new Changes(options.buses ?? [], options.emit, (accounts) => newestOf(door, accounts)),
  };
  let indexer: Indexer | undefined;
  const deliveries = new Deliveries(context), flags = new FlagLane(context);
  const searches = new Shares(
    limits.accountSearches,
    { times: limits.searchRest, waiting: limits.searchRestWaiting },
    options.world.ticks,
  );
  if (options.indexer ?? true) {
    const extracting = indexer = new Indexer(context, () => deliveries.pressed);
    context.changes.hear((account) => extracting.add(account));
  }
  const sweeper = options.sweepEveryMs === undefined ? undefined : new Sweeper(context, options.sweepEveryMs);

  return {
    ping: () => door.query(one).then(() => true, () => false),
    mailboxes: (account) => boxes.mailboxes(context, account),
    mailbox: (account, name) => boxes.mailbox(context, account, name),
    createMailbox: (account, name, use) => boxes.createMailbox(context, account, name, use),
    deleteMailbox: (account, name) => boxes.deleteMailbox(context, account, name),
    renameMailbox: (account, from, to) => renameMailbox(context, account, from, to),
    subscribe: (account, name, subscribed) => boxes.subscribe(context, account, name, subscribed),
    subscriptions: (account) => boxes.subscriptions(context, account),
    stage: (how) => new StoreDraft(context, how?.aside),
    deliver: (items, how) => deliveries.deliver(items, how),
    replace: (message, to, replaced) => replace(context, message, to, replaced),
    index: (account, mailbox) => index(context, account, mailbox),
    changes: (account, mailbox, since) => changes(context, account, mailbox, since),
    vanished: (account, mailbox, since) => vanished(context, account, mailbox, since),
    fetch: (account, mailbox, uids, wanted) => fetch(context, account, mailbox, uids, wanted),
    octets: (account, ranges) => octets(context, account, ranges),
    charset: (account) => charsetOf(context, account),
    search: (account, mailbox, key) => searches.run(account, () => search(context, account, mailbox, key)),
    relevancy: (account, mailbox, key) =>
      searches.run(account, () => relevancy(context, account, mailbox, key)),
    sort: (account, mailbox, key, order, comparator) =>
      searches.run(account, () => sort(context, account, mailbox, key, order, comparator)),
    threadRows: (account, mailbox, uids, comparator) =>
      searches.run(account, () => threadRows(context, account, mailbox, uids, comparator)),
    setFlags: (account, mailbox, uids, change) => setFlags(context, flags, account, mailbox, uids, change),
    expunge: (account, mailbox, uids) => expunge(context, account, mailbox, uids),
    remove: (account, mailbox, uids) => remove(context, account, mailbox, uids),
    copy: (account, from, uids, to) => copy(context, account, from, uids, to),
    move: (account, from, uids, to) => move(context, account, from, uids, to),
    metadata: (account, of, entries, depth) => metadata(context, account, of, entries, depth),
    setMetadata: (account, of, changes) => setMetadata(context, account, of, changes),
    sharedMailboxes: (to) => lists.sharedMailboxes(context, to),
    sharedMailbox: (to, owner, names) => lists.sharedMailbox(context, to, owner, names),
    rights: (to, account, mailbox) => lists.rights(context, to, account, mailbox),
    acl: (account, mailbox) => lists.acl(context, account, mailbox),
    setAcl: (account, mailbox, entry, op) => lists.setAcl(context, account, mailbox, entry, op),
    quota: (account) => quota(context, account),
    setQuota: (account, limits) => retrying(() => setAccountQuota(context.database, account, limits)),
    deletedOctets: (account, mailbox) => deletedOctets(context, account, mailbox),
    annotations: new StoreAnnotations(context),
    urlKeys: new StoreUrlKeys(context),
    watch: (account, listener) => context.changes.watch(account, listener),
    lockMaildrop: (account, session) => lockMaildrop(context, account, session),
    sweep: (signal) => sweep(context, signal),
    async [Symbol.asyncDispose]() {
      await sweeper?.[Symbol.asyncDispose]();
      await indexer?.[Symbol.asyncDispose]();
      await context.changes[Symbol.asyncDispose]();
    },
  };
}

/** The newest modseqs of accounts' mailboxes, and of the accounts for changes to the list of mailboxes. */
async function newestOf(door: Door, accounts: readonly AccountId[]): Promise<readonly ChangeNotice[]> {
  if (accounts.length === 0) return [];
  const rows = await retrying(() => door.query(newest, accounts));
  return Array.from({ length: rows.count }, (_, row) => {
    const mailbox = rows.int(row, 1);
    return notice(
      rows.int(row, 0) as AccountId,
      mailbox === 0 ? undefined : mailbox as MailboxId,
      rows.int(row, 2),
    );
  });
}

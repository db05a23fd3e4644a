/**
 * A mailbox's messages in typed arrays, held once per worker and shared by all sessions that have it selected.
 *
 * The UID column is append-only within its filled part and replaced as a whole when messages vanish, so that a
 * session may keep the column it was told about for as long as it likes (copy on write). Flags and
 * mod-sequences are always the newest.
 */
import type { AccountId, MailboxId, ModSeq } from "../core/brands.ts";
import type { Outcome } from "../core/failure.ts";
import { done } from "../core/failure.ts";
import type { ChangeNotice, FlagRow, MailboxIndex, MailboxInfo, MailStore } from "../core/store.ts";
import { inSet, type UidSet } from "../core/uidset.ts";
import { lowerBound, room, search } from "./columns.ts";
import { KeptRows } from "./kept_rows.ts";

/**
 * Flag changes that are remembered one by one; a session that is further behind scans the columns. No more than there are
 * messages, or a small mailbox that much happens in would grow for hours: scanning it costs less than the memory.
 */
const LOG_ENTRIES = 8192, LEAST_LOG_ENTRIES = 256;

/** Milliseconds until a store that could not be reached is asked again. */
const RETRY_MS = 1000;

const NO_KEYWORDS: readonly number[] = [];

/** The newest known state of one mailbox. */
export class Mirror {
  /** Ascending; only the first `count` entries mean something. */
  uids: Uint32Array = new Uint32Array(0);
  /** How many messages there are. */
  count = 0;
  /** What the store last said about the mailbox. */
  info: MailboxInfo;
  /** True once the mailbox was deleted; it then has no messages. */
  gone = false;
  /** Everything up to this mod-sequence has been applied. */
  modSeq = 0;
  /** What was fetched of its messages. */
  readonly rows: KeptRows = new KeptRows();
  #flags: Uint8Array = new Uint8Array(0);
  #modSeqs: Float64Array = new Float64Array(0);
  #keywords = new Map<number, readonly number[]>();
  #log: number[] = [];
  #logBase = 0;
  /** The highest UID that was ever here. */
  #topUid = 0;
  readonly #listeners = new Set<() => void>();
  readonly #watch: Disposable;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #stale = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  private constructor(
    readonly store: MailStore,
    readonly account: AccountId,
    readonly mailbox: MailboxInfo,
  ) {
    this.info = mailbox;
    this.#watch = store.watch(account, (notice) => this.#noticed(notice));
  }

  /** Loads a mailbox. NONEXISTENT when it is gone; throws Unavailable. */
  static async load(store: MailStore, account: AccountId, mailbox: MailboxInfo): Promise<Outcome<Mirror>> {
    // Watching begins before loading: a commit in between is told twice rather than never.
    const mirror = new Mirror(store, account, mailbox);
    try {
      const index = await store.index(account, mailbox.id);
      if (index.ok) {
        mirror.#take(index.value);
        if (mirror.#stale) mirror.#refreshSoon();
        return done(mirror);
      }
      mirror.close();
      return index;
    } catch (thrown) {
      mirror.close();
      throw thrown;
    }
  }

  /** The mailbox's key. */
  get id(): MailboxId {
    return this.mailbox.id;
  }

  /** Where the log of flag changes ends; a session remembers it. */
  get logEnd(): number {
    return this.#logBase + this.#log.length;
  }

  /** UIDs whose flags changed since a position of the log; undefined when the log does not reach back. */
  changedSince(position: number): readonly number[] | undefined {
    return position < this.#logBase ? undefined : this.#log.slice(position - this.#logBase);
  }

  /** The position of a UID in the columns, or -1. */
  indexOf(uid: number): number {
    return search(this.uids, this.count, uid);
  }

  /** Bits of Flag at a position of the columns. */
  flagsAt(index: number): number {
    return this.#flags[index]!;
  }

  /** The mod-sequence at a position of the columns. */
  modSeqAt(index: number): number {
    return this.#modSeqs[index]!;
  }

  /** Keyword numbers of a message. */
  keywordsOf(uid: number): readonly number[] {
    return this.#keywords.get(uid) ?? NO_KEYWORDS;
  }

  /** True when the name of every keyword of these rows is known. */
  names(rows: readonly FlagRow[]): boolean {
    const known = this.info.keywords.length;
    return rows.every((row) => row.keywords.every((index) => index < known));
  }

  /** Calls back after each change. */
  listen(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Brings everything in that was committed before the call. Throws Unavailable. */
  refresh(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    const again = () => {
      this.#next = undefined;
      return this.#start();
    };
    return this.#next ??= this.#running.then(again, again);
  }

  /** Takes over flags that a session of this worker has just written, before any notice comes; `names` them. */
  apply(rows: readonly FlagRow[]): void {
    if (this.#update(rows)) this.#tell();
  }

  /** Takes messages out that a session of this worker has just removed, before any notice comes. */
  remove(vanished: UidSet): void {
    if (this.#drop(vanished)) this.#tell();
  }

  /** Stops watching. */
  close(): void {
    clearTimeout(this.#retry);
    this.#closed = true;
    this.rows.close();
    this.#watch[Symbol.dispose]();
    this.#listeners.clear();
  }

  #noticed(notice: ChangeNotice): void {
    if (notice.mailbox !== undefined && notice.mailbox !== this.mailbox.id) return;
    if (notice.mailbox !== undefined && notice.modSeq <= this.modSeq) return;
    if (this.#follow(notice)) return;
    this.#stale = true;
    if (this.modSeq > 0) this.#refreshSoon();
  }

  /** Takes over what a session of this worker wrote, when nothing lies between it and what is known. */
  #follow({ flags, modSeq }: ChangeNotice): boolean {
    if (flags === undefined || flags.after > this.modSeq || !this.names(flags.rows)) return false;
    // Whatever is being read may be older than this, and whatever is to be read newer.
    if (this.modSeq === 0 || this.gone || this.#stale || this.#running !== undefined) return false;
    this.modSeq = modSeq;
    this.info = { ...this.info, highestModSeq: modSeq };
    if (this.#update(flags.rows)) this.#tell();
    return true;
  }

  #refreshSoon(): void {
    // A store that cannot be reached now is asked again: somebody may be waiting in IDLE.
    this.refresh().catch(() => {
      clearTimeout(this.#retry);
      if (!this.#closed) this.#retry = setTimeout(() => this.#refreshSoon(), RETRY_MS);
    });
  }

  #start(): Promise<void> {
    return this.#running = this.#read().finally(() => this.#running = undefined);
  }

  async #read(): Promise<void> {
    if (this.gone) return;
    this.#stale = false;
    try {
      const answer = await this.store.changes(this.account, this.mailbox.id, this.modSeq as ModSeq);
      if (!answer.ok) return this.#vanish();
      if (!answer.value.complete) return await this.#reload();
      const { mailbox, changed, vanished } = answer.value;
      const keysReset = mailbox.keyResets !== this.info.keyResets;
      this.info = mailbox;
      this.modSeq = Math.max(this.modSeq, mailbox.highestModSeq);
      const dropped = this.#drop(vanished);
      if (this.#update(changed) || dropped || keysReset) this.#tell();
    } catch (thrown) {
      this.#stale = true;
      throw thrown;
    }
  }

  async #reload(): Promise<void> {
    const index = await this.store.index(this.account, this.mailbox.id);
    if (!index.ok) return this.#vanish();
    this.#take(index.value);
    this.#tell();
  }

  #vanish(): void {
    this.gone = true;
    this.uids = new Uint32Array(0);
    this.count = 0;
    this.rows.clear();
    this.#keywords.clear();
    this.#tell();
  }

  #take(index: MailboxIndex): void {
    this.info = index.mailbox;
    this.modSeq = Math.max(this.modSeq, index.mailbox.highestModSeq, 1);
    this.count = index.uids.length;
    this.uids = new Uint32Array(room(this.count));
    this.#flags = new Uint8Array(this.uids.length);
    this.#modSeqs = new Float64Array(this.uids.length);
    this.uids.set(index.uids);
    this.#flags.set(index.flags);
    this.#modSeqs.set(index.modSeqs);
    this.#keywords = new Map(index.keywords);
    this.rows.clear();
    if (this.count > 0) this.#topUid = Math.max(this.#topUid, this.uids[this.count - 1]!);
    this.#forgetLog();
  }

  /** Rows of messages that vanished meanwhile, and rows older than what is known, change nothing. */
  #update(rows: readonly FlagRow[]): boolean {
    let changed = false;
    for (const row of rows) {
      let index = this.indexOf(row.uid);
      if (index < 0) {
        // At most as high as one we had: it vanished, and this row was read before that.
        if (row.uid <= this.#topUid) continue;
        index = this.#append(row.uid);
      } else {
        if (row.modSeq <= this.#modSeqs[index]!) continue;
        this.#log.push(row.uid);
      }
      this.#flags[index] = row.flags;
      this.#modSeqs[index] = row.modSeq;
      if (row.keywords.length > 0) this.#keywords.set(row.uid, row.keywords);
      else this.#keywords.delete(row.uid);
      changed = true;
    }
    const most = Math.min(LOG_ENTRIES, Math.max(LEAST_LOG_ENTRIES, this.count));
    if (this.#log.length > most) this.#forgetLog();
    return changed;
  }

  #append(uid: number): number {
    if (this.count === this.uids.length) this.#grow();
    this.uids[this.count] = this.#topUid = uid;
    return this.count++;
  }

  #grow(): void {
    const length = room(this.count);
    const uids = new Uint32Array(length), flags = new Uint8Array(length), modSeqs = new Float64Array(length);
    uids.set(this.uids);
    flags.set(this.#flags);
    modSeqs.set(this.#modSeqs);
    this.uids = uids;
    this.#flags = flags;
    this.#modSeqs = modSeqs;
  }

  #drop(vanished: UidSet): boolean {
    if (vanished.length === 0 || this.count === 0) return false;
    const from = this.#firstIn(vanished);
    if (from === this.count) return false;
    const uids = new Uint32Array(this.uids.length);
    uids.set(this.uids.subarray(0, from));
    let kept = from;
    for (let i = from; i < this.count; i++) {
      const uid = this.uids[i]!;
      if (inSet(vanished, uid)) {
        this.#keywords.delete(uid);
        this.rows.delete(uid);
        continue;
      }
      uids[kept] = uid;
      this.#flags[kept] = this.#flags[i]!;
      this.#modSeqs[kept] = this.#modSeqs[i]!;
      kept++;
    }
    this.uids = uids;
    this.count = kept;
    return true;
  }

  #firstIn(set: UidSet): number {
    let at = lowerBound(this.uids, this.count, set[0]![0]);
    while (at < this.count && !inSet(set, this.uids[at]!)) at++;
    return at;
  }

  #forgetLog(): void {
    this.#logBase += this.#log.length + 1;
    this.#log = [];
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

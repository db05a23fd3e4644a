/**
 * One session's view of its selected mailbox: which sequence number means which message (RFC 9051 §2.3.1.2),
 * and what the client has been told so far. The numbering changes only when `updates` says so to the caller,
 * who then tells the client.
 */
import type { AccountId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { FlagRow, MailboxInfo, MailStore } from "../core/store.ts";
import { mergeRanges, rangesOf, type UidSet } from "../core/uidset.ts";
import { type By, type PartialRange, type SequenceSet, STAR } from "./command.ts";
import { gaps, lowerBound, search, withVanished } from "./columns.ts";
import type { Mirror } from "./mirror.ts";
import type { Updates } from "./view_updates.ts";
import { shareMirror } from "./mirrors.ts";
import { type Numbering, resolveRanges } from "./numbering.ts";
import { placesOf } from "./partial.ts";

/** One session's numbering over a shared mirror. Dispose it when the mailbox is left. */
export class View implements Disposable, Numbering {
  #uids: Uint32Array;
  #count: number;
  #logAt: number;
  #toldModSeq: number;
  #toldKeywords: number;
  #toldKeyResets: number;
  #toldUpTo: number;
  #flagsMissed = false;
  readonly #release: () => void;

  private constructor(readonly mirror: Mirror, release: () => void, told?: MailboxInfo, uids?: Uint32Array) {
    this.#uids = uids ?? mirror.uids;
    this.#count = uids?.length ?? mirror.count;
    // Before any log: what changed is found by its mod-sequence.
    this.#logAt = told === undefined ? mirror.logEnd : -1;
    this.#toldModSeq = this.#toldUpTo = told?.highestModSeq ?? mirror.modSeq;
    this.#toldKeywords = (told ?? mirror.info).keywords.length;
    this.#toldKeyResets = (told ?? mirror.info).keyResets;
    this.#release = release;
  }

  /** Opens a mailbox, sharing what other sessions of this worker already hold. Throws Unavailable. */
  static async open(store: MailStore, account: AccountId, mailbox: MailboxInfo): Promise<Outcome<View>> {
    const shared = await shareMirror(store, account, mailbox);
    return shared.ok ? done(new View(shared.value.mirror, shared.value.release)) : shared;
  }

  /**
   * Opens a mailbox as it was when the client was told of it, although more has happened since. NONEXISTENT when it
   * is gone, LIMIT when so much vanished since that nobody knows what. Throws Unavailable.
   */
  static async openAs(store: MailStore, account: AccountId, told: MailboxInfo): Promise<Outcome<View>> {
    const shared = await shareMirror(store, account, told);
    if (!shared.ok) return shared;
    const { mirror, release } = shared.value;
    if (mirror.modSeq <= told.highestModSeq) return done(new View(mirror, release));
    try {
      // This column stays as it is; what vanished from it later is not asked for.
      const { uids, count } = mirror;
      const vanished = await store.vanished(account, told.id, told.highestModSeq);
      if (!vanished.ok) {
        release();
        return vanished;
      }
      const known = withVanished(uids, count, vanished.value.uids, told.uidNext);
      if (known.length === told.messages) return done(new View(mirror, release, told, known));
      release();
      return refused("LIMIT", "Too much has changed: select the mailbox again");
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  /** Whose mailbox it is. */
  get account(): AccountId {
    return this.mirror.account;
  }

  /** How many messages the client knows of. */
  get count(): number {
    return this.#count;
  }

  /** The UID behind a sequence number, 1..count. */
  uidAt(seq: number): number {
    return this.#uids[seq - 1]!;
  }

  /** Where the message with a sequence number stands in the mirror's columns, or -1 when it is gone. */
  indexAt(seq: number): number {
    return this.#uids === this.mirror.uids ? seq - 1 : this.mirror.indexOf(this.uidAt(seq));
  }

  /** The sequence number of a UID, or 0 when the client does not know such a message. */
  seqOf(uid: number): number {
    return search(this.#uids, this.#count, uid) + 1;
  }

  /** The sequence number of the first unseen message (RFC 3501 §7.1 UNSEEN), or 0. */
  get firstUnseen(): number {
    for (let seq = 1; seq <= this.#count; seq++) {
      const at = this.indexAt(seq);
      if (at >= 0 && (this.mirror.flagsAt(at) & 1) === 0) return seq;
    }
    return 0;
  }

  /** All UIDs that the client knows of. */
  get all(): UidSet {
    return this.#count === 0 ? [] : [[this.#uids[0]!, this.#uids[this.#count - 1]!]];
  }

  /** True when the client knows messages that are gone meanwhile. */
  get behind(): boolean {
    return this.#uids !== this.mirror.uids && this.#vanished().length > 0;
  }

  /** The client knows of everything up to this mod-sequence, removals too (RFC 7162 §3.2). */
  get toldUpTo(): number {
    return this.#toldUpTo;
  }

  /** The UIDs of a set that neither the client nor the mirror knows. */
  missing(set: UidSet): UidSet {
    const absent = gaps(set, this.#uids, this.#count);
    return this.#uids === this.mirror.uids && this.#count === this.mirror.count
      ? absent
      : gaps(absent, this.mirror.uids, this.mirror.count);
  }

  /**
   * The UIDs that a set names, whether there are such messages or not. `*`: the highest UID that was ever
   * given, so that what vanished at the end is named too.
   */
  everyUid(set: SequenceSet, saved: UidSet): UidSet {
    if (set.kind === "saved") return saved;
    const last = this.mirror.info.uidNext - 1;
    const max = Math.max(last, this.#count === 0 ? 0 : this.uidAt(this.#count));
    return mergeRanges(set.ranges.map(([a, b]) => [a === STAR ? max : a, b === STAR ? max : b]));
  }

  /**
   * The UIDs that a sequence set names, clipped to what the client knows of. Undefined when a sequence number
   * is greater than the number of messages (RFC 9051 §9: answered with BAD); unknown UIDs are no error.
   */
  resolve(set: SequenceSet, by: By, saved: UidSet): UidSet | undefined {
    return set.kind === "saved" ? saved : resolveRanges(this.#uids, this.#count, set.ranges, by);
  }

  /** How many messages of a set of UIDs the client knows of. */
  countIn(set: UidSet): number {
    let count = 0;
    for (const [first, last] of this.seqRanges(set)) count += last - first + 1;
    return count;
  }

  /** The part of a set of UIDs that a range names, counting what the client knows of (RFC 9394 §3.3). */
  part(set: UidSet, range: PartialRange): UidSet {
    const runs = [...this.seqRanges(set)];
    const [first, end] = placesOf(range, this.countIn(set));
    const uids: [number, number][] = [];
    let at = 0;
    for (const [low, high] of runs) {
      const from = Math.max(low, low + first - at), to = Math.min(high, low + end - 1 - at);
      if (from <= to) uids.push([this.uidAt(from), this.uidAt(to)]);
      at += high - low + 1;
    }
    return mergeRanges(uids);
  }

  /** The sequence numbers of a set of UIDs as ranges `[first, last]`, ascending; both inclusive. */
  *seqRanges(set: UidSet): Generator<readonly [number, number]> {
    for (const [low, high] of set) {
      const first = lowerBound(this.#uids, this.#count, low);
      const last = lowerBound(this.#uids, this.#count, high + 1);
      if (first < last) yield [first + 1, last];
    }
  }

  /**
   * Catches up with the mirror. Without `expunge`, messages that vanished keep their numbers for now
   * (RFC 9051 §7.5.1: no EXPUNGE during FETCH, STORE and SEARCH by sequence number). Without `flags`, flags that
   * changed are passed over.
   */
  updates(expunge: boolean, flags = true): Updates {
    const changed = this.#changed();
    if (!flags && changed.length > 0) this.#flagsMissed = true;
    const before = this.#count;
    const expunged = expunge ? this.#vanished() : [];
    const vanished = rangesOf(expunged.map((seq) => this.uidAt(seq)).reverse());
    const known = before === 0 ? 0 : this.#uids[before - 1]!;
    if (expunge || !this.behind) {
      this.#uids = this.mirror.uids;
      this.#count = this.mirror.count;
      if (!this.#flagsMissed) this.#toldUpTo = this.mirror.modSeq;
    } else this.#appendFrom(known);
    const keywords = this.mirror.info.keywords.length > this.#toldKeywords;
    this.#toldKeywords = this.mirror.info.keywords.length;
    const keysReset = this.mirror.info.keyResets !== this.#toldKeyResets;
    this.#toldKeyResets = this.mirror.info.keyResets;
    const arrived = this.#count > before - expunged.length;
    return {
      expunged,
      vanished,
      exists: arrived ? this.#count : undefined,
      keywords,
      keysReset,
      arrived: this.#arrivedBehind(known),
      changed: flags ? this.#seqsOf(changed, known) : [],
    };
  }

  /**
   * Takes over what this session itself has just written, as told: the client knows it from its own command.
   * Gives the changes by others that came before it, to be told first.
   */
  own(rows: readonly FlagRow[], flags = true): readonly number[] {
    const mine = new Map<number, number>();
    // The notice of our own commit may have been faster than the answer to our question.
    const pending = this.#changed();
    if (pending.length > 0) { for (const row of rows) mine.set(row.uid, row.modSeq); }
    this.mirror.apply(rows);
    this.#changed();
    const others = pending.filter((uid) => {
      const at = this.mirror.indexOf(uid);
      return at >= 0 && mine.get(uid) !== this.mirror.modSeqAt(at);
    });
    if (flags) return this.#seqsOf(others, 0xffff_ffff);
    if (others.length > 0) this.#flagsMissed = true;
    return [];
  }

  /** How many of the mailbox's keywords the client was told. */
  get toldKeywords(): number {
    return this.#toldKeywords;
  }

  /** Says that the client was just told all keywords. */
  keywordsTold(): void {
    this.#toldKeywords = this.mirror.info.keywords.length;
  }

  /** Says that the client was just told that access keys of URLs were taken away. */
  keyResetsTold(): void {
    this.#toldKeyResets = this.mirror.info.keyResets;
  }

  /** Calls back when something may have to be told. */
  listen(listener: () => void): Disposable {
    return this.mirror.listen(listener);
  }

  /** Leaves the mailbox. */
  [Symbol.dispose](): void {
    this.#release();
  }

  /** UIDs whose flags changed since the client was last told; marks them as told. */
  #changed(): readonly number[] {
    const logged = this.mirror.changedSince(this.#logAt);
    const since = this.#toldModSeq;
    this.#logAt = this.mirror.logEnd;
    this.#toldModSeq = this.mirror.modSeq;
    if (logged !== undefined) return logged;
    const uids: number[] = [];
    for (let i = 0; i < this.mirror.count; i++) {
      if (this.mirror.modSeqAt(i) > since) uids.push(this.mirror.uids[i]!);
    }
    return uids;
  }

  /** Sequence numbers of those UIDs that still exist and that the client knew of, ascending, each once. */
  #seqsOf(uids: readonly number[], known: number): readonly number[] {
    if (uids.length === 0) return [];
    const seqs: number[] = [];
    for (const uid of new Set(uids)) {
      const seq = uid <= known && this.mirror.indexOf(uid) >= 0 ? this.seqOf(uid) : 0;
      if (seq > 0) seqs.push(seq);
    }
    return seqs.sort((a, b) => a - b);
  }

  /** Sequence numbers of messages that the client knows of and that are gone, highest first. */
  #vanished(): number[] {
    const gone: number[] = [];
    const current = this.mirror.uids;
    if (current === this.#uids) return gone;
    let j = this.mirror.count - 1;
    for (let i = this.#count - 1; i >= 0; i--) {
      const uid = this.#uids[i]!;
      while (j >= 0 && current[j]! > uid) j--;
      if (j >= 0 && current[j] === uid) j--;
      else gone.push(i + 1);
    }
    return gone;
  }

  #arrivedBehind(known: number): readonly number[] {
    const from = lowerBound(this.#uids, this.#count, known + 1);
    return Array.from(this.#uids.subarray(from, this.#count));
  }

  /** Adds what arrived behind `known` to a column of our own, keeping those that are gone. */
  #appendFrom(known: number): void {
    const from = lowerBound(this.mirror.uids, this.mirror.count, known + 1);
    if (from === this.mirror.count) return;
    const fresh = this.mirror.uids.subarray(from, this.mirror.count);
    const uids = new Uint32Array(this.#count + fresh.length);
    uids.set(this.#uids.subarray(0, this.#count));
    uids.set(fresh, this.#count);
    this.#uids = uids;
    this.#count = uids.length;
  }
}

export { NO_UPDATES, type Updates } from "./view_updates.ts";

/**
 * A mail store in memory, for protocol tests only: what it answers is what core/store.ts promises, its search
 * is a plain scan over decoded headers and raw bodies. The real store has tests of its own.
 */
import type { AccountId, BlobId, MailboxId, MessageId, ModSeq, Uid } from "../../src/core/brands.ts";
import type { AclEntry } from "../../src/core/acl.ts";
import type { Identity } from "../../src/core/auth.ts";
import { done, type Outcome, refused, Unavailable } from "../../src/core/failure.ts";
import type { Comparator, SearchKey, SortOrder } from "../../src/core/search.ts";
import type * as S from "../../src/core/store.ts";
import { Flag, SEPARATOR } from "../../src/core/store.ts";
import { inSet, rangesOf, type UidSet } from "../../src/core/uidset.ts";
import type { UrlKeys } from "../../src/core/urlauth.ts";
import {
  type Account,
  annotated,
  type Box,
  changeEntry,
  type Entry,
  fetchRow,
  flagRow,
  info,
  keywordNumbers,
  structureOf,
  used,
} from "./imap_store_rows.ts";
import type { MessageAnnotations } from "../../src/core/annotation.ts";
import { changeAcl, keptBy, rightsIn, shared } from "./imap_store_acl.ts";
import { addressOf } from "./imap_auth.ts";
import { matchesKey, scoreOf } from "./imap_store_search.ts";
import { sorted, threadRow } from "./imap_store_sort.ts";

/** The store of a protocol test. */
export class MemoryStore implements S.MailStore {
  readonly #accounts = new Map<AccountId, Account>();
  readonly #messages = new Map<MessageId, Uint8Array>();
  #next = 1;
  /** Octets that an account may keep. */
  quotaOctets = 10_000_000;
  /** While true, every call throws Unavailable. */
  down = false;
  /** What time messages arrive at. */
  now = Date.UTC(2026, 0, 2, 3, 4, 5);

  /** Makes an account with an INBOX. */
  addAccount(id: AccountId): void {
    this.#accounts.set(id, {
      address: addressOf(id),
      modSeq: 1,
      boxes: [],
      subscribed: new Set(),
      watchers: new Set(),
      annotations: [],
    });
    this.#add(this.#accounts.get(id)!, "INBOX");
  }

  /** Puts a message in place, as a delivery would. */
  async put(account: AccountId, mailbox: string, octets: Uint8Array, flags = 0): Promise<S.Placed> {
    const draft = this.stage();
    draft.write(octets);
    const message = await draft.finish();
    const [[placed]] = await this.deliver([{ message, to: [{ account, mailbox, flags }] }], {
      atomic: true,
    }) as [[Outcome<S.Placed>]];
    if (!placed.ok) throw new Error(placed.failure.text);
    return placed.value;
  }

  ping(): Promise<boolean> {
    return Promise.resolve(!this.down);
  }

  async mailboxes(account: AccountId): Promise<readonly S.MailboxInfo[]> {
    const of = await this.#account(account);
    return of.boxes.map((box) => info(of, box)).sort((a, b) =>
      a.name === "INBOX" ? -1 : b.name === "INBOX" ? 1 : a.name < b.name ? -1 : 1
    );
  }

  async mailbox(account: AccountId, name: string): Promise<S.MailboxInfo | undefined> {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.name === name);
    return box && info(of, box);
  }

  async createMailbox(
    account: AccountId,
    name: string,
    specialUse?: string,
  ): Promise<Outcome<S.MailboxInfo>> {
    const of = await this.#account(account);
    if (of.boxes.some((box) => box.name === name)) return refused("ALREADYEXISTS", "Mailbox exists");
    const parts = name.split(SEPARATOR);
    if (parts.includes("")) return refused("CANNOT", "Empty part in the name");
    for (let n = 1; n < parts.length; n++) {
      const parent = parts.slice(0, n).join(SEPARATOR);
      if (!of.boxes.some((box) => box.name === parent)) this.#heir(of, parent);
    }
    const box = this.#heir(of, name);
    box.specialUse = specialUse;
    this.#notify(account, of, undefined);
    return done(info(of, box));
  }

  async deleteMailbox(account: AccountId, name: string): Promise<Outcome<void>> {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.name === name);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    if (name === "INBOX") return refused("CANNOT", "INBOX cannot be deleted");
    of.boxes.splice(of.boxes.indexOf(box), 1);
    of.annotations = of.annotations.filter((one) => one.mailbox !== box.id);
    this.#notify(account, of, box);
    return done(undefined);
  }

  async renameMailbox(account: AccountId, from: string, to: string): Promise<Outcome<void>> {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.name === from);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    if (of.boxes.some((box) => box.name === to)) return refused("ALREADYEXISTS", "Mailbox exists");
    if (from === "INBOX") {
      const target = this.#add(of, to);
      const all = rangesOf(box.entries.map((entry) => entry.uid));
      await this.move(account, box.id, all, target.name);
      return done(undefined);
    }
    for (const each of of.boxes) {
      if (each.name === from || each.name.startsWith(from + SEPARATOR)) {
        each.name = to + each.name.slice(from.length);
      }
    }
    this.#notify(account, of, undefined);
    return done(undefined);
  }

  async subscribe(account: AccountId, name: string, subscribed: boolean): Promise<Outcome<void>> {
    const of = await this.#account(account);
    if (subscribed) of.subscribed.add(name);
    else of.subscribed.delete(name);
    of.modSeq++;
    this.#notify(account, of, undefined);
    return done(undefined);
  }

  async subscriptions(account: AccountId): Promise<readonly string[]> {
    return [...(await this.#account(account)).subscribed].sort();
  }

  stage(): S.Draft {
    const parts: Uint8Array[] = [];
    let size = 0;
    return {
      get size() {
        return size;
      },
      write(octets) {
        parts.push(octets.slice());
        size += octets.length;
        return undefined;
      },
      finish: () => {
        this.#check();
        const whole = new Uint8Array(size);
        let at = 0;
        for (const part of parts) {
          whole.set(part, at);
          at += part.length;
        }
        const id = this.#next++ as MessageId;
        this.#messages.set(id, whole);
        const blob = String(id) as BlobId;
        const structure = structureOf(whole);
        return Promise.resolve({ blob, size, structure, [Symbol.asyncDispose]: () => Promise.resolve() });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async deliver(
    items: readonly { readonly message: S.StagedMessage; readonly to: readonly S.DeliveryTarget[] }[],
    options: { readonly atomic: boolean },
  ): Promise<readonly (readonly Outcome<S.Placed>[])[]> {
    const refusal = options.atomic ? await this.#refusal(items) : undefined;
    if (refusal !== undefined) return items.map(({ to }) => to.map(() => refusal));
    const results: Outcome<S.Placed>[][] = [];
    for (const { message, to } of items) {
      const placed: Outcome<S.Placed>[] = [];
      for (const target of to) placed.push(await this.#deliver(Number(message.blob) as MessageId, target));
      results.push(placed);
    }
    return results;
  }

  /** Why an atomic delivery cannot be. */
  async #refusal(items: Parameters<MemoryStore["deliver"]>[0], freed = 0) {
    let octets = 0;
    for (const { message, to } of items) {
      for (const { account, mailbox } of to) {
        const of = await this.#account(account);
        if (!of.boxes.some((box) => box.name === mailbox)) return refused("TRYCREATE", "No such mailbox");
        octets += message.size;
        if (used(of) + octets - freed > this.quotaOctets) return refused("OVERQUOTA", "Quota exceeded");
      }
    }
    return undefined;
  }

  async replace(
    message: S.StagedMessage,
    to: S.DeliveryTarget,
    replaced: { readonly account: AccountId; readonly mailbox: MailboxId; readonly uid: number },
  ): Promise<Outcome<S.Placed>> {
    const of = await this.#account(replaced.account);
    const old = of.boxes.find((box) => box.id === replaced.mailbox)?.entries
      .find((entry) => entry.uid === replaced.uid);
    if (old === undefined) return refused("EXPUNGEISSUED", "The message is gone");
    const freed = to.account === replaced.account ? old.octets.length : 0;
    const refusal = await this.#refusal([{ message, to: [to] }], freed);
    if (refusal !== undefined) return refusal;
    await this.remove(replaced.account, replaced.mailbox, [[replaced.uid, replaced.uid]]);
    return await this.#deliver(Number(message.blob) as MessageId, to);
  }

  async #deliver(message: MessageId, target: S.DeliveryTarget): Promise<Outcome<S.Placed>> {
    const of = await this.#account(target.account);
    const box = of.boxes.find((box) => box.name === target.mailbox);
    if (box === undefined) return refused("TRYCREATE", "No such mailbox");
    const octets = this.#messages.get(message)!;
    if (used(of) + octets.length > this.quotaOctets) return refused("OVERQUOTA", "Quota exceeded");
    const modSeq = ++of.modSeq as ModSeq;
    const uid = box.uidNext++ as Uid;
    box.entries.push({
      uid,
      message,
      flags: target.flags ?? 0,
      keywords: keywordNumbers(box, target.keywords ?? []),
      modSeq,
      internalDate: target.internalDate ?? this.now,
      saveDate: this.now,
      octets,
      annotations: (target.annotations ?? []).map(({ entry, shared, value }) => ({
        entry,
        user: shared ? 0 : target.account,
        value,
        modSeq,
      })),
    });
    this.#notify(target.account, of, box);
    return done({ mailbox: box.id, uidValidity: box.uidValidity, uid, modSeq });
  }

  async index(account: AccountId, mailbox: MailboxId): Promise<Outcome<S.MailboxIndex>> {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    return done({
      mailbox: info(of, box),
      uids: Uint32Array.from(box.entries, (entry) => entry.uid),
      flags: Uint8Array.from(box.entries, (entry) => entry.flags),
      modSeqs: Float64Array.from(box.entries, (entry) => entry.modSeq),
      keywords: new Map(
        box.entries.filter((entry) => entry.keywords.length > 0).map((entry) => [entry.uid, entry.keywords]),
      ),
    });
  }

  async changes(
    account: AccountId,
    mailbox: MailboxId,
    since: ModSeq,
  ): Promise<Outcome<S.MailboxChanges>> {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    return done({
      mailbox: info(of, box),
      changed: box.entries.filter((entry) => entry.modSeq > since).map(flagRow),
      vanished: rangesOf(
        box.vanished.filter((v) => v.modSeq > since).map((v) => v.uid).sort((a, b) => a - b),
      ),
      complete: since >= box.vanishedFloor,
    });
  }

  async vanished(account: AccountId, mailbox: MailboxId, since: ModSeq): Promise<Outcome<S.Vanished>> {
    const changes = await this.changes(account, mailbox, since);
    return changes.ok ? done({ uids: changes.value.vanished, complete: changes.value.complete }) : changes;
  }

  /** Forgets what vanished so far, as the real store does when there is too much of it. */
  forgetVanished(account: AccountId): void {
    const of = this.#accounts.get(account)!;
    for (const box of of.boxes) {
      box.vanished = [];
      box.vanishedFloor = of.modSeq;
    }
  }

  async *fetch(
    account: AccountId,
    mailbox: MailboxId,
    uids: UidSet,
    wanted: S.FetchWanted,
  ): AsyncIterable<readonly S.FetchRow[]> {
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox);
    const entries = box?.entries.filter((entry) => inSet(uids, entry.uid)) ?? [];
    for (let at = 0; at < entries.length; at += 2) {
      yield entries.slice(at, at + 2).map((entry) => fetchRow(entry, wanted));
    }
  }

  charset() {
    return Promise.resolve("windows-1252");
  }

  async *octets(account: AccountId, ranges: readonly S.OctetRange[]): AsyncIterable<S.OctetPiece> {
    const of = await this.#account(account);
    for (const [index, range] of ranges.entries()) {
      const entry = of.boxes.flatMap((box) => box.entries).find((entry) => entry.message === range.message);
      if (entry === undefined) return;
      const octets = entry.octets.subarray(range.start, Math.min(range.end, entry.octets.length));
      // In two pieces, so that the protocol is seen to join them.
      const half = octets.length >> 1;
      if (half > 0) yield { index, octets: octets.subarray(0, half), last: false };
      yield { index, octets: octets.subarray(half), last: true };
    }
  }

  async search(account: AccountId, mailbox: MailboxId, key: SearchKey) {
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    const found = box.entries.filter((entry) => matchesKey(key, entry, box.keywords, this.now));
    return done(Uint32Array.from(found, (entry) => entry.uid));
  }

  async relevancy(account: AccountId, mailbox: MailboxId, key: SearchKey) {
    const found = await this.search(account, mailbox, key);
    if (!found.ok) return found;
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox)!;
    const entries = box.entries.filter((entry) => found.value.includes(entry.uid));
    return done({ uids: found.value, scores: Uint8Array.from(entries, (entry) => scoreOf(key, entry)) });
  }

  async sort(
    account: AccountId,
    mailbox: MailboxId,
    key: SearchKey,
    order: readonly SortOrder[],
    comparator?: Comparator,
  ) {
    const found = await this.search(account, mailbox, key);
    if (!found.ok) return found;
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox)!;
    const entries = box.entries.filter((entry) => found.value.includes(entry.uid));
    return done(Uint32Array.from(sorted(entries, order, key, comparator), (entry) => entry.uid));
  }

  async threadRows(account: AccountId, mailbox: MailboxId, uids: UidSet, comparator?: Comparator) {
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox);
    return done(
      (box?.entries ?? []).filter((entry) => inSet(uids, entry.uid)).map((entry) =>
        threadRow(entry, comparator)
      ),
    );
  }

  async setFlags(account: AccountId, mailbox: MailboxId, uids: UidSet, change: S.FlagChange) {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    const named = box.entries.filter((entry) => inSet(uids, entry.uid));
    const since = change.unchangedSince;
    const refusedUids = since === undefined ? [] : named.filter((entry) => entry.modSeq > since);
    const touched = named.filter((entry) => !refusedUids.includes(entry));
    const modSeq = touched.length > 0 ? ++of.modSeq : of.modSeq;
    const names = change.op === "remove" || change.allowed?.keywords === false ? [] : change.keywords;
    const numbers = keywordNumbers(box, names);
    for (const entry of touched) changeEntry(entry, change, numbers, box, modSeq as ModSeq);
    if (touched.length > 0) this.#notify(account, of, box);
    return done({ changed: touched.map(flagRow), modified: rangesOf(refusedUids.map((entry) => entry.uid)) });
  }

  expunge(account: AccountId, mailbox: MailboxId, uids: UidSet | "all") {
    return this.#remove(
      account,
      mailbox,
      (entry) => (entry.flags & Flag.Deleted) !== 0 && (uids === "all" || inSet(uids, entry.uid)),
    );
  }

  remove(account: AccountId, mailbox: MailboxId, uids: UidSet) {
    return this.#remove(account, mailbox, (entry) => inSet(uids, entry.uid));
  }

  async #remove(account: AccountId, mailbox: MailboxId, which: (entry: Entry) => boolean) {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    const gone = box.entries.filter(which);
    const modSeq = gone.length > 0 ? ++of.modSeq : of.modSeq;
    box.entries = box.entries.filter((entry) => !gone.includes(entry));
    box.vanished.push(...gone.map((entry) => ({ uid: entry.uid, modSeq })));
    if (gone.length > 0) this.#notify(account, of, box);
    return done({ removed: rangesOf(gone.map((entry) => entry.uid)), modSeq: modSeq as ModSeq });
  }

  async copy(
    account: AccountId,
    from: MailboxId,
    uids: UidSet,
    to: string | S.CopyTarget,
  ): Promise<Outcome<S.Copied>> {
    const goal = typeof to === "string"
      ? { account, mailbox: to, allowed: { flags: 31, keywords: true } }
      : to;
    const of = await this.#account(goal.account);
    const source = (await this.#account(account)).boxes.find((box) => box.id === from);
    const target = of.boxes.find((box) => box.name === goal.mailbox);
    if (target === undefined) return refused("TRYCREATE", "No such mailbox");
    const entries = source?.entries.filter((entry) => inSet(uids, entry.uid)) ?? [];
    const size = entries.reduce((sum, entry) => sum + entry.octets.length, 0);
    if (used(of) + size > this.quotaOctets) return refused("OVERQUOTA", "Quota exceeded");
    const modSeq = ++of.modSeq as ModSeq;
    const targets = entries.map((entry) => {
      const names = entry.keywords.map((number) => source!.keywords[number]!);
      const kept = keptBy(goal.allowed, entry.flags, names);
      const uid = target.uidNext++ as Uid;
      const annotations = entry.annotations.filter(({ value }) => value !== null)
        .map((one) => ({ ...one, modSeq }));
      const keywords = keywordNumbers(target, kept.names);
      target.entries.push({ ...entry, uid, modSeq, flags: kept.flags, keywords, annotations });
      return uid;
    });
    this.#notify(goal.account, of, target);
    return done({
      uidValidity: target.uidValidity,
      sources: Uint32Array.from(entries, (entry) => entry.uid),
      targets: Uint32Array.from(targets),
    });
  }

  async move(
    account: AccountId,
    from: MailboxId,
    uids: UidSet,
    to: string | S.CopyTarget,
  ): Promise<Outcome<S.Copied>> {
    const copied = await this.copy(account, from, uids, to);
    if (copied.ok) await this.remove(account, from, rangesOf(copied.value.sources));
    return copied;
  }

  async sharedMailboxes(to: Identity): Promise<readonly S.SharedMailbox[]> {
    await this.#account(to.account);
    return [...this.#accounts].filter(([id]) => id !== to.account).flatMap(([id, of]) =>
      of.boxes.map((box) => shared(id, of, box, to)).filter(({ rights }) => rights !== 0)
    );
  }

  async sharedMailbox(
    to: Identity,
    owner: string,
    names: readonly string[],
  ): Promise<S.SharedMailbox | undefined> {
    await this.#account(to.account);
    const [id, of] = [...this.#accounts].find(([, each]) => each.address === owner) ?? [];
    const boxes = of?.boxes.filter((box) => names.includes(box.name)) ?? [];
    const [box] = boxes.sort((a, b) => b.name.length - a.name.length);
    return box && shared(id!, of!, box, to);
  }

  async rights(to: Identity, account: AccountId, mailbox: MailboxId): Promise<number> {
    return rightsIn((await this.#account(account)).boxes.find((box) => box.id === mailbox), to);
  }

  async acl(account: AccountId, mailbox: MailboxId): Promise<readonly AclEntry[]> {
    return (await this.#account(account)).boxes.find((box) => box.id === mailbox)?.acl ?? [];
  }

  async setAcl(account: AccountId, mailbox: MailboxId, entry: AclEntry, op: "add" | "remove" | "replace") {
    const of = await this.#account(account);
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return refused("NONEXISTENT", "No such mailbox");
    const changed = changeAcl(box, entry, op, [...this.#accounts.values()].map(({ address }) => address));
    // Everybody looks again.
    if (changed.ok) { for (const [id, each] of this.#accounts) this.#notify(id, each, undefined); }
    return changed;
  }

  async quota(account: AccountId): Promise<S.QuotaUse> {
    const of = await this.#account(account);
    const messages = of.boxes.reduce((sum, box) => sum + box.entries.length, 0);
    return {
      octets: used(of),
      octetLimit: this.quotaOctets,
      messages,
      messageLimit: undefined,
      mailboxLimit: 1000,
    };
  }

  setQuota(account: AccountId, limits: Parameters<S.MailStore["setQuota"]>[1]): Promise<boolean> {
    this.quotaOctets = limits.octets ?? 10_000_000;
    return Promise.resolve(this.#accounts.has(account));
  }

  async deletedOctets(account: AccountId, mailbox: MailboxId): Promise<number> {
    const box = (await this.#account(account)).boxes.find((box) => box.id === mailbox);
    const deleted = box?.entries.filter((entry) => (entry.flags & Flag.Deleted) !== 0) ?? [];
    return deleted.reduce((sum, entry) => sum + entry.octets.length, 0);
  }

  async metadata(
    account: AccountId,
    of: MailboxId | "server" | "all",
    entries: readonly string[],
    depth: S.AnnotationDepth,
  ): Promise<readonly S.Annotation[]> {
    const all = (await this.#account(account))?.annotations ?? [];
    const levels = (name: string, entry: string) =>
      name === entry
        ? 0
        : entry.startsWith(name + "/")
        ? entry.slice(name.length).split("/").length - 1
        : Infinity;
    const most = depth === "infinity" ? 1000 : depth;
    return all.filter(({ mailbox, entry }) =>
      (of === "all" || mailbox === (of === "server" ? undefined : of)) &&
      entries.some((name) => levels(name, entry) <= most)
    ).sort((a, b) => a.entry < b.entry ? -1 : 1);
  }

  async setMetadata(
    account: AccountId,
    of: MailboxId | "server",
    changes: ReadonlyMap<string, Uint8Array | null>,
  ): Promise<Outcome<void>> {
    const state = await this.#account(account);
    const mailbox = of === "server" ? undefined : of;
    const kept = state.annotations.filter((one) => one.mailbox !== mailbox || !changes.has(one.entry));
    for (const [entry, value] of changes) if (value !== null) kept.push({ mailbox, entry, value });
    if (kept.filter((one) => one.mailbox === mailbox).length > 100) {
      return refused("LIMIT", "Too many annotations");
    }
    state.annotations = kept;
    state.modSeq++;
    this.#notify(account, state, state.boxes.find((box) => box.id === mailbox));
    return done(undefined);
  }

  /** Octets of annotations that an account may have. */
  annotationOctets = 10_000;

  readonly annotations: MessageAnnotations = {
    read: async ({ account, mailbox, user }, uids) => {
      const entries = this.#boxOf(await this.#account(account), mailbox)?.entries ?? [];
      return entries.filter(({ uid }) => inSet(uids, uid)).flatMap(({ uid, annotations }) =>
        annotations.filter((one) => one.value !== null && (one.user === 0 || one.user === user))
          .sort((a, b) => a.entry < b.entry ? -1 : a.entry > b.entry ? 1 : b.user - a.user)
          .map(({ entry, user, value }) => ({ uid, entry, shared: user === 0, value: value! }))
      );
    },
    changed: async ({ account, mailbox, user }, uids, since) => {
      const entries = this.#boxOf(await this.#account(account), mailbox)?.entries ?? [];
      return entries.filter(({ uid }) => inSet(uids, uid)).flatMap(({ uid, annotations }) => {
        const named = annotations.filter((one) =>
          one.modSeq > since && (one.user === 0 || one.user === user)
        );
        return [...new Set(named.map(({ entry }) => entry))].sort().map((entry) => ({ uid, entry }));
      });
    },
    set: async ({ account, mailbox, user }, uids, values, since) => {
      const of = await this.#account(account);
      const box = this.#boxOf(of, mailbox)!;
      const named = box.entries.filter((entry) => inSet(uids, entry.uid));
      const modified = named.filter((entry) => since !== undefined && entry.modSeq > since);
      const touched = named.filter((entry) => !modified.includes(entry));
      const added = values.reduce(
        (sum, { entry, value }) => sum + (value === null ? 0 : entry.length + value.length),
        0,
      );
      if (added * touched.length + annotated(of) > this.annotationOctets) {
        return refused("OVERQUOTA", "Annotations take too much room");
      }
      if (values.length > 10) return refused("LIMIT", "Too many annotations");
      const modSeq = touched.length > 0 ? ++of.modSeq as ModSeq : of.modSeq as ModSeq;
      for (const entry of touched) {
        entry.modSeq = modSeq;
        for (const { entry: name, shared, value } of values) {
          const whose = shared ? 0 : user;
          const others = entry.annotations.filter((one) => one.entry !== name || one.user !== whose);
          if (value !== null || others.length < entry.annotations.length) {
            others.push({ entry: name, user: whose, value, modSeq });
          }
          entry.annotations = others;
        }
      }
      if (touched.length > 0) this.#notify(account, of, box);
      return done({ changed: touched.map(flagRow), modified: rangesOf(modified.map(({ uid }) => uid)) });
    },
    use: async (account) => ({
      octets: annotated(await this.#account(account)),
      octetLimit: this.annotationOctets,
    }),
  };

  #boxOf(of: Account, mailbox: MailboxId): Box | undefined {
    return of.boxes.find((box) => box.id === mailbox);
  }

  /** By user, owner and mailbox. */
  readonly #keys = new Map<string, Uint8Array>();

  readonly urlKeys: UrlKeys = {
    key: (user, { owner, mailbox }) => Promise.resolve(this.#keys.get(`${user} ${owner} ${mailbox}`)),
    keyFor: (user, { owner, mailbox }) => {
      const name = `${user} ${owner} ${mailbox}`;
      if (!this.#keys.has(name)) this.#keys.set(name, crypto.getRandomValues(new Uint8Array(32)));
      return Promise.resolve(done(this.#keys.get(name)!));
    },
    reset: (user, { owner, mailbox }) => {
      this.#keys.set(`${user} ${owner} ${mailbox}`, crypto.getRandomValues(new Uint8Array(32)));
      this.#keyReset(owner, mailbox);
      return Promise.resolve(done(undefined));
    },
    removeAll: (user) => {
      for (const name of [...this.#keys.keys()]) {
        const [who, owner, mailbox] = name.split(" ").map(Number);
        if (who !== user) continue;
        this.#keys.delete(name);
        this.#keyReset(owner as AccountId, mailbox as MailboxId);
      }
      return Promise.resolve();
    },
  };

  #keyReset(owner: AccountId, mailbox: MailboxId): void {
    const of = this.#accounts.get(owner)!;
    const box = of.boxes.find((box) => box.id === mailbox);
    if (box === undefined) return;
    box.keyResets++;
    of.modSeq++;
    this.#notify(owner, of, box);
  }

  watch(account: AccountId, listener: (notice: S.ChangeNotice) => void): Disposable {
    // EVERYBODY: of the changes to lists all hear anyway.
    const watchers = this.#accounts.get(account)?.watchers ?? new Set();
    watchers.add(listener);
    return { [Symbol.dispose]: () => void watchers.delete(listener) };
  }

  /** How many listeners an account has: a test sees that none is left behind. */
  watchers(account: AccountId): number {
    return this.#accounts.get(account)!.watchers.size;
  }

  lockMaildrop(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** A new mailbox has the list of its parent. */
  #heir(of: Account, name: string): Box {
    const box = this.#add(of, name);
    const parent = of.boxes.find((each) => each.name === name.slice(0, name.lastIndexOf(SEPARATOR)));
    box.acl = parent?.acl ?? [];
    return box;
  }

  #add(of: Account, name: string): Box {
    const id = this.#next++;
    const box: Box = {
      id: id as MailboxId,
      name,
      uidValidity: 1000 + of.boxes.length,
      uidNext: 1,
      highestModSeq: ++of.modSeq,
      keywords: [],
      specialUse: undefined,
      keyResets: 0,
      entries: [],
      vanished: [],
      vanishedFloor: 0,
      acl: [],
    };
    of.boxes.push(box);
    return box;
  }

  #check(): void {
    if (this.down) throw new Unavailable("the store is down");
  }

  /** Answers later, as a database would. */
  async #account(account: AccountId): Promise<Account> {
    this.#check();
    await Promise.resolve();
    return this.#accounts.get(account)!;
  }

  #notify(account: AccountId, of: Account, box: Box | undefined): void {
    if (box !== undefined) box.highestModSeq = of.modSeq;
    const notice = { account, mailbox: box?.id, modSeq: of.modSeq as ModSeq };
    for (const watcher of of.watchers) watcher(notice);
  }
}

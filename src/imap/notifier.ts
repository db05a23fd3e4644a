/** What a session that gave NOTIFY must hear of mailboxes that it has not selected (RFC 5465). */
import { Right } from "../core/acl.ts";
import type { AccountId } from "../core/brands.ts";
import { EVERYBODY } from "../core/store.ts";
import type { EventGroup } from "./command.ts";
import { mayMeanForeign } from "./mailbox_filter.ts";
import { hasAll, reachable, type Seeker } from "./reach.ts";
import { changesBetween, type MailboxChange, type Snapshot } from "./mailbox_changes.ts";

/** Watches accounts and looks again when something happened, but not too often. Dispose it to stop. */
export class Notifier implements Disposable {
  #snapshot: Snapshot = { mailboxes: [], subscriptions: [], annotations: [] };
  #dirty = false;
  #lookedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;
  /** Names that this session itself has just changed: it need not be told. */
  readonly #own = new Set<string>();
  /** By account: one's own, those whose mailboxes are looked at, and EVERYBODY. */
  readonly #watches = new Map<AccountId, Disposable>();
  readonly #foreign: boolean;

  private constructor(
    readonly seeker: Seeker,
    readonly groups: readonly EventGroup[],
    readonly everyMs: number,
  ) {
    this.#foreign = groups.some(({ filter }) => mayMeanForeign(filter));
    this.#watch([seeker.identity.account, ...this.#foreign ? [EVERYBODY] : []]);
  }

  /** Begins with how things stand now. Throws Unavailable. */
  static async start(
    seeker: Seeker,
    groups: readonly EventGroup[],
    everyMs: number,
  ): Promise<Notifier> {
    const notifier = new Notifier(seeker, groups, everyMs);
    try {
      notifier.#snapshot = await notifier.#look();
    } catch (thrown) {
      notifier[Symbol.dispose]();
      throw thrown;
    }
    return notifier;
  }

  /** How the mailboxes stood at the last look. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** True when it is time to look again. */
  get isDue(): boolean {
    return this.#dirty && performance.now() - this.#lookedAt >= this.everyMs;
  }

  /** Calls back, until it is replaced, when it is time to look again. */
  onDue(wake: (() => void) | undefined): void {
    this.#wake = wake;
    if (wake !== undefined && this.#dirty) this.#schedule();
  }

  /** Names that a command of this session has changed. */
  own(names: readonly string[]): void {
    for (const name of names) this.#own.add(name);
  }

  /** Looks, and says what happened since the last look; what happened meanwhile comes next. Throws Unavailable. */
  async changes(): Promise<readonly MailboxChange[]> {
    this.#dirty = false;
    this.#lookedAt = performance.now();
    try {
      const before = this.#snapshot;
      this.#snapshot = await this.#look();
      const changes = changesBetween(before, this.#snapshot);
      const own = new Set(this.#own);
      this.#own.clear();
      return changes.filter(({ kind, name }) => kind === "messages" || kind === "flags" || !own.has(name));
    } catch (thrown) {
      this.#dirty = true;
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
    this.#watches.clear();
    this.#wake = undefined;
  }

  #noticed(): void {
    this.#dirty = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#wake === undefined) return;
    clearTimeout(this.#timer);
    const wait = this.everyMs - (performance.now() - this.#lookedAt);
    if (wait <= 0) this.#wake();
    else this.#timer = setTimeout(() => this.#wake?.(), wait);
  }

  async #look(): Promise<Snapshot> {
    const wants = (event: string) =>
      this.groups.some(({ events }) => events.some((each) => each.event === event));
    const { store, identity } = this.seeker;
    const { account } = identity;
    const [reached, subscriptions, ofMailboxes, ofServer] = await Promise.all([
      reachable(this.seeker, this.#foreign),
      wants("SubscriptionChange") || wants("MailboxName") ? store.subscriptions(account) : [],
      wants("MailboxMetadataChange") ? store.metadata(account, "all", ROOTS, "infinity") : [],
      wants("ServerMetadataChange") ? store.metadata(account, "server", ROOTS, "infinity") : [],
    ]);
    // RFC 5465 §5: of what may not be read nothing is told. Only what is shared is looked at of others' annotations.
    const mailboxes = reached.filter(({ rights }) => hasAll(rights, Right.Lookup | Right.Read));
    const others = mailboxes.filter((mailbox) => mailbox.account !== account);
    const theirs = wants("MailboxMetadataChange")
      ? await Promise.all(others.map((each) => store.metadata(each.account, each.id, SHARED, "infinity")))
      : [];
    this.#watch([account, ...this.#foreign ? [EVERYBODY] : [], ...others.map((each) => each.account)]);
    const own = [...ofMailboxes.filter(({ mailbox }) => mailbox !== undefined), ...ofServer];
    const annotations = [
      ...own.map((one) => ({ ...one, account })),
      ...theirs.flatMap((found, i) => found.map((one) => ({ ...one, account: others[i]!.account }))),
    ];
    return { mailboxes, subscriptions, annotations };
  }

  /** Listens to these accounts, and to no others. */
  #watch(accounts: readonly AccountId[]): void {
    const wanted = new Set(accounts);
    for (const [account, watch] of this.#watches) {
      if (wanted.has(account)) continue;
      watch[Symbol.dispose]();
      this.#watches.delete(account);
    }
    for (const account of wanted) {
      if (this.#watches.has(account)) continue;
      this.#watches.set(account, this.seeker.store.watch(account, () => this.#noticed()));
    }
  }
}

/** Below these are all annotations. */
const ROOTS = ["/private", "/shared"], SHARED = ["/shared"];

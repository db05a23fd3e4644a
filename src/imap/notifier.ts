/** What a session that gave NOTIFY must hear of mailboxes that it has not selected (RFC 5465). */
import type { AccountId } from "../core/brands.ts";
import type { MailStore } from "../core/store.ts";
import type { EventGroup } from "./command.ts";
import { changesBetween, type MailboxChange, type Snapshot } from "./mailbox_changes.ts";

/** Watches an account and looks again when something happened, but not too often. Dispose it to stop. */
export class Notifier implements Disposable {
  #snapshot: Snapshot = { mailboxes: [], subscriptions: [], annotations: [] };
  #dirty = false;
  #lookedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake: (() => void) | undefined;
  /** Names that this session itself has just changed: it need not be told. */
  readonly #own = new Set<string>();
  readonly #watch: Disposable;

  private constructor(
    readonly store: MailStore,
    readonly account: AccountId,
    readonly groups: readonly EventGroup[],
    readonly everyMs: number,
  ) {
    this.#watch = store.watch(account, () => this.#noticed());
  }

  /** Begins with how things stand now. Throws Unavailable. */
  static async start(
    store: MailStore,
    account: AccountId,
    groups: readonly EventGroup[],
    everyMs: number,
  ): Promise<Notifier> {
    const notifier = new Notifier(store, account, groups, everyMs);
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
    this.#watch[Symbol.dispose]();
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
    const { store, account } = this;
    const [mailboxes, subscriptions, ofMailboxes, ofServer] = await Promise.all([
      store.mailboxes(account),
      wants("SubscriptionChange") || wants("MailboxName") ? store.subscriptions(account) : [],
      wants("MailboxMetadataChange") ? store.metadata(account, "all", ROOTS, "infinity") : [],
      wants("ServerMetadataChange") ? store.metadata(account, "server", ROOTS, "infinity") : [],
    ]);
    const annotations = [...ofMailboxes.filter(({ mailbox }) => mailbox !== undefined), ...ofServer];
    return { mailboxes, subscriptions, annotations };
  }
}

/** Below these are all annotations. */
const ROOTS = ["/private", "/shared"];

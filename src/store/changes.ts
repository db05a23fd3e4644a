/**
 * Who hears of changes: listeners of this worker at once, other workers of the node over a Bus, other nodes
 * over a NodeLink. A notice is a hint: whoever gets one reads what changed from the tables.
 */
import type { AccountId, MailboxId, ModSeq } from "../core/brands.ts";
import { type Emit, emitBug } from "../core/events.ts";
import type { ChangeNotice } from "../core/store.ts";

/** Carries notices to others and theirs to us; never back to the sender. */
export interface Bus extends AsyncDisposable {
  publish(notices: readonly ChangeNotice[]): void;
  /** Called once, before anything is published. `missed`: notices may have been lost, look for yourself. */
  connect(receive: (notices: readonly ChangeNotice[]) => void, missed: () => void): void;
}

type Listener = (notice: ChangeNotice) => void;

/** The listeners of one worker. */
export class Changes implements AsyncDisposable {
  readonly #listeners = new Map<AccountId, Set<Listener>>();
  readonly #seen = new Map<AccountId, number>();
  readonly #buses: readonly Bus[];
  #heard: ((account: AccountId) => void) | undefined;
  readonly #emit: Emit;

  /** `look`: gives the newest modseqs of mailboxes of accounts, after notices may have been lost. */
  constructor(
    buses: readonly Bus[],
    emit: Emit,
    look: (accounts: readonly AccountId[]) => Promise<readonly ChangeNotice[]>,
  ) {
    this.#buses = buses;
    this.#emit = emit;
    const receive = (notices: readonly ChangeNotice[]) => this.#tell(notices);
    const missed = async () => {
      const before = new Map(this.#seen);
      const accounts = [...this.#listeners.keys()];
      try {
        const notices = await look(accounts);
        this.#tell(notices.filter((notice) => notice.modSeq > (before.get(notice.account) ?? 0)));
      } catch (thrown) {
        // The database went away again: the link will connect again, and miss again.
        emitBugUnlessDown(emit, thrown);
      }
    };
    for (const bus of buses) bus.connect(receive, () => void missed());
  }

  /** Tells everybody what a commit of ours changed. */
  publish(notices: readonly ChangeNotice[]): void {
    if (notices.length === 0) return;
    this.#tell(notices);
    const bare = notices.map(({ account, mailbox, modSeq }) => ({ account, mailbox, modSeq }));
    for (const bus of this.#buses) bus.publish(bare);
  }

  /** Listens to an account. */
  watch(account: AccountId, listener: Listener): Disposable {
    const listeners = this.#listeners.get(account) ?? new Set<Listener>();
    this.#listeners.set(account, listeners);
    // A function of our own: the same listener may watch twice.
    const own: Listener = (notice) => listener(notice);
    listeners.add(own);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(own);
        if (listeners.size > 0 || this.#listeners.get(account) !== listeners) return;
        this.#listeners.delete(account);
        this.#seen.delete(account);
      },
    };
  }

  /** Hears of every account in which something changed, whoever changed it. */
  hear(listener: (account: AccountId) => void): void {
    this.#heard = listener;
  }

  /** Ends the buses. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const bus of this.#buses) await bus[Symbol.asyncDispose]();
  }

  #tell(notices: readonly ChangeNotice[]): void {
    for (const notice of notices) {
      this.#heard?.(notice.account);
      const listeners = this.#listeners.get(notice.account);
      if (listeners === undefined) continue;
      this.#seen.set(notice.account, Math.max(this.#seen.get(notice.account) ?? 0, notice.modSeq));
      for (const listener of [...listeners]) {
        try {
          listener(notice);
        } catch (thrown) {
          emitBug(this.#emit, "store.watch", thrown);
        }
      }
    }
  }
}

function emitBugUnlessDown(emit: Emit, thrown: unknown): void {
  if (thrown instanceof Error && thrown.name === "Unavailable") return;
  emitBug(emit, "store.changes", thrown);
}

/** Builds a notice. */
export function notice(account: AccountId, mailbox: MailboxId | undefined, modSeq: number): ChangeNotice {
  return { account, mailbox, modSeq: modSeq as ModSeq };
}

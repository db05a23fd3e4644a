/**
 * Notices to and from other nodes, over a connection of its own: NOTIFY takes a lock on the whole server at
 * commit, so it stays out of every other transaction and comes at most 50 times a second. It is a hint only:
 * after a lost connection the listener looks for itself.
 */
import pg from "pg";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import type { ChangeNotice } from "../../core/store.ts";
import { type Bus, notice } from "../changes.ts";
import { LIFE_CLASS, newLife } from "./life.ts";
import { clientConfig, type DatabaseAddress, SESSION_SETTINGS } from "./database.ts";

/** Milliseconds between two NOTIFYs. */
const INTERVAL = 20;
/** Octets of a payload; PostgreSQL's limit is 7999. */
const PAYLOAD = 7900;
/** Mailboxes that wait for the next NOTIFY; what is beyond it is lost, as a hint may be. */
const WAITING = 10_000;
/** Milliseconds before a broken connection is tried again: at first, and at most. */
const RETRY_FIRST = 100, RETRY_MOST = 10_000;

const CHANNEL = "malleposte_changes";

/**
 * Joins a node to the others on the same database. `node`: a name that no other node has. `tells`: false for one
 * that nobody listens to, but who hears of others.
 */
export class NodeLink implements Bus {
  readonly #address: DatabaseAddress;
  readonly #node: string;
  #receive: (notices: readonly ChangeNotice[]) => void = () => {};
  #missed: () => void = () => {};
  #client: pg.Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = RETRY_FIRST;
  #closed = false;
  #life: number | null = null;
  #connecting: Promise<void> = Promise.resolve();
  #sending: Promise<unknown> = Promise.resolve();
  /** Modseq by `account:mailbox`; the mailbox is 0 for the list of mailboxes. */
  readonly #waiting = new Map<string, number>();

  constructor(address: DatabaseAddress, node: string, readonly tells = true) {
    this.#address = address;
    this.#node = node.replaceAll(" ", "-");
  }

  /**
   * An advisory lock that PostgreSQL lets go of when this connection ends, as it does with the process; null while
   * there is no connection. Another one for each connection, since the server may hear of the old one's end late.
   */
  get life(): number | null {
    return this.#life;
  }

  connect(receive: (notices: readonly ChangeNotice[]) => void, missed: () => void): void {
    this.#receive = receive;
    this.#missed = missed;
    this.#connecting = this.#open();
  }

  /** Resolves once the first attempt to connect has ended. */
  ready(): Promise<void> {
    return this.#connecting;
  }

  publish(notices: readonly ChangeNotice[]): void {
    if (this.#closed || !this.tells) return;
    for (const one of notices) {
      const key = `${one.account}:${one.mailbox ?? 0}`;
      const old = this.#waiting.get(key);
      if (old === undefined && this.#waiting.size >= WAITING) continue;
      this.#waiting.set(key, Math.max(old ?? 0, one.modSeq));
    }
    this.#timer ??= setTimeout(() => this.#send(), INTERVAL);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    if (this.#waiting.size > 0) this.#send();
    this.#closed = true;
    await this.#connecting;
    await this.#sending;
    await this.#client?.end().catch(() => {});
  }

  async #open(): Promise<void> {
    const client = new pg.Client({
      ...clientConfig(this.#address),
      connectionTimeoutMillis: 5_000,
      application_name: "malleposte notices",
      ...SESSION_SETTINGS,
    });
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", (message) => this.#heard(message.payload ?? ""));
    this.#client = client;
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      const life = newLife();
      const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as held", [LIFE_CLASS, life]);
      if (this.#client === client && rows[0].held) this.#life = life;
      this.#retryMs = RETRY_FIRST;
      this.#missed();
      if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => this.#send(), INTERVAL);
    } catch {
      await client.end().catch(() => {});
      this.#lost(client);
    }
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#life = null;
    if (this.#closed) return;
    this.#retry = setTimeout(() => this.#connecting = this.#open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST);
  }

  #send(): void {
    this.#timer = undefined;
    const client = this.#client;
    if (client === undefined || this.#waiting.size === 0) return;
    const payloads: string[] = [];
    let payload = this.#node;
    for (const [key, modSeq] of this.#waiting) {
      const item = ` ${key}:${modSeq}`;
      if (payload.length + item.length > PAYLOAD) {
        payloads.push(payload);
        payload = this.#node;
      }
      payload += item;
    }
    payloads.push(payload);
    this.#waiting.clear();
    this.#sending = client
      .query("select pg_notify($1, p) from unnest($2::text[]) as p", [CHANNEL, payloads])
      .catch(() => {}); // A lost hint: the other side compares when it connects again.
  }

  #heard(payload: string): void {
    const [node, ...items] = payload.split(" ");
    if (node === this.#node) return;
    const notices: ChangeNotice[] = [];
    for (const item of items) {
      const [account, mailbox, modSeq] = item.split(":").map(Number);
      if (!Number.isSafeInteger(account) || !Number.isSafeInteger(mailbox) || !Number.isSafeInteger(modSeq)) {
        continue;
      }
      notices.push(
        notice(account as AccountId, mailbox === 0 ? undefined : mailbox as MailboxId, modSeq as number),
      );
    }
    this.#receive(notices);
  }
}

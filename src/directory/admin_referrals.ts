import { done, type Outcome, refused } from "../core/failure.ts";
import { SEPARATOR } from "../core/store.ts";
import { formatAddress, parseDomain, show } from "./addresses.ts";
import { type AdminOptions, findAccount } from "./admin_common.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";

/** A referral in a list. */
export interface ReferralRow {
  readonly address: string;
  /** Empty: all of the account. */
  readonly mailbox: string;
  readonly server: string;
  readonly remoteMailbox: string;
}

/** Where IMAP clients are sent for accounts and mailboxes that are on other servers. */
export class ReferralAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Sends logins of an account elsewhere; its mail and other protocols stay. NONEXISTENT, CANNOT. */
  async setAccount(text: string, server: string): Promise<Outcome<ReferralRow>> {
    return await this.#set(text, "", server, "");
  }

  /**
   * Says that a mailbox of an account, and what is below it, is elsewhere. `mailbox` and `remoteMailbox` are
   * canonical. NONEXISTENT, CANNOT, ALREADYEXISTS: there is such a mailbox here. LIMIT.
   */
  async setMailbox(
    text: string,
    mailbox: string,
    server: string,
    remoteMailbox: string,
  ): Promise<Outcome<ReferralRow>> {
    if (mailbox === "INBOX") {
      return refused(
        "CANNOT",
        "INBOX cannot be elsewhere: send all of the account there (mail referral set)",
      );
    }
    const { database } = this.options;
    const account = await findAccount(database, text);
    if (!account.ok) return account;
    const { id, name } = account.value;
    const all = await database.selectFrom("mailbox").select("name").where("account_id", "=", id).execute();
    const here = all.find((each) => each.name === mailbox || each.name.startsWith(mailbox + SEPARATOR));
    if (here !== undefined) {
      return refused("ALREADYEXISTS", `${name} has the mailbox ${show(here.name)} here`);
    }
    const { count } = await database.selectFrom("referral").select((e) => e.fn.countAll<number>().as("count"))
      .where("account_id", "=", id).where("mailbox", "not in", ["", mailbox]).executeTakeFirstOrThrow();
    if (Number(count) >= LIMITS.referrals) {
      return refused("LIMIT", `${name} has ${LIMITS.referrals} mailboxes elsewhere already`);
    }
    return await this.#set(text, mailbox, server, remoteMailbox);
  }

  /** All of them, or those of an account. NONEXISTENT. */
  async list(text?: string): Promise<Outcome<readonly ReferralRow[]>> {
    const { database } = this.options;
    const account = text === undefined ? undefined : await findAccount(database, text);
    if (account?.ok === false) return account;
    const rows = await database.selectFrom("referral as r").innerJoin(
      "account as a",
      "a.account_id",
      "r.account_id",
    )
      .$if(account !== undefined, (query) => query.where("r.account_id", "=", account!.value.id))
      .select(["a.domain", "a.local_part", "r.mailbox", "r.server", "r.remote_mailbox"])
      .orderBy("a.domain").orderBy("a.local_part").orderBy("r.mailbox").execute();
    return done(rows.map((row) => ({
      address: formatAddress({ local: row.local_part, domain: row.domain }),
      mailbox: row.mailbox,
      server: row.server,
      remoteMailbox: row.remote_mailbox,
    })));
  }

  /** Takes one back; without a mailbox that of the account. NONEXISTENT. */
  async remove(text: string, mailbox = ""): Promise<Outcome<void>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    const removed = await this.options.database.deleteFrom("referral")
      .where("account_id", "=", account.value.id).where("mailbox", "=", mailbox).executeTakeFirst();
    if (removed.numDeletedRows > 0n) return done(undefined);
    const what = mailbox === ""
      ? account.value.name
      : `the mailbox ${show(mailbox)} of ${account.value.name}`;
    return refused("NONEXISTENT", `${what} is not elsewhere`);
  }

  async #set(text: string, mailbox: string, server: string, remote: string): Promise<Outcome<ReferralRow>> {
    const { database } = this.options;
    const account = await findAccount(database, text);
    if (!account.ok) return account;
    const place = parseServer(server);
    if (!place.ok) return place;
    await database.insertInto("referral")
      .values({ account_id: account.value.id, mailbox, server: place.value, remote_mailbox: remote })
      .onConflict((conflict) =>
        conflict.columns(["account_id", "mailbox"]).doUpdateSet({
          server: place.value,
          remote_mailbox: remote,
        })
      )
      .execute();
    return done({ address: account.value.name, mailbox, server: place.value, remoteMailbox: remote });
  }
}

/** hostport of an IMAP URL (RFC 5092 §3): a name or an IPv4 address, and a port if it is not 143. */
function parseServer(text: string): Outcome<string> {
  const match = /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const host = match === null ? undefined : parseDomain(match[1]!);
  const port = Number(match?.[2] ?? 143);
  if (host?.ok !== true || port < 1 || port > 65_535) {
    return refused("CANNOT", `${show(text)} is no server: write its name, or name:port`);
  }
  // A URL is ASCII.
  const ascii = new URL(`http://${host.value}`).hostname;
  return done(port === 143 ? ascii : `${ascii}:${port}`);
}

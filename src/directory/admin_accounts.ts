import { sql } from "kysely";
import { done, type Outcome, refused } from "../core/failure.ts";
import { isFallback } from "../mime/mod.ts";
import { formatAddress, parseAddress } from "./addresses.ts";
import {
  type AdminOptions,
  findAccount,
  isDuplicate,
  ownDomain,
  preparePassword,
  type Quota,
  randomWord,
} from "./admin_common.ts";
import type { Enrolled } from "./hash.ts";
import { importAccounts } from "./import.ts";

/** Key of an account's main password among its credentials; app passwords follow. */
export const MAIN_CREDENTIAL = 1;

/** An account in a list. */
export interface AccountListRow {
  readonly address: string;
  readonly disabled: boolean;
  readonly octets: number;
  readonly messages: number;
  readonly quota: Quota;
  readonly createdAt: Date;
}

/** `password`: the one that was made because none was given; show it once. */
export interface WithPassword {
  readonly address: string;
  readonly password: string | undefined;
}

/** How the 8-bit text of an account is read that declares no charset and is no UTF-8. */
export interface AccountCharset {
  readonly address: string;
  /** Undefined: as the server's `store.charset` says. */
  readonly charset: string | undefined;
}

/** What administrators do to accounts. Everything may throw HashBusy. */
export class AccountAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Adds an account. Without a password it makes one of 100 bits. NONEXISTENT, ALREADYEXISTS, CANNOT. */
  async add(
    text: string,
    wish: { readonly password?: string | undefined; readonly quota?: Quota | undefined } = {},
  ): Promise<Outcome<WithPassword>> {
    const { database } = this.options;
    const address = parseAddress(text);
    if (!address.ok) return address;
    const { local, domain } = address.value;
    const name = formatAddress(address.value);
    const own = await ownDomain(database, domain);
    if (!own.ok) return own;
    const isThere = refused("ALREADYEXISTS", `The account ${name} is there already`);
    if ((await findAccount(database, text)).ok) return isThere;
    const alias = await database.selectFrom("alias").select("targets")
      .where("domain", "=", domain).where("local_part", "=", local).executeTakeFirst();
    if (alias !== undefined) {
      return refused("ALREADYEXISTS", `${name} is an alias: remove that first (mail alias remove ${name})`);
    }
    const made = wish.password === undefined ? this.#newPassword() : undefined;
    const enrolled = await this.#enroll(made ?? wish.password!);
    if (!enrolled.ok) return enrolled;
    try {
      await database.transaction().execute(async (trx) => {
        const { account_id } = await trx.insertInto("account").values({ domain, local_part: local })
          .returning("account_id").executeTakeFirstOrThrow();
        await trx.insertInto("credential").values(credentialOf(account_id, enrolled.value)).execute();
        await this.options.insertAccountState(trx, account_id, wish.quota ?? {});
      });
    } catch (thrown) {
      if (isDuplicate(thrown)) return isThere;
      throw thrown;
    }
    return done({ address: name, password: made });
  }

  /** Accounts by domain and name; all, or those of one domain. */
  async list(domain?: string): Promise<readonly AccountListRow[]> {
    const rows = await this.options.database.selectFrom("account as a")
      .leftJoin("account_state as s", "s.account_id", "a.account_id")
      .$if(domain !== undefined, (query) => query.where("a.domain", "=", domain!))
      .select(["a.domain", "a.local_part", "a.disabled", "a.created_at", "s.used_octets", "s.used_messages"])
      .select(["s.quota_octets", "s.quota_messages"])
      .orderBy("a.domain").orderBy("a.local_part").execute();
    return rows.map((row) => ({
      address: formatAddress({ local: row.local_part, domain: row.domain }),
      disabled: row.disabled,
      octets: row.used_octets ?? 0,
      messages: row.used_messages ?? 0,
      quota: { octets: row.quota_octets ?? undefined, messages: row.quota_messages ?? undefined },
      createdAt: row.created_at,
    }));
  }

  /**
   * Removes an account with all its mail, and from the aliases that lead to it. What was begun and broke off
   * is finished when it is run again: the account goes last. NONEXISTENT.
   */
  async remove(text: string): Promise<Outcome<void>> {
    const { database } = this.options;
    const account = await findAccount(database, text);
    if (!account.ok) return account;
    const { id, address } = account.value;
    await database.updateTable("account").set({ disabled: true }).where("account_id", "=", id).execute();
    await this.options.deleteAccountRows(database, id);
    await database.transaction().execute(async (trx) => {
      // Otherwise whoever gets this address next would get the mail of those aliases.
      const target = `${address.local}@${address.domain}`;
      await trx.updateTable("alias").set({ targets: sql`array_remove(targets, ${target})` })
        .where(sql<boolean>`${target} = any (targets)`).execute();
      await trx.deleteFrom("alias").where(sql<boolean>`cardinality(targets) = 0`).execute();
      await trx.deleteFrom("account").where("account_id", "=", id).execute();
    });
    return done(undefined);
  }

  /** Sets a new password, or makes one. App passwords stay. NONEXISTENT, CANNOT. */
  async setPassword(text: string, password?: string): Promise<Outcome<WithPassword>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    const made = password === undefined ? this.#newPassword() : undefined;
    const enrolled = await this.#enroll(made ?? password!);
    if (!enrolled.ok) return enrolled;
    const row = credentialOf(account.value.id, enrolled.value);
    await this.options.database.insertInto("credential").values(row)
      .onConflict((conflict) =>
        conflict.columns(["account_id", "credential_id"]).doUpdateSet({
          hash: row.hash,
          scram_sha1: row.scram_sha1,
          scram_sha256: row.scram_sha256,
          created_at: sql`now()`,
        })
      ).execute();
    return done({ address: account.value.name, password: made });
  }

  /** Stops or allows logins and deliveries. NONEXISTENT. */
  async setDisabled(text: string, disabled: boolean): Promise<Outcome<void>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    await this.options.database.updateTable("account").set({ disabled })
      .where("account_id", "=", account.value.id).execute();
    return done(undefined);
  }

  /** Sets or lifts an account's limits. NONEXISTENT. */
  async setQuota(text: string, quota: Quota): Promise<Outcome<void>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    await this.options.database.updateTable("account_state")
      .set({ quota_octets: quota.octets ?? null, quota_messages: quota.messages ?? null })
      .where("account_id", "=", account.value.id).execute();
    return done(undefined);
  }

  /** The charset of an account's 8-bit text that declares none and is no UTF-8; undefined: the server's. NONEXISTENT. */
  async charset(text: string): Promise<Outcome<AccountCharset>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    const row = await this.options.database.selectFrom("account_state").select("charset")
      .where("account_id", "=", account.value.id).executeTakeFirst();
    return done({ address: account.value.name, charset: row?.charset ?? undefined });
  }

  /** Sets it, or takes it away, for text that is extracted from now on. NONEXISTENT, CANNOT. */
  async setCharset(text: string, charset: string | undefined): Promise<Outcome<AccountCharset>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    if (charset !== undefined && !isFallback(charset)) {
      const why = "is not a charset that is known here, or one in which ASCII does not stand for itself";
      return refused("CANNOT", `${JSON.stringify(charset.slice(0, 64))} ${why}`);
    }
    const name = charset?.toLowerCase();
    await this.options.database.updateTable("account_state").set({ charset: name ?? null })
      .where("account_id", "=", account.value.id).execute();
    return done({ address: account.value.name, charset: name });
  }

  /** Adds the accounts of a CSV file, all or none (import.ts). Refused with the lines that are wrong. */
  async importCsv(csv: string): Promise<Outcome<{ readonly accounts: number }>> {
    return await importAccounts(csv, this.options);
  }

  #newPassword(): string {
    return randomWord(this.options.world, 4, 5);
  }

  async #enroll(password: string): Promise<Outcome<Enrolled>> {
    const prepared = preparePassword(password);
    return prepared.ok ? done(await this.options.hasher.enroll(prepared.value)) : prepared;
  }
}

function credentialOf(account: number, enrolled: Enrolled) {
  return {
    account_id: account,
    credential_id: MAIN_CREDENTIAL,
    kind: "password" as const,
    hash: enrolled.hash,
    scram_sha1: enrolled.scramSha1,
    scram_sha256: enrolled.scramSha256,
  };
}

import { done, type Outcome, refused } from "../core/failure.ts";
import { type AdminOptions, findAccount, randomWord } from "./admin_common.ts";
import { APP_SCHEME, appDigest } from "./credentials.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";

/** An app password in a list. The password itself is nowhere. */
export interface AppPasswordRow {
  readonly id: number;
  readonly label: string;
  readonly createdAt: Date;
}

/** Passwords for one program each, that can be taken back one by one. */
export class AppPasswordAdmin {
  constructor(private readonly options: AdminOptions) {}

  /** Makes one: `password` is shown this once. NONEXISTENT, LIMIT. */
  async add(
    text: string,
    label: string,
  ): Promise<Outcome<{ readonly id: number; readonly password: string }>> {
    if (label.length > 100 || /\p{Cc}/u.test(label)) {
      return refused("CANNOT", "The label is longer than 100 characters or holds control characters");
    }
    const { database, world } = this.options;
    const account = await findAccount(database, text);
    if (!account.ok) return account;
    // 7 groups of 4 letters of 5 bits: 140 random bits.
    const password = randomWord(world, 7, 4);
    return await database.transaction().execute(async (trx) => {
      // Two at once would take the same number.
      await trx.selectFrom("account").select("account_id").where("account_id", "=", account.value.id)
        .forUpdate().execute();
      const rows = await trx.selectFrom("credential").select(["credential_id", "kind"])
        .where("account_id", "=", account.value.id).execute();
      if (rows.filter((row) => row.kind === "app").length >= LIMITS.appPasswords) {
        return refused("LIMIT", `${account.value.name} has ${LIMITS.appPasswords} app passwords already`);
      }
      // The account's own password is number 1, whether or not it has one.
      const id = Math.max(1, ...rows.map((row) => row.credential_id)) + 1;
      await trx.insertInto("credential").values({
        account_id: account.value.id,
        credential_id: id,
        kind: "app",
        label,
        hash: APP_SCHEME + appDigest(password).toBase64(),
        scram_sha1: null,
        scram_sha256: null,
      }).execute();
      return done({ id, password });
    });
  }

  /** An account's app passwords, oldest first. NONEXISTENT. */
  async list(text: string): Promise<Outcome<readonly AppPasswordRow[]>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    const rows = await this.options.database.selectFrom("credential")
      .select(["credential_id as id", "label", "created_at as createdAt"])
      .where("account_id", "=", account.value.id).where("kind", "=", "app")
      .orderBy("credential_id").execute();
    return done(rows);
  }

  /** Takes one back. NONEXISTENT. */
  async remove(text: string, id: number): Promise<Outcome<void>> {
    const account = await findAccount(this.options.database, text);
    if (!account.ok) return account;
    const removed = await this.options.database.deleteFrom("credential")
      .where("account_id", "=", account.value.id).where("credential_id", "=", id).where("kind", "=", "app")
      .executeTakeFirst();
    if (removed.numDeletedRows === 0n) {
      return refused("NONEXISTENT", `${account.value.name} has no app password ${id}`);
    }
    return done(undefined);
  }
}

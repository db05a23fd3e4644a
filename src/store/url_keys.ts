/** Access keys of URLs that carry their own authorization (RFC 4467 §2.2). */
import type { AccountId, MailboxId } from "../core/brands.ts";
import { done, type Outcome, refused } from "../core/failure.ts";
import type { KeyedMailbox, UrlKeys } from "../core/urlauth.ts";
import { notice } from "./changes.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call } from "./pg/door.ts";
import { lockAccount } from "./sql/account.ts";
import { addUrlKey, countKeyReset, dropUrlKeys, putUrlKey, urlKey } from "./sql/url_key.ts";

/** Octets of a key. RFC 4467 §2.2 wants 128 bits at least. */
const KEY_OCTETS = 32;

/** The one implementation of core's UrlKeys. */
export class StoreUrlKeys implements UrlKeys {
  constructor(private readonly context: StoreContext) {}

  async key(user: AccountId, { owner, mailbox }: KeyedMailbox): Promise<Uint8Array | undefined> {
    const rows = await retrying(() => this.context.door.query(urlKey, user, owner, mailbox));
    return rows.count === 0 ? undefined : rows.octets(0, 0);
  }

  async keyFor(user: AccountId, of: KeyedMailbox): Promise<Outcome<Uint8Array>> {
    const known = await this.key(user, of);
    if (known !== undefined) return done(known);
    const fresh = this.context.world.random(KEY_OCTETS);
    const [, rows] = await retrying(() =>
      this.context.door.run(
        call(addUrlKey, user, of.owner, of.mailbox, fresh),
        call(urlKey, user, of.owner, of.mailbox),
      )
    );
    // Another session may have been faster: its key counts.
    return rows!.count === 0 ? refused("NONEXISTENT", "No such mailbox") : done(rows!.octets(0, 0));
  }

  async reset(user: AccountId, { owner, mailbox }: KeyedMailbox): Promise<Outcome<void>> {
    const fresh = this.context.world.random(KEY_OCTETS);
    const [, , counted] = await retrying(() =>
      this.context.door.run(
        call(lockAccount, owner),
        call(putUrlKey, user, owner, mailbox, fresh),
        call(countKeyReset, owner, mailbox),
      )
    );
    if (counted!.count === 0) return refused("NONEXISTENT", "No such mailbox");
    this.context.changes.publish([notice(owner, mailbox, counted!.int(0, 0))]);
    return done(undefined);
  }

  async removeAll(user: AccountId): Promise<void> {
    const rows = await retrying(() => this.context.door.query(dropUrlKeys, user));
    // The keys are gone; that sessions hear of it may take a transaction for each mailbox.
    for (let row = 0; row < rows.count; row++) {
      const owner = rows.int(row, 0) as AccountId, mailbox = rows.int(row, 1) as MailboxId;
      const [, counted] = await retrying(() =>
        this.context.door.run(call(lockAccount, owner), call(countKeyReset, owner, mailbox))
      );
      if (counted!.count > 0) this.context.changes.publish([notice(owner, mailbox, counted!.int(0, 0))]);
    }
  }
}

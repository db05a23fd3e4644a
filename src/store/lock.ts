/** POP3's exclusive access: a row with a lease, renewed while the session lives. */
import type { AccountId } from "../core/brands.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call, statement } from "./pg/door.ts";

/** $1 account, $2 holder, $3 milliseconds. No row: another holds it. */
const take = statement(
  "take_maildrop",
  ["int8", "text", "int8"],
  `insert into maildrop_lock as l (account_id, session, expires_at)
   values ($1, $2, now() + $3 * interval '1 millisecond')
   on conflict (account_id) do update set session = excluded.session, expires_at = excluded.expires_at
    where l.expires_at < now()
   returning 1`,
);

const renew = statement(
  "renew_maildrop",
  ["int8", "text", "int8"],
  `update maildrop_lock set expires_at = now() + $3 * interval '1 millisecond'
    where account_id = $1 and session = $2`,
);

const release = statement(
  "release_maildrop",
  ["int8", "text"],
  `delete from maildrop_lock where account_id = $1 and session = $2`,
);

/** MailStore.lockMaildrop. A session that dies without releasing loses the lock when its lease ends. */
export async function lockMaildrop(
  context: StoreContext,
  account: AccountId,
  session: string,
): Promise<AsyncDisposable | undefined> {
  const { door, world, limits } = context;
  const lease = limits.maildropLeaseMs;
  // Sessions of two nodes may have the same name.
  const holder = `${session} ${world.random(9).toBase64()}`;
  const taken = await retrying(() => door.query(take, account, holder, lease));
  if (taken.count === 0) return undefined;
  let renewing: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // A renewal that fails is followed by the next: the lease outlives two of them.
    renewing = door.run(call(renew, account, holder, lease)).catch(() => {});
  }, lease / 3);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
      await door.run(call(release, account, holder)).catch(() => {}); // the lease ends by itself
    },
  };
}

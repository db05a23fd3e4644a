/**
 * POP3's exclusive access: a row with a lease, renewed while the session lives. It names the advisory lock that
 * the session's worker keeps on a connection of its own (`pg/node_link.ts`): when worker or node die, PostgreSQL
 * lets go of that lock at once, and the row counts no more.
 */
import type { AccountId } from "../core/brands.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import { call, statement } from "./pg/door.ts";
import { LIFE_CLASS } from "./pg/life.ts";

/** $1 account, $2 holder, $3 milliseconds, $4 the worker's life, null where it has none. No row: another holds it. */
const take = statement(
  "take_maildrop",
  ["int8", "text", "int8", "int4"],
  `insert into maildrop_lock as l (account_id, session, expires_at, life)
   values ($1, $2, now() + $3 * interval '1 millisecond', $4)
   on conflict (account_id) do update
      set session = excluded.session, expires_at = excluded.expires_at, life = excluded.life
    where l.expires_at < now()
       or l.life is not null and not exists (
            select from pg_locks k join pg_database d on d.oid = k.database
             where d.datname = current_database() and k.locktype = 'advisory' and k.objsubid = 2 and k.granted
               and k.classid = ${LIFE_CLASS} and k.objid = l.life::oid)
   returning 1`,
);

const renew = statement(
  "renew_maildrop",
  ["int8", "text", "int8", "int4"],
  `update maildrop_lock set expires_at = now() + $3 * interval '1 millisecond', life = $4
    where account_id = $1 and session = $2`,
);

const release = statement(
  "release_maildrop",
  ["int8", "text"],
  `delete from maildrop_lock where account_id = $1 and session = $2`,
);

/** MailStore.lockMaildrop. A session that dies without releasing loses the lock when its worker dies, or its lease ends. */
export async function lockMaildrop(
  context: StoreContext,
  account: AccountId,
  session: string,
): Promise<AsyncDisposable | undefined> {
  const { door, world, limits } = context;
  const lease = limits.maildropLeaseMs;
  // Sessions of two nodes may have the same name.
  const holder = `${session} ${world.random(9).toBase64()}`;
  const taken = await retrying(() => door.query(take, account, holder, lease, context.life()));
  if (taken.count === 0) return undefined;
  let renewing: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // A renewal that fails is followed by the next: the lease outlives two of them.
    renewing = door.run(call(renew, account, holder, lease, context.life())).catch(() => {});
  }, lease / 3);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
      await door.run(call(release, account, holder)).catch(() => {}); // the lease ends by itself
    },
  };
}

/** The queue, as those know it who accept mail. */
import type { AccountId } from "../core/brands.ts";
import type { OutboundDoor } from "../core/outbound.ts";
import { retrying } from "../store/failures.ts";
import { recent } from "../store/sql/sent.ts";
import { type Door, statement } from "../store/pg/door.ts";

/**
 * What waits for a domain may go now: $1 the domain, $2 its lane. Gives the lanes and how many messages that is. A
 * time that the sender asked for is kept (RFC 4865).
 */
const flush = statement(
  "queue_flush",
  ["text", "text"],
  `with due as materialized (
    select r.ctid as place from queue_recipient r join queue_message m using (queue_id)
     where r.state = 'waiting' and right(r.address, length($1) + 1) = '@' || $1
       and (m.hold_until is null or m.hold_until <= now())
       for update of r skip locked
  ), moved as (
    update queue_recipient r set state = 'ready', due_at = now() from due where r.ctid = due.place
    returning r.queue_id, r.lane
  ), opened as (
    delete from queue_lane where lane = $2 or lane in (select lane from moved)
  )
  select (select count(distinct queue_id) from moved)
         + (select count(distinct queue_id) from queue_recipient r
             where r.state = 'ready' and r.lane = $2 and right(r.address, length($1) + 1) = '@' || $1
               and r.queue_id not in (select queue_id from moved)),
         coalesce((select array_agg(distinct lane) from moved), '{}')`,
);

/** How it is opened. */
export interface QueueDoorOptions {
  readonly door: Door;
  /** The lane of a domain that nothing special is said of. */
  readonly laneOf: (domain: string) => string;
  readonly wake: (lanes: readonly string[]) => void;
}

/** Opens it. */
export function queueDoor({ door, laneOf, wake }: QueueDoorOptions): OutboundDoor {
  return {
    reports: true,
    async flush(domain: string): Promise<number> {
      const lane = laneOf(domain);
      const rows = await retrying(() => door.query(flush, domain, lane));
      wake([...new Set([lane, ...rows.texts(0, 1)])]);
      return rows.int(0, 0);
    },
    async recent(account: AccountId) {
      const rows = await retrying(() => door.query(recent, account));
      return { messages: rows.int(0, 0), recipients: rows.int(0, 1) };
    },
  };
}

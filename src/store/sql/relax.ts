import { statement } from "../pg/door.ts";

/**
 * In front of a transaction whose commit need not be on disk when it is answered. A later commit that is awaited
 * puts this one on disk as well: there is one log, written in order.
 */
export const relaxCommit = statement(
  "relax_commit",
  [],
  `select set_config('synchronous_commit', 'off', true)`,
);

/** EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9, RFC 4315, RFC 7162 §3.2.7, §3.2.9). */
import type { Command } from "../command.ts";
import { accountOf, type Completion, type Context, failed, no, ok, selectedOf } from "./context.ts";
import { removed } from "./updates.ts";

/** Removes messages that are marked \Deleted; what vanished is told with the updates of the command. */
export async function expunge(
  cx: Context,
  command: Extract<Command, { readonly name: "EXPUNGE" }>,
): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  if (readOnly) return no("The mailbox is selected read-only");
  const uids = command.uids === undefined ? "all" : view.resolve(command.uids, "uid", cx.session.saved)!;
  if (uids.length === 0) return ok("EXPUNGE completed, no messages");
  const gone = await cx.services.store.expunge(accountOf(cx), view.mirror.id, uids);
  if (!gone.ok) return failed(gone.failure);
  view.mirror.remove(gone.value.removed);
  return gone.value.removed.length === 0 ? ok("EXPUNGE completed") : await removed(cx, "EXPUNGE completed");
}

/** EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9, RFC 4315). */
import type { Command } from "../command.ts";
import { accountOf, type Completion, type Context, failed, no, ok, selectedOf } from "./context.ts";

/** Removes messages that are marked \Deleted; what vanished is told with the updates of the command. */
export async function expunge(
  cx: Context,
  command: Extract<Command, { readonly name: "EXPUNGE" }>,
): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  if (readOnly) return no("The mailbox is selected read-only");
  const uids = command.uids === undefined ? "all" : view.resolve(command.uids, "uid", cx.session.saved)!;
  if (uids.length === 0) return ok("EXPUNGE completed, no messages");
  const removed = await cx.services.store.expunge(accountOf(cx), view.mirror.id, uids);
  if (!removed.ok) return failed(removed.failure);
  view.mirror.remove(removed.value.removed);
  return ok("EXPUNGE completed");
}

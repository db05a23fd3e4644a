/** CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2). */
import { condition } from "../reply.ts";
import { accountOf, type Completion, type Context, failed, ok, selectedOf } from "./context.ts";
import { working } from "./progress.ts";

/** Removes what is marked \Deleted, without telling, and leaves. */
export async function close(cx: Context): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  if (!readOnly && !view.mirror.gone) {
    const removed = await working(cx, cx.services.store.expunge(accountOf(cx), view.mirror.id, "all"));
    // A mailbox that was deleted meanwhile has nothing to remove.
    if (!removed.ok && !(removed.failure.kind === "refused" && removed.failure.code === "NONEXISTENT")) {
      return failed(removed.failure);
    }
    if (removed.ok) view.mirror.remove(removed.value.removed);
  }
  cx.session.unselect();
  return ok("CLOSE completed");
}

/** Leaves without removing anything. */
export function unselect(cx: Context): Completion {
  cx.session.unselect();
  return ok("UNSELECT completed");
}

/** SELECT's and EXAMINE's way out of the mailbox before (RFC 9051 §7.1 CLOSED). */
export function leave(cx: Context): void {
  if (cx.session.selected === undefined) return;
  cx.session.unselect();
  condition(cx.out.gather, undefined, "OK", "Previous mailbox is closed", { code: "CLOSED" });
}

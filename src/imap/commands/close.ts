/** CLOSE and UNSELECT (RFC 9051 §6.4.1, §6.4.2). */
import { Right } from "../../core/acl.ts";
import { hasAll } from "../reach.ts";
import { condition } from "../reply.ts";
import { type Completion, type Context, failed, ok, selectedAccount, selectedOf } from "./context.ts";
import { working } from "./progress.ts";

/** Removes what is marked \Deleted, without telling, and leaves. */
export async function close(cx: Context): Promise<Completion> {
  const { view, readOnly, rights } = selectedOf(cx);
  // RFC 4314 §4: who may not expunge leaves all the same.
  if (!readOnly && hasAll(rights, Right.Read | Right.Expunge) && !view.mirror.gone) {
    const removed = await working(cx, cx.services.store.expunge(selectedAccount(cx), view.mirror.id, "all"));
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

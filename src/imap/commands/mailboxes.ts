/** CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8). */
import { SEPARATOR } from "../../core/store.ts";
import type { Command } from "../command.ts";
import { mailboxId } from "../object_id.ts";
import { accountOf, type Completion, type Context, failed, no, ok } from "./context.ts";
import { working } from "./progress.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** A separator at the end only says that children will follow (RFC 9051 §6.3.4). */
export async function create(cx: Context, command: Named<"CREATE">): Promise<Completion> {
  const name = command.mailbox.endsWith(SEPARATOR) ? command.mailbox.slice(0, -1) : command.mailbox;
  const made = await cx.services.store.createMailbox(accountOf(cx), name, command.specialUse);
  if (!made.ok) return failed(made.failure);
  return ok("CREATE completed", { code: "MAILBOXID", id: mailboxId(accountOf(cx), made.value.id) });
}

/** A session that has the mailbox selected sees its messages vanish. */
export async function remove(cx: Context, command: Named<"DELETE">): Promise<Completion> {
  if (command.mailbox === "INBOX") return no("INBOX cannot be deleted", { code: "CANNOT" });
  const gone = await working(cx, cx.services.store.deleteMailbox(accountOf(cx), command.mailbox));
  return gone.ok ? ok("DELETE completed") : failed(gone.failure);
}

/** RENAME. */
export async function rename(cx: Context, command: Named<"RENAME">): Promise<Completion> {
  const to = command.to.endsWith(SEPARATOR) ? command.to.slice(0, -1) : command.to;
  if (to === "INBOX") return no("INBOX exists", { code: "ALREADYEXISTS" });
  const moved = await working(cx, cx.services.store.renameMailbox(accountOf(cx), command.from, to));
  return moved.ok ? ok("RENAME completed") : failed(moved.failure);
}

/** SUBSCRIBE and UNSUBSCRIBE. */
export async function subscribe(
  cx: Context,
  command: Named<"SUBSCRIBE" | "UNSUBSCRIBE">,
): Promise<Completion> {
  const wanted = command.name === "SUBSCRIBE";
  const set = await cx.services.store.subscribe(accountOf(cx), command.mailbox, wanted);
  return set.ok ? ok(`${command.name} completed`) : failed(set.failure);
}

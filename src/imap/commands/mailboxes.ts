/** CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4 to §6.3.8). */
import { Right } from "../../core/acl.ts";
import type { AccountId } from "../../core/brands.ts";
import { SEPARATOR } from "../../core/store.ts";
import type { Command } from "../command.ts";
import { mailboxId } from "../object_id.ts";
import { goal, hasAll, placeToCreate, type Seeker } from "../reach.ts";
import { accountOf, type Completion, type Context, failed, no, ok, seekerOf } from "./context.ts";
import { working } from "./progress.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** A separator at the end only says that children will follow (RFC 9051 §6.3.4). */
export async function create(cx: Context, command: Named<"CREATE">): Promise<Completion> {
  const name = command.mailbox.endsWith(SEPARATOR) ? command.mailbox.slice(0, -1) : command.mailbox;
  const place = await placeToCreate(seekerOf(cx), name);
  if (!place.ok) return failed(place.failure);
  const { account, ownName } = place.value;
  if (command.specialUse !== undefined && account !== accountOf(cx)) {
    return no("Only one's own mailboxes have a special use", { code: "USEATTR" });
  }
  const made = await cx.services.store.createMailbox(account, ownName, command.specialUse);
  if (!made.ok) return failed(made.failure);
  return ok("CREATE completed", { code: "MAILBOXID", id: mailboxId(account, made.value.id) });
}

/** A session that has the mailbox selected sees its messages vanish. */
export async function remove(cx: Context, command: Named<"DELETE">): Promise<Completion> {
  if (command.mailbox === "INBOX") return no("INBOX cannot be deleted", { code: "CANNOT" });
  const place = await goal(seekerOf(cx), command.mailbox, Right.Delete);
  if (!place.ok) return failed(place.failure);
  const { account, ownName } = place.value;
  const gone = await working(cx, cx.services.store.deleteMailbox(account, ownName));
  return gone.ok ? ok("DELETE completed") : failed(gone.failure);
}

/** RENAME, within one account: `x` on the mailbox and what goes along with it, `k` on the new parent. */
export async function rename(cx: Context, command: Named<"RENAME">): Promise<Completion> {
  const to = command.to.endsWith(SEPARATOR) ? command.to.slice(0, -1) : command.to;
  if (to === "INBOX") return no("INBOX exists", { code: "ALREADYEXISTS" });
  const seeker = seekerOf(cx);
  const from = await goal(seeker, command.from, Right.Delete);
  if (!from.ok) return failed(from.failure);
  const goes = await placeToCreate(seeker, to);
  if (!goes.ok) return failed(goes.failure);
  const { account, ownName } = from.value;
  if (goes.value.account !== account) {
    return no("A mailbox stays with its owner: copy its messages", { code: "CANNOT" });
  }
  if (account !== accountOf(cx) && ownName === "INBOX") {
    return no("INBOX is the owner's to rename", { code: "CANNOT" });
  }
  if (account !== accountOf(cx) && !await mayRename(seeker, account, ownName)) {
    return no("Not permitted", { code: "NOPERM" });
  }
  const moved = await working(cx, cx.services.store.renameMailbox(account, ownName, goes.value.ownName));
  return moved.ok ? ok("RENAME completed") : failed(moved.failure);
}

/** What lies below another's mailbox is renamed with it, so that it must not be more than one may rename. */
async function mayRename({ store, identity }: Seeker, account: AccountId, name: string): Promise<boolean> {
  const [all, mine] = await Promise.all([store.mailboxes(account), store.sharedMailboxes(identity)]);
  const may = new Set(
    mine.filter((each) => each.account === account && hasAll(each.rights, Right.Delete)).map(({ id }) => id),
  );
  return all.every((each) => !each.name.startsWith(name + SEPARATOR) || may.has(each.id));
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

/** LIST, LSUB, NAMESPACE (RFC 9051 §6.3.9, §6.3.10, RFC 3501 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440). */
import { Right } from "../../core/acl.ts";
import type { Command, ListCommand } from "../command.ts";
import { listLine, listSeparatorLine, myRightsLine, namespaceLine } from "../encode/mod.ts";
import { mayMatchForeign, OTHERS, SHARED } from "../namespace.ts";
import { hasAll, reachable } from "../reach.ts";
import { accountOf, type Completion, type Context, ok, seekerOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { listed, listedSubscribed } from "./list_select.ts";
import { listMetadata } from "./metadata.ts";
import { isRemote } from "./referral.ts";
import { writeStatus } from "./status.ts";

/** LIST in all its forms. */
export async function list(cx: Context, command: ListCommand): Promise<Completion> {
  // RFC 9051 §6.3.9: an empty pattern asks for the separator and the root of the reference.
  if (!command.extended && command.patterns[0] === "") {
    listSeparatorLine(cx.out.gather, "LIST");
    return ok("LIST completed");
  }
  const foreign = command.patterns.some((pattern) => mayMatchForeign(command.reference + pattern));
  const [mailboxes, subscriptions] = await Promise.all([
    reachable(seekerOf(cx), foreign),
    command.extended ? cx.services.store.subscriptions(accountOf(cx)) : [],
  ]);
  // RFC 2193 §3: who does not ask for what is elsewhere does not hear of it.
  const { remote } = cx.session;
  const elsewhere = command.select.includes("REMOTE");
  const told = elsewhere ? subscriptions : subscriptions.filter((name) => !isRemote(remote, name));
  const annotate = command.metadata === undefined ? undefined : await listMetadata(cx, command.metadata);
  for (
    const each of listed(
      { ...command, extended: command.extended || cx.session.rev2 },
      mailboxes,
      told,
      elsewhere ? remote.map(({ name }) => name) : [],
    )
  ) {
    const { mailbox } = each;
    const unread = mailbox !== undefined && !hasAll(mailbox.rights, Right.Read);
    // RFC 5819 §2, for those who may see a mailbox and no more.
    const attributes = unread ? ["\\Noselect", ...each.attributes] : each.attributes;
    listLine(cx.out.gather, "LIST", { ...each, attributes }, cx.session.mode);
    // RFC 5819 §3, RFC 8440 §3: nothing more is said of names that stand here for their children.
    if (mailbox !== undefined) {
      if (command.returns.includes("MYRIGHTS")) {
        myRightsLine(cx.out.gather, mailbox.name, mailbox.rights, cx.session.mode);
      }
      if (command.status.length > 0 && !unread) {
        await writeStatus(cx, mailbox, command.status);
      }
      await annotate?.(mailbox);
    }
    await cx.out.breathe();
  }
  if (command.status.includes("HIGHESTMODSEQ")) enableCondstore(cx);
  return ok("LIST completed");
}

/** LSUB. */
export async function lsub(
  cx: Context,
  command: Extract<Command, { readonly name: "LSUB" }>,
): Promise<Completion> {
  if (command.pattern === "") {
    listSeparatorLine(cx.out.gather, "LSUB");
    return ok("LSUB completed");
  }
  const { store } = cx.services;
  const mailboxes = await store.mailboxes(accountOf(cx));
  const subscriptions = (await store.subscriptions(accountOf(cx)))
    .filter((name) => command.remote || !isRemote(cx.session.remote, name));
  for (const each of listedSubscribed(command.reference, command.pattern, mailboxes, subscriptions)) {
    listLine(cx.out.gather, "LSUB", each, cx.session.mode);
    await cx.out.breathe();
  }
  return ok("LSUB completed");
}

/** One's own mailboxes have no prefix. */
export function namespace(cx: Context): Completion {
  namespaceLine(cx.out.gather, [""], [OTHERS], [SHARED], cx.session.mode);
  return ok("NAMESPACE completed");
}

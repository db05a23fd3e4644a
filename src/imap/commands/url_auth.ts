/** GENURLAUTH and RESETKEY (RFC 4467 §7). */
import { Right } from "../../core/acl.ts";
import { MECHANISM, MessageUrls } from "../authorized_urls.ts";
import type { Command } from "../command.ts";
import { genUrlAuthLine } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { reach } from "../reach.ts";
import {
  accountOf,
  bad,
  type Completion,
  type Context,
  failed,
  isSelected,
  no,
  ok,
  seekerOf,
} from "./context.ts";

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** What makes and redeems URLs for a session. */
export function urlsOf(cx: Context): MessageUrls {
  const { store, auth, world, limits } = cx.services;
  const submissionUsers = limits.submissionUsers ?? [];
  return new MessageUrls({ store, auth, world, limits: limits.afterLogin, submissionUsers });
}

/** Authorizes URLs, all or none. */
export async function genUrlAuth(cx: Context, command: Named<"GENURLAUTH">): Promise<Completion> {
  const urls = urlsOf(cx);
  const made: string[] = [];
  for (const { rump, mechanism } of command.urls) {
    if (mechanism !== MECHANISM) return no("No such mechanism");
    const authorized = await urls.authorize(rump, cx.session.identity!);
    if ("wrong" in authorized) return bad(authorized.wrong);
    made.push(authorized.url);
  }
  genUrlAuthLine(cx.out.gather, made, cx.session.mode);
  return ok("GENURLAUTH completed");
}

/** Makes the URLs of one mailbox, or all of the user, worthless. */
export async function resetKey(cx: Context, command: Named<"RESETKEY">): Promise<Completion> {
  const { store } = cx.services;
  const account = accountOf(cx);
  const selected = cx.session.selected?.view;
  if (command.mailbox === undefined) {
    await store.urlKeys.removeAll(account);
    await selected?.mirror.refresh().catch(() => {});
    return ok("All keys removed");
  }
  if (command.mechanisms.some((mechanism) => mechanism !== MECHANISM)) return no("No such mechanism");
  const found = await reach(seekerOf(cx), command.mailbox, Right.Read);
  if (!found.ok) return failed(found.failure);
  const { account: owner, id } = found.value;
  const reset = await store.urlKeys.reset(account, { owner, mailbox: id });
  if (!reset.ok) return failed(reset.failure);
  if (selected !== undefined && isSelected(cx, owner, id)) {
    // The tagged answer tells it. The keys are new already: without their echo, it is told once more.
    await selected.mirror.refresh().catch(() => {});
    selected.keyResetsTold();
  }
  return ok("RESETKEY completed", { code: "URLMECH" });
}

/** Says which mechanisms the selected mailbox has (RFC 4467 §8). */
export function tellMechanisms(cx: Context): void {
  condition(cx.out.gather, undefined, "OK", "URLs can be authorized", { code: "URLMECH" });
}

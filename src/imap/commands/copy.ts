/** COPY, MOVE and their UID forms (RFC 9051 §6.4.7, §6.4.8, RFC 6851, RFC 9738). */
import { allowedFlags, Right } from "../../core/acl.ts";
import type { Copied } from "../../core/store.ts";
import { rangesOf } from "../../core/uidset.ts";
import type { Command } from "../command.ts";
import type { ResponseCode } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { goal, hasAll } from "../reach.ts";
import { lacks } from "./access.ts";
import {
  accountOf,
  bad,
  type Completion,
  type Context,
  failed,
  no,
  ok,
  seekerOf,
  selectedOf,
} from "./context.ts";
import { limited, overLimit, sayLimit } from "./message_limit.ts";
import { working } from "./progress.ts";
import { removed } from "./updates.ts";

/** All or nothing, in one transaction, whosever mailboxes they are. */
export async function copy(
  cx: Context,
  command: Extract<Command, { readonly name: "COPY" | "MOVE" }>,
): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  const moves = command.name === "MOVE";
  if (moves && readOnly) return no("The mailbox is selected read-only");
  const lacking = moves ? lacks(cx, Right.DeleteMessages | Right.Expunge) : undefined;
  if (lacking !== undefined) return lacking;
  const named = view.resolve(command.set, command.by, cx.session.saved);
  if (named === undefined) return bad("No such message");
  const { uids, lowest } = limited(cx, named);
  if (lowest !== undefined && !moves) return overLimit(cx, lowest);
  const place = await goal(seekerOf(cx), command.mailbox, Right.Insert);
  if (!place.ok) return failed(place.failure);
  if (uids.length === 0) return ok(`${command.name} completed, no messages`);
  const { store } = cx.services;
  const { mirror } = view;
  const { account, ownName, rights } = place.value;
  const annotates = hasAll(rights, Right.Annotate);
  const to = { account, mailbox: ownName, allowed: allowedFlags(rights), user: accountOf(cx), annotates };
  const work = moves
    ? store.move(view.account, mirror.id, uids, to)
    : store.copy(view.account, mirror.id, uids, to);
  const done = await working(cx, work);
  if (!done.ok) {
    const missing = done.failure.kind === "refused" && done.failure.code === "NONEXISTENT" && !mirror.gone;
    return missing ? no(done.failure.text, { code: "TRYCREATE" }) : failed(done.failure);
  }
  if (done.value.sources.length === 0) return ok(`${command.name} completed, no messages`);
  if (account === view.account && ownName === mirror.info.name) {
    for (const uid of done.value.targets) cx.session.ownArrivals.add(uid);
  }
  const code = copyUid(done.value);
  if (!moves) return ok("COPY completed", code);
  // RFC 6851 §4.3: COPYUID comes before the EXPUNGEs, so it cannot wait for the tagged answer.
  condition(cx.out.gather, undefined, "OK", "Moved", code);
  mirror.remove(rangesOf(done.value.sources));
  return sayLimit(cx, await removed(cx, "MOVE completed"), lowest);
}

/** COPYUID (RFC 4315 §3). */
function copyUid(copied: Copied): ResponseCode {
  return { code: "COPYUID", ...copied };
}

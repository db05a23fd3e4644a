/** Octets of messages that are there already, for CATENATE (RFC 4469 §3). */
import { Right } from "../../core/acl.ts";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import type { Draft, MailboxInfo } from "../../core/store.ts";
import { UrlContentLost } from "../../core/urlauth.ts";
import { reach } from "../reach.ts";
import { type MessageUrl, messageUrl } from "../url.ts";
import { urlContent, urlPart } from "../url_part.ts";
import { mayRead } from "./access.ts";
import { type Completion, type Context, no, seekerOf } from "./context.ts";

/** Writes what a URL points to behind what a draft holds; `room`: octets that it may still take. */
export async function catenate(
  cx: Context,
  draft: Draft,
  url: string,
  room: number,
): Promise<Completion | undefined> {
  const { store, limits } = cx.services;
  const badUrl = no("The URL points to nothing here", { code: "BADURL", url });
  const parsed = messageUrl(url, limits.afterLogin);
  if (parsed === undefined) return badUrl;
  const mailbox = await mailboxOf(cx, parsed);
  if (mailbox === undefined) return badUrl;
  const part = await urlPart(store, mailbox.account, mailbox.id, parsed);
  if (part === undefined || part.job.kind === "nil") return badUrl;
  try {
    const content = await urlContent(store, part);
    if (content.size > room) return no("The message is too large", { code: "TOOBIG" });
    for await (const octets of content.octets()) await draft.write(octets);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof UrlContentLost) return badUrl;
    throw thrown;
  }
}

/** Which mailbox, and whose. */
interface Source {
  readonly account: AccountId;
  readonly id: MailboxId;
}

/** RFC 5092 §3: a UIDVALIDITY that is not the mailbox's any more points to nothing. */
async function mailboxOf(cx: Context, url: MessageUrl): Promise<Source | undefined> {
  let source: (Source & Pick<MailboxInfo, "uidValidity">) | undefined;
  if (url.mailbox === undefined) {
    const view = cx.session.selected?.view;
    if (view === undefined || !mayRead(cx)) return undefined;
    source = { account: view.account, id: view.mirror.id, uidValidity: view.mirror.info.uidValidity };
  } else {
    const found = await reach(seekerOf(cx), url.mailbox, Right.Read);
    if (!found.ok) return undefined;
    source = found.value;
  }
  return (url.uidValidity ?? source.uidValidity) === source.uidValidity ? source : undefined;
}

/** Octets of messages that are there already, for CATENATE (RFC 4469 §3). */
import type { MailboxId } from "../../core/brands.ts";
import type { Draft } from "../../core/store.ts";
import { UrlContentLost } from "../../core/urlauth.ts";
import { type MessageUrl, messageUrl } from "../url.ts";
import { urlContent, urlPart } from "../url_part.ts";
import { accountOf, type Completion, type Context, no } from "./context.ts";

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
  const part = await urlPart(store, accountOf(cx), mailbox, parsed);
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

/** RFC 5092 §3: a UIDVALIDITY that is not the mailbox's any more points to nothing. */
async function mailboxOf(cx: Context, url: MessageUrl): Promise<MailboxId | undefined> {
  if (url.mailbox === undefined) {
    const info = cx.session.selected?.view.mirror.info;
    return info !== undefined && (url.uidValidity ?? info.uidValidity) === info.uidValidity
      ? info.id
      : undefined;
  }
  const info = await cx.services.store.mailbox(accountOf(cx), url.mailbox);
  if (info === undefined || (url.uidValidity ?? info.uidValidity) !== info.uidValidity) return undefined;
  return info.id;
}

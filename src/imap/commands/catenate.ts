/** Octets of messages that are there already, for CATENATE (RFC 4469 §3). */
import type { MailboxId } from "../../core/brands.ts";
import type { Draft, FetchRow } from "../../core/store.ts";
import { selectFields } from "../../mime/mod.ts";
import { type MessageUrl, messageUrl } from "../url.ts";
import { bodyJob } from "./body_job.ts";
import { BodyOctets, Vanished } from "./body_octets.ts";
import { accountOf, type Completion, type Context, no } from "./context.ts";
import { rootOf } from "./fetch_items.ts";

/** Writes what a URL points to behind what a draft holds; `room`: octets that it may still take. */
export async function catenate(
  cx: Context,
  draft: Draft,
  url: string,
  room: number,
): Promise<Completion | undefined> {
  const badUrl = no("The URL points to nothing here", { code: "BADURL", url });
  const parsed = messageUrl(url, cx.services.limits.afterLogin);
  if (parsed === undefined) return badUrl;
  const mailbox = await mailboxOf(cx, parsed);
  if (mailbox === undefined) return badUrl;
  const row = await rowOf(cx, mailbox, parsed.uid);
  if (row === undefined) return badUrl;
  const item = { item: "BODY[]", peek: true, section: parsed.section, partial: parsed.partial } as const;
  const job = bodyJob({ item, name: undefined }, row, rootOf(row));
  if (job.kind !== "raw" && job.kind !== "fields") return badUrl;
  await using source = new BodyOctets(cx.services.store, accountOf(cx), [job.range]);
  const tooLarge = no("The message is too large", { code: "TOOBIG" });
  try {
    if (job.kind === "fields") {
      const fields = selectFields(
        await source.whole(),
        job.spec.fields,
        job.spec.text === "HEADER.FIELDS.NOT",
      );
      const { start, length } = parsed.partial ?? { start: 0, length: fields.length };
      const shown = fields.subarray(start, start + length);
      if (shown.length > room) return tooLarge;
      await draft.write(shown);
      return undefined;
    }
    if (job.range.end - job.range.start > room) return tooLarge;
    for await (const octets of source.range()) await draft.write(octets);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Vanished) return badUrl;
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

async function rowOf(cx: Context, mailbox: MailboxId, uid: number): Promise<FetchRow | undefined> {
  const wanted = { facts: true, structure: true };
  for await (const rows of cx.services.store.fetch(accountOf(cx), mailbox, [[uid, uid]], wanted)) {
    if (rows.length > 0) return rows[0];
  }
  return undefined;
}

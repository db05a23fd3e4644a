/** Octets of messages that are there already, for CATENATE (RFC 4469 §3). */
import { Right } from "../../core/acl.ts";
import type { AccountId, MailboxId } from "../../core/brands.ts";
import type { Draft, FetchRow, MailboxInfo } from "../../core/store.ts";
import { selectFields } from "../../mime/mod.ts";
import { type MessageUrl, messageUrl } from "../url.ts";
import { bodyJob } from "./body_job.ts";
import { BodyOctets, Vanished } from "./body_octets.ts";
import { reach } from "../reach.ts";
import { mayRead } from "./access.ts";
import { type Completion, type Context, no, seekerOf } from "./context.ts";
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
  const { account } = mailbox;
  const row = await rowOf(cx, mailbox, parsed.uid);
  if (row === undefined) return badUrl;
  const item = { item: "BODY[]", peek: true, section: parsed.section, partial: parsed.partial } as const;
  const job = bodyJob({ item, name: undefined }, row, rootOf(row));
  if (job.kind !== "raw" && job.kind !== "fields") return badUrl;
  await using source = new BodyOctets(cx.services.store, account, [job.range]);
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

async function rowOf(cx: Context, { account, id }: Source, uid: number): Promise<FetchRow | undefined> {
  const wanted = { facts: true, structure: true };
  for await (const rows of cx.services.store.fetch(account, id, [[uid, uid]], wanted)) {
    if (rows.length > 0) return rows[0];
  }
  return undefined;
}

/** APPEND (RFC 9051 §6.3.12, RFC 4315, RFC 7889, RFC 9755 §4). */
import type { Command } from "../command.ts";
import { accountOf, type Completion, type Context, failed, no, ok } from "./context.ts";

/** Up to this size a message that comes anyway is taken in first: delivering it asks the same questions. */
const UNASKED_OCTETS = 65_536;

type Append = Extract<Command, { readonly name: "APPEND" }>;

/** Streams the message into the store, octet for octet as it comes; a refusal comes before the octets do. */
export async function append(cx: Context, command: Append): Promise<Completion> {
  const isAsked = cx.input.literalWaits || command.size > UNASKED_OCTETS;
  const refusal = isAsked ? await mayAppend(cx, command) : undefined;
  if (refusal !== undefined) {
    cx.input.refuseLiteral();
    return refusal;
  }
  const { store } = cx.services;
  await using draft = store.stage();
  for await (const octets of cx.input.literal()) {
    const wait = draft.write(octets);
    if (wait !== undefined) await wait;
  }
  await using message = await draft.finish();
  const target = {
    account: accountOf(cx),
    mailbox: command.mailbox,
    flags: command.flags.flags,
    keywords: command.flags.keywords,
    ...(command.internalDate === undefined ? {} : { internalDate: command.internalDate }),
  };
  const placed = (await store.deliver([{ message, to: [target] }], { atomic: true }))[0]![0]!;
  if (!placed.ok) return failed(placed.failure);
  const { uid, uidValidity } = placed.value;
  return ok("APPEND completed", { code: "APPENDUID", uidValidity, uids: [[uid, uid]] });
}

/** What can be known before the octets come: whether there is such a mailbox and room in it. */
async function mayAppend(cx: Context, command: Append): Promise<Completion | undefined> {
  const { store, limits } = cx.services;
  if (command.size > limits.afterLogin.append) return no("The message is too large", { code: "TOOBIG" });
  const mailbox = await store.mailbox(accountOf(cx), command.mailbox);
  if (mailbox === undefined) return no("No such mailbox", { code: "TRYCREATE" });
  const quota = await store.quota(accountOf(cx));
  if (quota.octetLimit !== undefined && quota.octets + command.size > quota.octetLimit) {
    return no("Quota exceeded", { code: "OVERQUOTA" });
  }
  return undefined;
}

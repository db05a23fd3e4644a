/**
 * APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 3516 §4.4, RFC 4315, RFC 4469, RFC 7889, RFC 8508,
 * RFC 9755 §4).
 */
import { allowedFlags, Right } from "../../core/acl.ts";
import type { DeliveryTarget, Draft, StagedMessage } from "../../core/store.ts";
import { rangesOf } from "../../core/uidset.ts";
import { type AppendStep, type Command, STAR } from "../command.ts";
import { condition } from "../reply.ts";
import { mayAnnotate } from "./annotation.ts";
import { catenate } from "./catenate.ts";
import { type Goal, goal } from "../reach.ts";
import { lacks, refreshRights } from "./access.ts";
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
  selectedOf,
} from "./context.ts";
import { working } from "./progress.ts";
import { removed } from "./updates.ts";

/** Up to this size a message that comes anyway is taken in first: delivering it asks the same questions. */
const UNASKED_OCTETS = 65_536;

type Append = Extract<Command, { readonly name: "APPEND" }>;
type Replace = Extract<Command, { readonly name: "REPLACE" }>;

/** Puts messages into a mailbox, all or none. */
export async function append(cx: Context, command: Append): Promise<Completion> {
  const place = await goal(seekerOf(cx), command.mailbox, Right.Insert);
  if (!place.ok) return failed(place.failure);
  await using reception = new Reception(cx, place.value, 0);
  const refusal = await reception.receive(command.steps);
  if (refusal !== undefined) return refusal;
  // The octets may have taken their time: what was allowed then may not be allowed now.
  const still = await goal(seekerOf(cx), command.mailbox, Right.Insert);
  if (!still.ok) return failed(still.failure);
  const items = reception.items.map(({ message, to }) => ({ message, to: [to] }));
  const placed = (await working(cx, cx.services.store.deliver(items, { atomic: true }))).map(([one]) => one!);
  const uids: number[] = [];
  let uidValidity = 0;
  for (const one of placed) {
    if (!one.ok) return failed(one.failure);
    uids.push(one.value.uid);
    if (isSelected(cx, place.value.account, one.value.mailbox)) cx.session.ownArrivals.add(one.value.uid);
    uidValidity = one.value.uidValidity;
  }
  return ok("APPEND completed", { code: "APPENDUID", uidValidity, uids: rangesOf(uids) });
}

/** Puts one message into a mailbox and takes another one out of the selected one, in one step. */
export async function replace(cx: Context, command: Replace): Promise<Completion> {
  const { view, readOnly } = selectedOf(cx);
  if (readOnly) return no("The mailbox is selected read-only");
  const lacking = lacks(cx, Right.DeleteMessages | Right.Expunge);
  if (lacking !== undefined) return lacking;
  const set = { kind: "ranges", ranges: [[command.number, command.number]] } as const;
  const uids = view.resolve(set, command.by, []);
  if (uids === undefined || command.number === STAR && view.count === 0) return bad("No such message");
  const uid = uids[0]?.[0];
  const at = uid === undefined ? 0 : view.seqOf(uid);
  if (uid === undefined || at === 0) return no("No such message", { code: "NONEXISTENT" });
  if (view.indexAt(at) < 0) return no("The message is gone", { code: "EXPUNGEISSUED" });
  const { store } = cx.services;
  const mailbox = view.mirror.id;
  const place = await goal(seekerOf(cx), command.mailbox, Right.Insert);
  if (!place.ok) return failed(place.failure);
  const { account } = view;
  const freed = place.value.account === account ? await sizeOf(cx, uid) : 0;
  await using reception = new Reception(cx, place.value, freed);
  const refusal = await reception.receive(command.steps);
  if (refusal !== undefined) return refusal;
  await refreshRights(cx);
  const taken = lacks(cx, Right.DeleteMessages | Right.Expunge);
  if (taken !== undefined) return taken;
  const still = await goal(seekerOf(cx), command.mailbox, Right.Insert);
  if (!still.ok) return failed(still.failure);
  const { message, to } = reception.items[0]!;
  const placed = await store.replace(message, to, { account, mailbox, uid });
  if (!placed.ok) return failed(placed.failure);
  const { uidValidity, uid: added } = placed.value;
  // RFC 8508 §4.3: before the EXPUNGE, so that it cannot wait for the tagged answer.
  const code = { code: "APPENDUID", uidValidity, uids: [[added, added]] } as const;
  condition(cx.out.gather, undefined, "OK", "Replacement message ready", code);
  view.mirror.remove([[uid, uid]]);
  return await removed(cx, "REPLACE completed");
}

/** RFC 8508 §3.4: quota counts only what is used more than before. */
async function sizeOf(cx: Context, uid: number): Promise<number> {
  const { view } = selectedOf(cx);
  const { store } = cx.services;
  for await (const [row] of store.fetch(view.account, view.mirror.id, [[uid, uid]], { facts: true })) {
    return row?.size ?? 0;
  }
  return 0;
}

/** A message that is whole, and where it goes. */
interface Received {
  readonly message: StagedMessage;
  readonly to: DeliveryTarget;
}

/** Takes in the messages of one command, octet for octet as they come; a refusal comes before the octets do. */
class Reception implements AsyncDisposable {
  readonly items: Received[] = [];
  #draft: Draft | undefined;
  #to: DeliveryTarget | undefined;
  #catenates = false;
  /** Octets of the messages that are whole. */
  #octets = 0;
  #roomAsked = false;
  #room = Infinity;

  /** `freed`: octets that the command gives back. */
  constructor(readonly cx: Context, readonly goal: Goal, readonly freed: number) {}

  /** Goes through the steps of the command; a refusal leaves its literals to be skipped. */
  async receive(first: readonly AppendStep[]): Promise<Completion | undefined> {
    for (let steps = first;;) {
      let last = false;
      for (const step of steps) {
        const refusal = await this.#step(step);
        if (refusal !== undefined) {
          this.cx.input.refuseLiteral();
          return refusal;
        }
        last = step.step === "end";
      }
      if (last) return undefined;
      steps = this.cx.input.steps;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#draft?.[Symbol.asyncDispose]();
    for (const { message } of this.items) await message[Symbol.asyncDispose]();
  }

  async #step(step: AppendStep): Promise<Completion | undefined> {
    switch (step.step) {
      case "message":
        return await this.#finish() ?? this.#begin(step);
      case "octets":
        return await this.#take(step.size);
      case "url":
        return await catenate(this.cx, this.#draft!, step.url, this.#most - this.#draft!.size);
      case "end":
        return await this.#finish();
      default:
        return step satisfies never;
    }
  }

  get #most(): number {
    return this.cx.services.limits.afterLogin.append;
  }

  #begin(step: Extract<AppendStep, { readonly step: "message" }>): Completion | undefined {
    const { limits, store } = this.cx.services;
    if (this.items.length >= limits.appendMessages) {
      return no("Too many messages at once", { code: "MESSAGELIMIT", limit: limits.appendMessages });
    }
    this.#draft = store.stage({ aside: this.#octets >= limits.appendKept });
    this.#catenates = step.catenate;
    const { account, ownName, rights } = this.goal;
    // RFC 4314 §4: flags that somebody may not set are left out, and nothing is refused.
    const allowed = allowedFlags(rights);
    this.#to = {
      account,
      mailbox: ownName,
      flags: step.flags.flags & allowed.flags,
      keywords: allowed.keywords ? step.flags.keywords : [],
      ...(step.internalDate === undefined ? {} : { internalDate: step.internalDate }),
      ...(step.annotations === undefined
        ? {}
        : { annotations: step.annotations, annotator: accountOf(this.cx) }),
    };
    return undefined;
  }

  async #take(size: number): Promise<Completion | undefined> {
    // RFC 3502: a message without octets cancels the command; a part of a CATENATE may have none.
    if (size === 0 && !this.#catenates) return no("APPEND cancelled: the message is empty");
    const draft = this.#draft!;
    if (draft.size + size > this.#most) return no("The message is too large", { code: "TOOBIG" });
    if (this.cx.input.literalWaits || size > UNASKED_OCTETS) {
      const refusal = await this.#mayTake(draft.size + size);
      if (refusal !== undefined) return refusal;
    }
    for await (const octets of this.cx.input.literal()) {
      const wait = draft.write(octets);
      if (wait !== undefined) await wait;
    }
    return undefined;
  }

  /** What can be known before the octets come: whether there is such a mailbox and room in it. */
  async #mayTake(size: number): Promise<Completion | undefined> {
    if (!this.#roomAsked) {
      const { store } = this.cx.services;
      const mailbox = await store.mailbox(this.goal.account, this.goal.ownName);
      if (mailbox === undefined) return no("No such mailbox", { code: "TRYCREATE" });
      const quota = await store.quota(this.goal.account);
      if (quota.octetLimit !== undefined) this.#room = quota.octetLimit - quota.octets + this.freed;
      this.#roomAsked = true;
    }
    return this.#octets + size > this.#room ? no("Quota exceeded", { code: "OVERQUOTA" }) : undefined;
  }

  async #finish(): Promise<Completion | undefined> {
    const draft = this.#draft;
    if (draft === undefined) return undefined;
    if (draft.size === 0) return no("APPEND cancelled: the message is empty");
    const message = await draft.finish();
    this.#draft = undefined;
    const to = this.#to!;
    this.items.push({ message, to });
    this.#octets += message.size;
    return to.annotations === undefined
      ? undefined
      : await mayAnnotate(this.cx, this.goal, to.annotations, message.structure);
  }
}

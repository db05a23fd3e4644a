/** NOTIFY (RFC 5465): choosing what is told, and telling it between commands. */
import { Unavailable } from "../../core/failure.ts";
import type { Command, EventGroup, NotifyCommand, NotifyEvent, StatusItem } from "../command.ts";
import { listLine, metadataNamesLine } from "../encode/mod.ts";
import { means } from "../mailbox_filter.ts";
import type { MailboxChange, Snapshot } from "../mailbox_changes.ts";
import { Notifier } from "../notifier.ts";
import type { Reached } from "../reach.ts";
import { refreshRights } from "./access.ts";
import { type Completion, type Context, isSelected, ok, seekerOf } from "./context.ts";
import { listed } from "./list_select.ts";
import { writeStatus } from "./status.ts";
import { tellUpdates } from "./updates.ts";

type EventName = NotifyEvent["event"];

/** Replaces what was chosen before. */
export async function notify(cx: Context, command: NotifyCommand): Promise<Completion> {
  const groups = command.groups ?? [];
  const selected = groups.find(({ filter }) =>
    filter.kind === "selected" || filter.kind === "selected-delayed"
  );
  const others = groups.filter((group) => group !== selected && group.events.length > 0);
  const { notifyMs } = cx.services.limits;
  const notifier = others.length === 0 ? undefined : await Notifier.start(seekerOf(cx), others, notifyMs);
  cx.session.stopNotify();
  cx.session.notify = {
    selected: selected?.events ?? [],
    delayed: selected?.filter.kind === "selected-delayed",
    notifier,
  };
  if (command.status && notifier !== undefined) {
    for (const mailbox of notifier.snapshot.mailboxes) {
      if (
        isSelected(cx, mailbox.account, mailbox.id) ||
        !tells(others, "MessageNew", mailbox.name, mailbox.subscribed)
      ) continue;
      // RFC 5465 §3.1.
      const flags = tells(others, "FlagChange", mailbox.name, mailbox.subscribed);
      await writeStatus(cx, mailbox, flags ? [...MESSAGES, "HIGHESTMODSEQ"] : MESSAGES);
      await cx.out.breathe();
    }
  }
  return ok("NOTIFY completed");
}

const MESSAGES: readonly StatusItem[] = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"];

function tells(groups: readonly EventGroup[], event: EventName, name: string, subscribed: boolean): boolean {
  return groups.some(({ filter, events }) =>
    events.some((each) => each.event === event) &&
    // The server belongs to no mailbox.
    (event === "ServerMetadataChange" || means(filter, name, subscribed))
  );
}

/** Everything that may be told while no command runs. Never throws Unavailable: it is told later, then. */
export async function tellNotices(cx: Context): Promise<void> {
  const { notify } = cx.session;
  if (notify === undefined) return;
  try {
    await refreshRights(cx);
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return;
  }
  await tellUpdates(cx, !notify.delayed);
  if (notify.notifier?.isDue) await tellMailboxes(cx, notify.notifier);
}

/** Calls back when there may be something to tell; dispose it to be left alone. */
export function onNotice(cx: Context, wake: () => void): Disposable {
  const { notify, selected } = cx.session;
  const watches = selected?.view.listen(wake);
  notify?.notifier?.onDue(wake);
  return {
    [Symbol.dispose]: () => {
      watches?.[Symbol.dispose]();
      notify?.notifier?.onDue(undefined);
    },
  };
}

/** RFC 5465 §5: what this session does itself it need not be told, but for numbers of messages. */
export function noteOwn(cx: Context, command: Command): void {
  cx.session.notify?.notifier?.own(namesOf(command).flatMap((name) => [name, ...parents(name)]));
}

function namesOf(command: Command): readonly string[] {
  switch (command.name) {
    case "CREATE":
    case "DELETE":
    case "SUBSCRIBE":
    case "UNSUBSCRIBE":
    case "SETMETADATA":
      return [command.mailbox];
    case "RENAME":
      return [command.from, command.to];
    default:
      return [];
  }
}

function parents(name: string): readonly string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, n) => parts.slice(0, n + 1).join("/"));
}

async function tellMailboxes(cx: Context, notifier: Notifier): Promise<void> {
  let changes: readonly MailboxChange[];
  try {
    changes = await notifier.changes();
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    return;
  }
  const { snapshot, groups } = notifier;
  const subscribed = new Set(snapshot.mailboxes.filter((each) => each.subscribed).map(({ name }) => name));
  for (const name of snapshot.subscriptions) subscribed.add(name);
  for (const change of changes) {
    const wants = (event: EventName) => tells(groups, event, change.name, subscribed.has(change.name));
    switch (change.kind) {
      case "name":
        if (wants("MailboxName")) tellName(cx, snapshot, change.name, change.oldName);
        break;
      case "subscription":
        if (wants("SubscriptionChange")) tellName(cx, snapshot, change.name, undefined);
        break;
      case "messages":
        if (!isSelected(cx, change.mailbox.account, change.mailbox.id) && wants("MessageNew")) {
          await tellMessages(cx, change.mailbox);
        }
        break;
      case "flags":
        if (!isSelected(cx, change.mailbox.account, change.mailbox.id) && wants("FlagChange")) {
          await tellFlagChange(cx, change.mailbox, change.before);
        }
        break;
      case "annotations":
        if (wants(change.name === "" ? "ServerMetadataChange" : "MailboxMetadataChange")) {
          metadataNamesLine(cx.out.gather, change.name, change.entries, cx.session.mode);
        }
        break;
      default:
        change satisfies never;
    }
    await cx.out.breathe();
  }
}

/** RFC 5465 §5.4, §5.5: an extended LIST, whatever became of the name. */
function tellName(cx: Context, snapshot: Snapshot, name: string, oldName: string | undefined): void {
  const all = {
    select: [],
    reference: "",
    patterns: ["*"],
    returns: ["SUBSCRIBED"],
    extended: true,
  } as const;
  const line = listed(all, snapshot.mailboxes, snapshot.subscriptions).find((each) => each.name === name);
  const isSubscribed = snapshot.subscriptions.includes(name);
  const attributes = line?.attributes ?? ["\\NonExistent", ...(isSubscribed ? ["\\Subscribed"] : [])];
  const old = oldName === undefined ? {} : { oldName };
  listLine(cx.out.gather, "LIST", { name, attributes, ...old }, cx.session.mode);
}

/** RFC 5465 §5.2, §5.3. */
async function tellMessages(cx: Context, mailbox: Reached): Promise<void> {
  await writeStatus(cx, mailbox, cx.session.condstore ? [...MESSAGES, "HIGHESTMODSEQ"] : MESSAGES);
}

/** RFC 5465 §5.1: without CONDSTORE only the number of unseen messages can be told. */
async function tellFlagChange(cx: Context, mailbox: Reached, before: Reached): Promise<void> {
  const items: StatusItem[] = ["UIDVALIDITY"];
  if (mailbox.unseen !== before.unseen) items.push("UNSEEN");
  if (cx.session.condstore) items.push("HIGHESTMODSEQ");
  if (items.length > 1) await writeStatus(cx, mailbox, items);
}

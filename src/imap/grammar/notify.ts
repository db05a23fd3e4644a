/** NOTIFY: RFC 5465 §8. */
import type { Command, EventGroup, FetchItem, NotifyEvent } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { fetchAtt } from "./fetch.ts";
import { filterMailboxes } from "./mailbox_filter.ts";

/** What can be told; AnnotationChange cannot, as there are no annotations of messages. */
const EVENTS = [
  "MessageNew",
  "MessageExpunge",
  "FlagChange",
  "MailboxName",
  "SubscriptionChange",
  "MailboxMetadataChange",
  "ServerMetadataChange",
] as const;

/** notify = "NOTIFY" SP ("SET" [SP "STATUS"] SP event-groups / "NONE") */
export function notify(c: Cursor): Command | undefined {
  if (!c.sp()) return undefined;
  if (c.keyword("NONE")) return { name: "NOTIFY", status: false, groups: undefined };
  if (!c.keyword("SET") || !c.sp()) return c.expected("SET or NONE");
  const status = c.keyword("STATUS");
  if (status && !c.sp()) return undefined;
  const groups: EventGroup[] = [];
  do {
    const group = eventGroup(c);
    if (group === undefined) return undefined;
    groups.push(group);
  } while (c.take(0x20));
  const selected = groups.filter(({ filter }) => isSelected(filter.kind));
  if (selected.length > 1) return c.fail("event group", "Events of the selected mailbox come twice");
  return { name: "NOTIFY", status, groups };
}

function isSelected(kind: EventGroup["filter"]["kind"]): boolean {
  return kind === "selected" || kind === "selected-delayed";
}

/** event-group = "(" filter-mailboxes SP events ")" */
function eventGroup(c: Cursor): EventGroup | undefined {
  if (!c.expect(0x28)) return undefined;
  const filter = filterMailboxes(c);
  if (filter === undefined || !c.sp()) return undefined;
  if (filter.kind === "subtree-one") return c.fail("mailbox filter", "No such choice of mailboxes");
  const events = c.keyword("NONE") ? [] : someEvents(c, isSelected(filter.kind));
  if (events === undefined || !c.expect(0x29)) return undefined;
  return rule(c, events) ? { filter, events } : undefined;
}

/**
 * events = "(" event *(SP event) ")" / "NONE"
 *
 * The examples of RFC 5465 leave the parentheses out.
 */
function someEvents(c: Cursor, selected: boolean): readonly NotifyEvent[] | undefined {
  const inList = c.take(0x28);
  const events: NotifyEvent[] = [];
  do {
    const next = event(c, selected);
    if (next === undefined) return undefined;
    events.push(next);
  } while (c.take(0x20));
  return !inList || c.expect(0x29) ? events : undefined;
}

/** event = message-event / mailbox-event / user-event / event-ext */
function event(c: Cursor, selected: boolean): NotifyEvent | undefined {
  const word = c.word();
  const name = EVENTS.find((each) => each.toUpperCase() === word);
  if (name === undefined) {
    if (word === "") return c.expected("an event");
    return c.fail("event", "That event is not told of", "NO", { code: "BADEVENT", events: EVENTS });
  }
  if (name === "MessageNew") {
    const items = c.takeSpaceParen() ? fetchAtts(c) : [];
    if (items === undefined) return undefined;
    if (items.length > 0 && !selected) return c.fail("event", "Items are for the selected mailbox only");
    return { event: name, items };
  }
  if (selected && name !== "MessageExpunge" && name !== "FlagChange") {
    return c.fail("event", "Of the selected mailbox only events of messages can be told");
  }
  return { event: name };
}

/** fetch-att *(SP fetch-att) ")", behind the parenthesis; for UPDATE too (RFC 5465 §8 modifier-update). */
export function fetchAtts(c: Cursor): readonly FetchItem[] | undefined {
  const items: FetchItem[] = [];
  do {
    if (items.length === c.limits.fetchItems) {
      return c.fail("too many items", "Too many FETCH items", "NO", { code: "LIMIT" });
    }
    const item = fetchAtt(c);
    if (item === undefined) return undefined;
    items.push(item);
  } while (c.take(0x20));
  return c.expect(0x29) ? items : undefined;
}

/** RFC 5465 §5: MessageNew and MessageExpunge come together, FlagChange with both. */
function rule(c: Cursor, events: readonly NotifyEvent[]): boolean {
  const has = (name: NotifyEvent["event"]) => events.some(({ event }) => event === name);
  if (has("MessageNew") === has("MessageExpunge") && (!has("FlagChange") || has("MessageNew"))) return true;
  c.fail("event", "MessageNew and MessageExpunge belong together, and FlagChange to both");
  return false;
}

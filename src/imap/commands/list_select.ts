/** Which mailboxes LIST and LSUB name, and with which attributes (RFC 9051 §6.3.9, RFC 5258 §3). */
import { type MailboxInfo, SEPARATOR } from "../../core/store.ts";
import type { ListCommand } from "../command.ts";
import { matches } from "./list_match.ts";

/** One line of the answer. */
export interface Listed<M extends MailboxInfo = MailboxInfo> {
  readonly name: string;
  /** With their backslash. */
  readonly attributes: readonly string[];
  /** The selection options of CHILDINFO (RFC 5258 §4); empty without any. */
  readonly childInfo: readonly string[];
  /** The mailbox itself; undefined for a name that is only a parent, also of what was selected, or only subscribed. */
  readonly mailbox: M | undefined;
}

/** A name with what is known of it. */
interface Node<M extends MailboxInfo = MailboxInfo> {
  readonly name: string;
  readonly mailbox: M | undefined;
  readonly subscribed: boolean;
  /** On another server. */
  readonly remote: boolean;
  hasChildren: boolean;
}

/** What LIST answers, in the order of the names. `remote`: names of mailboxes that are on other servers. */
export function listed<M extends MailboxInfo>(
  command: Pick<ListCommand, "select" | "reference" | "patterns" | "returns" | "extended">,
  mailboxes: readonly M[],
  subscriptions: readonly string[],
  remote: readonly string[] = [],
): readonly Listed<M>[] {
  const nodes = tree(mailboxes, subscriptions, remote);
  const patterns = command.patterns.map((pattern) => command.reference + pattern);
  const wanted = {
    subscribed: command.select.includes("SUBSCRIBED"),
    specialUse: command.select.includes("SPECIAL-USE"),
    recursive: command.select.includes("RECURSIVEMATCH"),
    tellSubscribed: command.select.includes("SUBSCRIBED") || command.returns.includes("SUBSCRIBED"),
  };
  const selects = (node: Node): boolean =>
    wanted.subscribed
      ? node.subscribed
      : wanted.specialUse
      ? node.mailbox?.specialUse !== undefined
      : node.mailbox !== undefined || node.remote || node.hasChildren;
  const named = new Set<string>();
  for (const node of nodes.values()) {
    if (patterns.some((pattern) => matchesName(pattern, node.name))) named.add(node.name);
  }
  const below = wanted.recursive ? parentsOfSelected(nodes, selects, named) : undefined;
  const answer: Listed<M>[] = [];
  for (const node of nodes.values()) {
    if (!named.has(node.name)) continue;
    const selected = selects(node);
    if (!selected && !below?.unseen.has(node.name)) continue;
    answer.push({
      name: node.name,
      attributes: attributes(node, wanted.tellSubscribed, command.extended),
      childInfo: below?.all.has(node.name) ? ["SUBSCRIBED"] : [],
      mailbox: selected ? node.mailbox : undefined,
    });
  }
  return answer;
}

/**
 * What LSUB answers (RFC 3501 §6.3.9): subscribed names, existing or not; with `%`, a parent that is not
 * subscribed itself stands for its subscribed children with \Noselect.
 */
export function listedSubscribed(
  reference: string,
  pattern: string,
  mailboxes: readonly MailboxInfo[],
  subscriptions: readonly string[],
): readonly Listed[] {
  const whole = reference + pattern;
  const known = new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox]));
  const answer = new Map<string, Listed>();
  for (const name of subscriptions) {
    if (matchesName(whole, name)) {
      answer.set(name, { name, attributes: [], childInfo: [], mailbox: known.get(name) });
    } else if (pattern.endsWith("%")) {
      for (const parent of parents(name)) {
        if (answer.has(parent) || subscriptions.includes(parent) || !matchesName(whole, parent)) continue;
        const attributes = ["\\Noselect"];
        answer.set(parent, { name: parent, attributes, childInfo: [], mailbox: undefined });
      }
    }
  }
  return [...answer.values()];
}

/** All names: mailboxes, subscribed names, and the parents that exist only because they have children. */
function tree<M extends MailboxInfo>(
  mailboxes: readonly M[],
  subscriptions: readonly string[],
  remote: readonly string[],
): Map<string, Node<M>> {
  const subscribed = new Set(subscriptions), elsewhere = new Set(remote);
  const known = new Map(mailboxes.map((mailbox) => [mailbox.name, mailbox]));
  const names = new Set([...known.keys(), ...elsewhere]);
  const withChildren = new Set<string>();
  for (const name of [...names]) {
    for (const parent of parents(name)) {
      names.add(parent);
      withChildren.add(parent);
    }
  }
  for (const name of subscriptions) names.add(name);
  const sorted = [...names].sort((a, b) => a === "INBOX" ? -1 : b === "INBOX" ? 1 : a < b ? -1 : 1);
  return new Map(sorted.map((name) => [name, {
    name,
    mailbox: known.get(name),
    subscribed: subscribed.has(name),
    remote: elsewhere.has(name),
    hasChildren: withChildren.has(name),
  }]));
}

/** RFC 5258 §3.1 RECURSIVEMATCH: parents of names that are selected; `unseen`: of such as no pattern names. */
function parentsOfSelected(
  nodes: ReadonlyMap<string, Node>,
  selects: (node: Node) => boolean,
  named: ReadonlySet<string>,
): { readonly all: ReadonlySet<string>; readonly unseen: ReadonlySet<string> } {
  const all = new Set<string>(), unseen = new Set<string>();
  for (const node of nodes.values()) {
    if (!selects(node)) continue;
    for (const parent of parents(node.name)) {
      all.add(parent);
      if (!named.has(node.name)) unseen.add(parent);
    }
  }
  return { all, unseen };
}

function attributes(node: Node, tellSubscribed: boolean, extended: boolean): readonly string[] {
  const attributes: string[] = [];
  // RFC 5258 §3.
  if (node.remote) attributes.push("\\Remote");
  else if (node.mailbox === undefined) attributes.push(extended ? "\\NonExistent" : "\\Noselect");
  if (tellSubscribed && node.subscribed) attributes.push("\\Subscribed");
  attributes.push(node.hasChildren ? "\\HasChildren" : "\\HasNoChildren");
  if (node.mailbox?.specialUse !== undefined) attributes.push(node.mailbox.specialUse);
  return attributes;
}

/** `a/b/c` has the parents `a` and `a/b`. */
function* parents(name: string): Generator<string> {
  for (let at = name.indexOf(SEPARATOR); at > 0; at = name.indexOf(SEPARATOR, at + 1)) {
    yield name.slice(0, at);
  }
}

/** INBOX is the one name whose case does not matter (RFC 9051 §5.1). */
function matchesName(pattern: string, name: string): boolean {
  if (name === "INBOX") return matches(pattern.toUpperCase(), name);
  return matches(pattern, name);
}

/** Mailboxes and accounts that are on other servers (RFC 2193, RFC 2221). */
import type { RemoteMailbox } from "../../core/referral.ts";
import { SEPARATOR } from "../../core/store.ts";
import type { Command } from "../command.ts";
import { leave } from "./close.ts";
import { type Completion, type Context, no } from "./context.ts";

/**
 * The answer to a command that names a mailbox of another server; undefined when it names none. SUBSCRIBE is done
 * here: RLSUB tells of it.
 */
export function refer(cx: Context, command: Command): Completion | undefined {
  const { remote } = cx.session;
  if (remote.length === 0 || command.name === "SUBSCRIBE" || command.name === "UNSUBSCRIBE") return undefined;
  if (command.name === "RENAME") return referRename(cx, command.from, command.to);
  const name = "mailbox" in command ? command.mailbox : undefined;
  const url = name === undefined ? undefined : remoteUrl(cx, name);
  if (url === undefined) return undefined;
  // RFC 9051 §6.3.2: a SELECT that is refused leaves no mailbox selected.
  if (command.name === "SELECT" || command.name === "EXAMINE") leave(cx);
  return no("The mailbox is on another server", { code: "REFERRAL", urls: [url] });
}

/** The answer to the login of somebody whose mailboxes are all on another server (RFC 2221 §4.1). */
export function referLogin(server: string, address: string): Completion {
  return no("Your mailboxes are on another server", {
    code: "REFERRAL",
    urls: [`imap://${user(address)}@${server}/`],
  });
}

/** True when a mailbox is on another server. */
export function isRemote(remote: readonly RemoteMailbox[], name: string): boolean {
  return remoteOf(remote, name) !== undefined;
}

/** RFC 2193 §4.3: a pair of URLs, one of which may be of this server. */
function referRename(cx: Context, from: string, to: string): Completion | undefined {
  const source = remoteUrl(cx, from), target = remoteUrl(cx, to);
  if (source === undefined && target === undefined) return undefined;
  const { hostname } = cx.services;
  const urls = [source ?? urlOf(cx, hostname, from), target ?? urlOf(cx, hostname, to)];
  return no("A mailbox cannot be renamed on another server", { code: "REFERRAL", urls });
}

function remoteUrl(cx: Context, name: string): string | undefined {
  const found = remoteOf(cx.session.remote, name);
  return found && urlOf(cx, found.server, found.remoteName + name.slice(found.name.length));
}

/** The innermost one, where one is below another. */
function remoteOf(remote: readonly RemoteMailbox[], name: string): RemoteMailbox | undefined {
  return remote.findLast((each) => name === each.name || name.startsWith(each.name + SEPARATOR));
}

function urlOf(cx: Context, server: string, name: string): string {
  return `imap://${user(cx.session.identity!.address)}@${server}/${encoded(name, "/")}`;
}

/** RFC 2193 §3: `AUTH=*`, so that nobody falls back to an anonymous login. */
function user(address: string): string {
  return `${encoded(address, "")};AUTH=*`;
}

/** Percent-encoded UTF-8, but for what stands for itself everywhere in a URL (RFC 3986 §2.3), and `kept`. */
function encoded(text: string, kept: string): string {
  return Array.from(new TextEncoder().encode(text), (octet) => {
    const character = String.fromCharCode(octet);
    return /[A-Za-z0-9._~-]/.test(character) || character === kept
      ? character
      : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

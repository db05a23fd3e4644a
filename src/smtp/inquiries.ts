/** VRFY, EXPN and ETRN: what a client may ask of us beside mail. */
import { Cursor } from "../bytes/cursor.ts";
import type { MailAddress, Resolution } from "../core/directory.ts";
import type { Context } from "./context.ts";
import { domain as domainOf, formatPath, mailbox } from "./grammar/path.ts";
import { REPLIES, type Reply, reply } from "./reply.ts";

/** Members that one EXPN shows. */
const SHOWN = 500;

const NO_SUCH = reply(550, "5.1.1", "No such user here");
const NOT_AN_ADDRESS = reply(501, "5.5.4", "Give an address, or the local part of one");
const UTF8_REPLY = reply(252, "2.6.8", "Cannot show an address beyond ASCII, but will take mail for it");
const NOT_A_DOMAIN = reply(501, "5.5.4", "Give the name of a domain");
const NOT_LISTED = reply(459, "4.7.1", "This server does not queue for that domain");
const NO_NAMED_QUEUE = reply(459, "4.7.1", "This server's queues have no names, give a domain");

/**
 * VRFY and EXPN for administrators (RFC 5321 §3.5); others learn nothing.
 *
 * @throws Unavailable
 */
export async function inquire(context: Context, verb: "VRFY" | "EXPN", text: string): Promise<Reply> {
  if (!context.offers(verb)) return verb === "VRFY" ? REPLIES.cannotVerify : REPLIES.noExpn;
  const { directory, hostname } = context.services;
  const address = addressOf(text, hostname);
  if (address === undefined) return NOT_AN_ADDRESS;
  const found = await directory.resolve(address, 0);
  const refusal = inquiryRefusal(found);
  if (refusal !== undefined) return refusal;
  if (found.kind !== "local") return REPLIES.cannotVerify;
  const members = [...found.targets.map((target) => `<${target.address}>`), ...found.remote.map(pathOf)];
  const shown = verb === "VRFY" ? [formatPath(address)] : members.slice(0, SHOWN);
  // RFC 6531 §3.7.4.2: replies beyond ASCII are for those who asked for them; nobody can here.
  if (!shown.every(isAscii)) return UTF8_REPLY;
  return reply(250, "2.1.5", shown);
}

function inquiryRefusal(found: Resolution): Reply | undefined {
  switch (found.kind) {
    case "unknown":
      return NO_SUCH;
    case "disabled":
      return REPLIES.disabled;
    case "loop":
      return REPLIES.aliasLoop;
    case "local":
      return found.targets.length + found.remote.length === 0 ? NO_SUCH : undefined;
    case "over-quota":
    case "foreign":
      return undefined;
    default:
      return found satisfies never;
  }
}

/**
 * ETRN (RFC 1985 §5): what waits for one of the domains that we queue for is sent now.
 *
 * etrn-parameter = domain / "@" domain / "#" queue-name
 *
 * `@`: for those below it too. `#`: a queue that has a name, of which we have none.
 *
 * @throws Unavailable
 */
export async function startQueue(context: Context, text: string): Promise<Reply> {
  if (text.startsWith("#")) return NO_NAMED_QUEUE;
  const below = text.startsWith("@");
  const c = new Cursor(new TextEncoder().encode(below ? text.slice(1) : text));
  const domain = domainOf(c);
  if (domain === undefined || !c.done) return NOT_A_DOMAIN;
  const { directory, queue } = context.services;
  const found = await directory.resolve({ local: "postmaster", domain }, 0);
  const name = found.kind === "foreign" ? found.domain : undefined;
  const listed = [...context.limits.policy.backupMx].filter((one) =>
    one === name || below && one.endsWith(`.${name ?? domain}`)
  );
  if (listed.length === 0) return NOT_LISTED;
  let count = 0;
  for (const one of listed) count += await queue!.flush(one);
  const node = `${below ? "@" : ""}${domain}`;
  return count === 0
    ? reply(251, "2.0.0", `No messages wait for ${node}`)
    : reply(253, "2.0.0", `${count} messages for ${node} are started`);
}

/** `<local@domain>`, `local@domain` or a local part of our own domain. */
function addressOf(text: string, hostname: string): MailAddress | undefined {
  // RFC 6531 §3.7.4.2 lets the client say that it takes UTF-8.
  const asked = text.replace(/ SMTPUTF8$/i, "");
  const bare = asked.startsWith("<") && asked.endsWith(">") ? asked.slice(1, -1) : asked;
  const c = new Cursor(new TextEncoder().encode(bare.includes("@") ? bare : `${bare}@${hostname}`));
  const address = mailbox(c);
  return c.done ? address : undefined;
}

function pathOf(address: string): string {
  const at = address.lastIndexOf("@");
  return formatPath({ local: address.slice(0, at), domain: address.slice(at + 1) });
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

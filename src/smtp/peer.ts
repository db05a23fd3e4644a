/** XCLIENT and XFORWARD, Postfix's extensions: a listed peer tells for whom it speaks. */
import ipaddr from "ipaddr.js";
import { Cursor } from "../bytes/cursor.ts";
import type { Identity } from "../core/auth.ts";
import type { Endpoint } from "../core/conn.ts";
import type { PeerAttributes } from "./command.ts";
import type { Context } from "./context.ts";
import { hello as readHello } from "./grammar/commands.ts";
import { isDigits } from "./grammar/digits.ts";
import { isFault } from "./grammar/fault.ts";
import { mailbox } from "./grammar/path.ts";
import { REPLIES, type Reply, reply } from "./reply.ts";
import { FRESH } from "./session.ts";

const BAD_ADDRESS = reply(501, "5.5.4", "Cannot take ADDR: write an IPv4 address, or IPV6: and an address");
const BAD_PORT = reply(501, "5.5.4", "Cannot take PORT");
const BAD_PROTO = reply(501, "5.5.4", "Cannot take PROTO: write SMTP or ESMTP");
const BAD_HELO = reply(501, "5.5.4", "Cannot take HELO");
const BAD_LOGIN = reply(501, "5.5.4", "Cannot take LOGIN: it is no account here");

/**
 * XCLIENT: the session begins anew, with the client that the peer names. TLS stays as it is. A LOGIN counts as
 * proven: the peer has proven it.
 *
 * @throws Unavailable
 */
export async function speakFor(context: Context, attributes: PeerAttributes): Promise<Reply> {
  const remote = endpointOf(context.remote, attributes);
  if ("code" in remote) return remote;
  const proto = attributes.get("PROTO")?.toUpperCase() ?? "SMTP";
  if (proto !== "SMTP" && proto !== "ESMTP") return BAD_PROTO;
  const name = attributes.get("HELO");
  const hello = name === undefined ? undefined : greetingOf(name);
  if (name !== undefined && hello === undefined) return BAD_HELO;
  const login = attributes.get("LOGIN");
  const identity = login === undefined ? undefined : await identityOf(context, login);
  if (login !== undefined && identity === undefined) return BAD_LOGIN;
  context.remote = remote;
  context.session = {
    ...FRESH,
    identity,
    hello: hello === undefined ? undefined : { name: hello, extended: proto === "ESMTP" },
  };
  const { address, port } = remote;
  const about = { session: context.conn.id, peer: context.conn.remote.address, remote: address, port };
  context.services.emit("smtp.xclient", {
    ...about,
    ...(identity === undefined ? {} : { login: identity.address }),
  });
  const protocol = context.role === "lmtp" ? "LMTP" : "ESMTP";
  return reply(220, "", `${context.services.hostname} ${protocol} ready`);
}

/** XFORWARD: what the peer knows of its client, for the log. */
export function note(context: Context, attributes: PeerAttributes): Reply {
  const text = (name: string) => attributes.get(name) ?? "";
  context.services.emit("smtp.xforward", {
    session: context.conn.id,
    name: text("NAME"),
    remote: text("ADDR"),
    hello: text("HELO"),
    ident: text("IDENT"),
  });
  return REPLIES.forwarded;
}

function endpointOf(now: Endpoint, attributes: PeerAttributes): Endpoint | Reply {
  const addr = attributes.get("ADDR");
  const address = addr === undefined ? now.address : addressOf(addr);
  if (address === undefined) return BAD_ADDRESS;
  const digits = attributes.get("PORT");
  if (digits === undefined) return { address, port: addr === undefined ? now.port : 1 };
  const port = digits.length <= 5 && digits !== "" && isDigits(digits) ? Number(digits) : 0;
  return port === 0 || port > 65_535 ? BAD_PORT : { address, port };
}

/** In its canonical form, as the transport gives it. */
function addressOf(text: string): string | undefined {
  const six = /^ipv6:(.+)$/i.exec(text)?.[1];
  if (six === undefined) return ipaddr.IPv4.isValidFourPartDecimal(text) ? text : undefined;
  if (!ipaddr.IPv6.isValid(six) || six.includes("%")) return undefined;
  const parsed = ipaddr.IPv6.parse(six);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}

/** The name, if it may stand in a greeting: it comes to stand in our trace field. */
function greetingOf(name: string): string | undefined {
  const found = readHello("EHLO")(new Cursor(new TextEncoder().encode(name)));
  return isFault(found) || found.name !== "EHLO" ? undefined : found.domain;
}

async function identityOf(context: Context, login: string): Promise<Identity | undefined> {
  const c = new Cursor(new TextEncoder().encode(login));
  const address = mailbox(c);
  if (address === undefined || !c.done) return undefined;
  const found = await context.services.directory.resolve(address, 0);
  if (found.kind !== "local" || found.targets.length !== 1 || found.remote.length > 0) return undefined;
  const { account, address: own, detail } = found.targets[0]!;
  // An alias is nobody who logs in.
  const isOwn = detail === undefined &&
    own.toLowerCase() === `${address.local}@${address.domain}`.toLowerCase();
  return isOwn ? { account, address: own } : undefined;
}

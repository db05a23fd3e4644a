/** LOGIN and AUTHENTICATE (RFC 9051 §6.2.2, §6.2.3, RFC 4959, RFC 5530). */
import type { AuthOrigin, AuthRefusal, AuthResult } from "../../core/auth.ts";
import { capabilityWords } from "../capabilities.ts";
import type { Command } from "../command.ts";
import type { PlainCode } from "../encode/mod.ts";
import { challengeLine } from "../reply.ts";
import { enterSession } from "../sessions.ts";
import { capabilityFacts } from "./capability.ts";
import { referLogin } from "./referral.ts";
import { bad, type Completion, type Context, no, ok, pause } from "./context.ts";

declare module "../../core/events.ts" {
  interface Events {
    /** Somebody logged in. */
    "imap.login": { readonly session: string; readonly address: string; readonly remote: string };
    /** Somebody's mailboxes are on another server. */
    "imap.login.referred": {
      readonly session: string;
      readonly address: string;
      readonly server: string;
      readonly remote: string;
    };
    /** Somebody did not. */
    "imap.login.refused": { readonly session: string; readonly reason: AuthRefusal; readonly remote: string };
  }
}

type Named<Name> = Extract<Command, { readonly name: Name }>;

/** A password in the command line; only where PLAIN would be allowed, too. */
export async function login(cx: Context, command: Named<"LOGIN">): Promise<Completion> {
  if (cx.services.auth.mechanisms(cx.conn.tls).length === 0) return needsTls();
  return await settle(cx, await cx.services.auth.password(command.user, command.password, originOf(cx)));
}

/** A SASL exchange; undefined when the connection came to its end. */
export async function authenticate(
  cx: Context,
  command: Named<"AUTHENTICATE">,
): Promise<Completion | undefined> {
  const { auth } = cx.services;
  const exchange = auth.begin(command.mechanism.toUpperCase(), originOf(cx));
  if (exchange === undefined) {
    return auth.mechanisms(cx.conn.tls).length === 0
      ? needsTls()
      : no("No such mechanism", { code: "CANNOT" });
  }
  let reply = await exchange.respond(command.initial);
  while (reply.kind === "challenge") {
    challengeLine(cx.out.gather, reply.octets);
    const line = await cx.input.line(cx.services.limits.loginMs);
    if (line === null || line === undefined) return undefined;
    // RFC 9051 §6.2.2: `*` alone cancels.
    if (line.length === 1 && line[0] === 0x2a) return bad("AUTHENTICATE cancelled");
    const response = decodeBase64(line);
    if (response === undefined) return bad("Not base64");
    reply = await exchange.respond(response);
  }
  return await settle(cx, reply.result);
}

/** RFC 9051 §11.2: no password before TLS. */
function needsTls(): Completion {
  return no("Use STARTTLS first", { code: "PRIVACYREQUIRED" });
}

/** Logs in, or makes the client wait for its refusal. */
async function settle(cx: Context, result: AuthResult): Promise<Completion> {
  const { services, session } = cx;
  const { emit, limits } = services;
  const about = { session: cx.conn.id, remote: cx.conn.remote.address };
  if (result.ok) {
    const { account, address } = result.identity;
    const whereabouts = await services.referrals?.of(account);
    if (whereabouts?.server !== undefined) {
      emit("imap.login.referred", { ...about, address, server: whereabouts.server });
      return referLogin(whereabouts.server, address);
    }
    session.place = enterSession(account, about.remote, limits.perAccountAndAddress);
    if (session.place === undefined) {
      return no("You have too many sessions open from there", { code: "LIMIT" });
    }
    session.identity = result.identity;
    session.remote = whereabouts?.mailboxes ?? [];
    cx.input.configure();
    emit("imap.login", { ...about, address });
    return ok("Logged in", { code: "CAPABILITY", names: capabilityWords(capabilityFacts(cx)) });
  }
  emit("imap.login.refused", { ...about, reason: result.reason });
  if (result.reason === "malformed" || result.reason === "cancelled") return bad(result.text);
  if (result.reason !== "busy" && result.reason !== "unavailable") {
    session.refusedLogins++;
    await pause(limits.authDelayMs * session.refusedLogins);
  }
  return no(result.text, { code: REFUSALS[result.reason] });
}

/** RFC 5530 §3: one code for wrong names and wrong passwords. */
const REFUSALS: Readonly<Record<Exclude<AuthRefusal, "malformed" | "cancelled">, PlainCode>> = {
  credentials: "AUTHENTICATIONFAILED",
  throttled: "UNAVAILABLE",
  busy: "UNAVAILABLE",
  unavailable: "UNAVAILABLE",
  disabled: "AUTHORIZATIONFAILED",
  authzid: "AUTHORIZATIONFAILED",
};

function originOf(cx: Context): AuthOrigin {
  const { conn } = cx;
  return { session: conn.id, protocol: "imap", remote: conn.remote.address, tls: conn.tls };
}

/** Strict base64 with its padding (RFC 4648 §4); undefined when it is anything else. */
function decodeBase64(line: Uint8Array): Uint8Array | undefined {
  let text = "";
  for (const octet of line) text += String.fromCharCode(octet);
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

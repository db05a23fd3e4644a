/** UNAUTHENTICATE (RFC 8437). */
import { Session } from "../session.ts";
import { type Completion, type Context, ok } from "./context.ts";

/**
 * Back to where a session begins: nothing that was selected, enabled or saved is left. TLS and compression are
 * the connection's and stay; so do refused logins, for a connection has only so many.
 */
export function unauthenticate(cx: Context): Completion {
  const { refusedLogins, badCommands } = cx.session;
  cx.session[Symbol.dispose]();
  cx.session = new Session();
  cx.session.refusedLogins = refusedLogins;
  cx.session.badCommands = badCommands;
  cx.loginBy = cx.services.world.ticks() + cx.services.limits.loginMs;
  cx.input.configure();
  return ok("UNAUTHENTICATE completed");
}

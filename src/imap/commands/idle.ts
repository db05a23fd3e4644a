/** IDLE (RFC 9051 §6.3.13, RFC 2177). */
import { continueLine } from "../reply.ts";
import { refreshRights } from "./access.ts";
import { bad, type Completion, type Context, ok } from "./context.ts";
import { onNotice, tellNotices } from "./notify.ts";
import { tellUpdates } from "./updates.ts";

const DONE = [0x44, 0x4f, 0x4e, 0x45];

/** Tells what others do until the client says DONE; undefined when the connection came to its end. */
export async function idle(cx: Context): Promise<Completion | undefined> {
  const { selected } = cx.session;
  let { promise: change, resolve: wake } = Promise.withResolvers<void>();
  using _listening = onNotice(cx, () => wake());
  await selected?.view.mirror.refresh();
  continueLine(cx.out.gather, "idling");
  const { idleMs } = cx.services.limits;
  const { world } = cx.services;
  for (const until = world.ticks() + idleMs;;) {
    await refreshRights(cx);
    // RFC 5465 §4: the same events as NOTIFY chose.
    await tellUpdates(cx, true);
    await tellNotices(cx);
    await cx.out.flush();
    const line = await cx.input.line(Math.max(0, until - world.ticks()), change);
    if (line === null) return undefined;
    if (line !== undefined) return isDone(line) ? ok("IDLE completed") : bad("Expected DONE");
    ({ promise: change, resolve: wake } = Promise.withResolvers<void>());
  }
}

/** `DONE` in any case. */
function isDone(line: Uint8Array): boolean {
  return line.length === DONE.length && DONE.every((octet, i) => (line[i]! & 0xdf) === octet);
}

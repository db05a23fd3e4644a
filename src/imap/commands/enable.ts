/** ENABLE (RFC 9051 §6.3.1, RFC 5161), and what switches CONDSTORE on beside it (RFC 7162 §3.1, §3.2.3). */
import { enableable } from "../capabilities.ts";
import type { Command } from "../command.ts";
import { enabledLine } from "../encode/mod.ts";
import { condition } from "../reply.ts";
import { type Completion, type Context, ok } from "./context.ts";

/** Switches on what is known and may be enabled; names that are not are passed over (RFC 5161 §3.1). */
export function enable(cx: Context, command: Extract<Command, { readonly name: "ENABLE" }>): Completion {
  const enabled: string[] = [];
  for (const asked of command.capabilities) {
    const name = enableable(asked);
    if (name === undefined || enabled.includes(name)) continue;
    if (name === "IMAP4rev2") cx.session.rev2 = true;
    else if (name === "UTF8=ACCEPT") cx.session.utf8 = true;
    else if (name === "QRESYNC") cx.session.qresync = true;
    else if (name === "UIDONLY") cx.session.uidOnly = true;
    enabled.push(name);
  }
  enabledLine(cx.out.gather, enabled);
  if (enabled.includes("CONDSTORE") || enabled.includes("QRESYNC")) enableCondstore(cx);
  cx.input.configure();
  return ok("ENABLE completed");
}

/** From now on untagged FETCH carries MODSEQ; a mailbox that is already selected tells its HIGHESTMODSEQ. */
export function enableCondstore(cx: Context): void {
  if (cx.session.condstore) return;
  cx.session.condstore = true;
  const mirror = cx.session.selected?.view.mirror;
  if (mirror === undefined) return;
  const code = { code: "HIGHESTMODSEQ", value: mirror.modSeq } as const;
  condition(cx.out.gather, undefined, "OK", "CONDSTORE is on", code);
}

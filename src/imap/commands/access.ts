/** What may still be done in a mailbox of another that is selected: its owner may change that any time. */
import { Right } from "../../core/acl.ts";
import type { Command } from "../command.ts";
import { hasAll } from "../reach.ts";
import { COMMANDS } from "../states.ts";
import { type Completion, type Context, no } from "./context.ts";
import { writeFlagsLines } from "./flags_line.ts";

/** Commands that leave the selected mailbox whatever is in it. */
export const LEAVES: ReadonlySet<string> = new Set([
  "SELECT",
  "EXAMINE",
  "UNSELECT",
  "UNAUTHENTICATE",
  "LOGOUT",
]);

/**
 * Asks for the rights again, before a command if there is one; who has other ones now is told which flags can be
 * changed (RFC 4314 §5.1.1). Of one's own mailbox there is nothing to ask. Throws Unavailable.
 */
export async function refreshRights(cx: Context, before?: Command): Promise<void> {
  const { selected, identity } = cx.session;
  if (selected === undefined || !selected.foreign || before !== undefined && LEAVES.has(before.name)) return;
  const { view } = selected;
  const rights = await cx.services.store.rights(identity!, view.account, view.mirror.id);
  if (rights === selected.rights) return;
  selected.rights = rights;
  if (hasAll(rights, Right.Read)) writeFlagsLines(cx, view.mirror.info.keywords, selected.readOnly);
}

/** True when the selected mailbox, if there is one, may be read. */
export function mayRead(cx: Context): boolean {
  return hasAll(cx.session.selected?.rights ?? 0, Right.Read);
}

/** Commands that do no more than leave the mailbox, or nothing. */
const HARMLESS: ReadonlySet<string> = new Set(["CLOSE", "UNSELECT", "CHECK", "CANCELUPDATE"]);

/** Once the mailbox may not be read any more, nothing is done in it (RFC 4314 §5.1.1). */
export function mayWork(cx: Context, command: Command): Completion | undefined {
  if (!cx.session.selected?.foreign || mayRead(cx) || HARMLESS.has(command.name)) return undefined;
  const isOfMailbox = !COMMANDS[command.name].states.some((state) => state === "authenticated");
  return isOfMailbox ? no("The mailbox may not be read any more", { code: "NOPERM" }) : undefined;
}

/** The refusal of a command that needs rights in the selected mailbox which are not there. */
export function lacks(cx: Context, needed: number): Completion | undefined {
  return hasAll(cx.session.selected!.rights, needed) ? undefined : no("Not permitted", { code: "NOPERM" });
}

/** ID (RFC 2971). */
import { idLine } from "../encode/mod.ts";
import { type Completion, type Context, ok } from "./context.ts";

/** What the server says of itself: nothing about its host (RFC 2971 §4). */
const SERVER: ReadonlyMap<string, string> = new Map([
  ["name", "Malleposte"],
  ["version", "0.1"],
  ["vendor", "Malleposte"],
]);

/** Answers alike whatever the client says of itself. */
export function id(cx: Context): Completion {
  idLine(cx.out.gather, SERVER, cx.session.mode);
  return ok("ID completed");
}

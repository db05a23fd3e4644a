/** `mail trace`. */
import { Command } from "commander";
import { done, refused } from "../core/failure.ts";
import { findTrace } from "../queue/trace_find.ts";
import type { Finish } from "./mail.ts";
import { clean } from "./mail_queue.ts";
import { verb } from "./verb.ts";

/** `mail trace`: what happened to messages, from the connection that brought them to the last recipient. */
export function traceCommand(finish: Finish): Command {
  return verb(
    new Command("trace").argument("<what>").description(
      "every step of a message: by its Message-ID, <a@b>, or by an address of its sender or recipients",
    ),
    finish,
    async ({ database, args }) => {
      const steps = await findTrace(database, args[0]);
      return steps.length === 0 ? refused("NONEXISTENT", `Nothing is known of ${args[0]}`) : done(steps);
    },
    (steps) => ({
      json: steps,
      text: steps.map((one) =>
        clean(
          [
            one.at.replace("T", " ").replace("Z", ""),
            one.step,
            one.sender === undefined ? "" : `from ${one.sender}`,
            one.recipient === undefined ? "" : `to ${one.recipient}`,
            one.message_id ?? "",
            one.queue_id === undefined ? "" : `queue ${one.queue_id}`,
            one.session === undefined ? "" : `session ${one.session}`,
            one.detail ?? "",
          ].filter((word) => word !== "").join("  "),
        )
      ).join("\n"),
    }),
  );
}

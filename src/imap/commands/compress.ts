/** COMPRESS (RFC 4978). */
import type { Command } from "../command.ts";
import { CompressedConn } from "../compression.ts";
import { condition } from "../reply.ts";
import { bad, type Completion, type Context, no } from "./context.ts";

/** Answers by itself, as its answer is the last that goes out as it is; otherwise with a refusal. */
export async function compress(
  cx: Context,
  tag: string,
  command: Extract<Command, { readonly name: "COMPRESS" }>,
): Promise<Completion | undefined> {
  if (cx.compressed !== undefined) {
    return no("DEFLATE is active already", { code: "COMPRESSIONACTIVE" });
  }
  if (command.algorithm !== "DEFLATE") return no("No such compression", { code: "CANNOT" });
  // RFC 4978 §3: whether what came behind the command is compressed nobody could tell.
  if (cx.input.pending > 0 || cx.conn.buffered > 0) {
    return bad("Nothing may be sent behind COMPRESS before its answer");
  }
  condition(cx.out.gather, tag, "OK", "DEFLATE is active");
  await cx.out.flush();
  cx.compressed = new CompressedConn(cx.conn);
  cx.input.use(cx.compressed);
  cx.out.use(cx.compressed);
  return undefined;
}

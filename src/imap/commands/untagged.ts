/** Untagged lines made of text that is ours. */
import type { Context } from "./context.ts";

/** `* text CRLF`. The text must come from us: nothing in it is quoted. */
export function untagged(cx: Context, text: string): void {
  cx.out.gather.text("* ").text(text).text("\r\n");
}

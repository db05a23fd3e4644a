/** Signs of life while the store works (RFC 9585). */
import { condition } from "../reply.ts";
import type { Context } from "./context.ts";

/** How far a command has come. */
export interface Progress {
  readonly done: number;
  readonly goal: number;
}

/**
 * Waits for the store, and says `* OK [INPROGRESS …]` now and then meanwhile. Only where whole lines were
 * written: what is said must not stand in the middle of one.
 */
export async function working<T>(cx: Context, work: Promise<T>, progress?: () => Progress): Promise<T> {
  const { tag } = cx;
  let saying: Promise<void> | undefined;
  const timer = setInterval(() => {
    // A client that does not take one of them needs no other.
    if (saying !== undefined) return;
    const code = { code: "INPROGRESS", tag, ...progress?.() } as const;
    condition(cx.out.gather, undefined, "OK", "Still at work", code);
    // What is wrong with the connection shows when the answer is written.
    saying = cx.out.flush().catch(() => {}).finally(() => saying = undefined);
  }, cx.services.limits.progressMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    await saying;
  }
}

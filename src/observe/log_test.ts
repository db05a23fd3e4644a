import { assertEquals, assertMatch } from "@std/assert";
import type { Emit } from "../core/events.ts";
import "../net/events.ts";
import "../node/events.ts";
import { levelOf } from "./levels.ts";
import { createLog, type LogOptions } from "./log.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function lines(options: Partial<LogOptions>, say: (emit: Emit) => void): readonly string[] {
  const written: string[] = [];
  say(
    createLog({
      level: "debug",
      format: "json",
      write: (line) => written.push(line),
      now: () => NOW,
      ...options,
    }),
  );
  return written;
}

const NASTY = 'a b="c"\r\nlevel=error \u001b[31mred\u009b\u202e\u2028\0';

Deno.test("JSON: one line an event, which reads back as it was", () => {
  const [line] = lines({ fixed: { worker: 2 } }, (emit) => {
    emit("net.refused", { listener: "smtp", remote: "192.0.2.1", reason: NASTY });
  });
  assertEquals(line!.indexOf("\n"), line!.length - 1);
  assertEquals(JSON.parse(line!), {
    time: "2026-01-02T03:04:05.678Z",
    level: "info",
    event: "net.refused",
    worker: 2,
    listener: "smtp",
    remote: "192.0.2.1",
    reason: NASTY,
  });
});

Deno.test("text: what a peer sent can be no other field, line or colour", () => {
  const [line] = lines({ format: "text" }, (emit) => {
    emit("net.refused", { listener: "smtp", remote: "192.0.2.1", reason: NASTY });
  });
  assertMatch(
    line!,
    /^03:04:05\.678 info {2}net\.refused listener=smtp remote=192\.0\.2\.1 reason="a b=\\"c/,
  );
  // deno-lint-ignore no-control-regex -- these are what must not be there
  assertMatch(line!, /^[^\x00-\x1f\x7f-\x9f\u2028\u202e]*\n$/);
});

Deno.test("text: a bug's stack stands below, indented", () => {
  const [line] = lines({ format: "text" }, (emit) => {
    emit("bug", { where: "here", error: "no", stack: "Error: no\n    at a (b.ts:1:2)\n    at c\u001b[1m" });
  });
  assertEquals(line, "03:04:05.678 error bug where=here error=no\n    at a (b.ts:1:2)\n    at c\\u001b[1m\n");
});

Deno.test("levels: by name, and the least that is written", () => {
  assertEquals(levelOf("bug"), "error");
  assertEquals(levelOf("node.worker.died"), "error");
  assertEquals(levelOf("node.reload.failed"), "warn");
  assertEquals(levelOf("node.ready"), "info");
  const all = (emit: Emit) => {
    emit("bug", { where: "here", error: "no" });
    emit("node.reload.failed", { error: "no" });
    emit("node.ready", { ms: 1 });
  };
  assertEquals(
    (["debug", "info", "warn", "error"] as const).map((level) => lines({ level }, all).length),
    [3, 3, 2, 1],
  );
});

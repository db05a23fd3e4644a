/**
 * What answers to `/metrics` leave behind: `deno run -A bench/scrapes.ts [--scrapes 600] [--pause 10]`, so many with so
 * many milliseconds between them, of a server that does nothing else.
 */
import { parseArgs } from "node:util";
import { startServer } from "../tests/support/server.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: { scrapes: { type: "string", default: "600" }, pause: { type: "string", default: "10" } },
});
const scrapes = Number(values.scrapes), pause = Number(values.pause);
const MIB = 1 << 20;

await using server = await startServer({ settings: ["log.level=error"] });
const url = `http://${server.host}:${server.ports.http}/metrics`;
console.log("scrapes  RSS MiB  supervisor's heap");
for (let done = 1; done <= scrapes; done++) {
  const text = await (await fetch(url)).text();
  if (done === 1 || done % Math.ceil(scrapes / 10) === 0) {
    const [rss, heap] = ["process_resident_memory_bytes", "malleposte_supervisor_heap_bytes"].map((name) =>
      (Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)![1]) / MIB).toFixed(1)
    );
    console.log(`${String(done).padStart(7)}  ${rss!.padStart(7)}  ${heap!.padStart(17)}`);
  }
  await new Promise((wake) => setTimeout(wake, pause));
}

/** What the kernel sees: the write-ahead log is on disk before 250 goes out. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { postmaster, processTree, read, smtp, transaction, until } from "../node/support.ts";
import { startServer } from "../support/server.ts";

const you = "you@example.test";
const ROUNDS = 10;

/** The postmaster and all that it has started. */
function postgres(folder: string): readonly number[] {
  const mother = postmaster(folder)!;
  const children = Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name)).filter((pid) => {
    const text = pid > 0 ? read(`/proc/${pid}/stat`) : "";
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]) === mother;
  });
  return [mother, ...children];
}

async function canTrace(): Promise<boolean> {
  const command = new Deno.Command("strace", { args: ["-e", "trace=none", "true"], stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

Deno.test({
  name: "each 250 follows a completed fdatasync of the write-ahead log",
  ignore: !await canTrace(),
  async fn() {
    await using server = await startServer({ settings: ["workers=1"], accounts: [you] });
    await using client = await smtp(server.ports.smtp);
    // The backend that will commit is there, and every statement is prepared.
    assertMatch(await transaction(client, you), /^250 /);
    const log = `${server.folder}/strace`;
    const pids = [...processTree(server.pid), ...postgres(server.folder)];
    const tracer = new Deno.Command("strace", {
      args: [
        ...["-f", "-ttt", "-y", "-s", "64", "-o", log],
        ...["-e", "trace=fdatasync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg"],
        ...pids.flatMap((pid) => ["-p", String(pid)]),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let attached = "";
    const listening = (async () => {
      for await (const text of tracer.stderr.pipeThrough(new TextDecoderStream())) attached += text;
    })();
    try {
      await until(() => pids.every((pid) => attached.includes(`Process ${pid} attached`)), "strace is there");
      for (let i = 0; i < ROUNDS; i++) {
        assertMatch(await transaction(client, you, `Subject: ${i}\r\n\r\n`), /^250 /);
      }
    } finally {
      tracer.kill("SIGINT");
      await tracer.status;
      await listening;
    }
    // The end of a message arrives, PostgreSQL's log is flushed, the answer goes out.
    const order = read(log).split("\n").flatMap((line) => {
      if (/fdatasync(\(.*pg_wal| resumed).*= 0$/.test(line) && !/<unfinished/.test(line)) return ["disk"];
      if (/\\r\\n\.\\r\\n"/.test(line)) return ["end"];
      if (/"250 2\.0\.0 Delivered/.test(line)) return ["250"];
      return [];
    });
    assertEquals(order.filter((event) => event === "end").length, ROUNDS, "ends of messages");
    assertEquals(order.filter((event) => event === "250").length, ROUNDS, "answers");
    let flushed = false;
    for (const event of order) {
      if (event === "end") flushed = false;
      if (event === "disk") flushed = true;
      if (event === "250") assert(flushed, "a 250 went out before the log was on disk");
    }
  },
});

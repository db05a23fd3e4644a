/**
 * How soon the server takes mail again when its PostgreSQL was killed with much to replay:
 * `deno run -A bench/recovery.ts [--mib 3000]`. What `max_wal_size` allows is what there may be.
 */
import { parseArgs } from "node:util";
import { postmaster } from "../tests/node/support.ts";
import { startServer } from "../tests/support/server.ts";
import { LoadConn } from "./load/conn.ts";

const USER = "user@recovery.test";
const MIB = 1_048_576, SENDERS = 8;
/** Between two attempts; the bound of the whole is 10 s. */
const AGAIN_MS = 50;
const LINE = "A line of text, which is as long as lines of a letter are.\r\n";
const LETTER = new TextEncoder().encode(
  `Subject: recovery\r\n\r\n${LINE.repeat(Math.ceil(MIB / LINE.length))}.\r\n`,
);

const { values } = parseArgs({ args: Deno.args, options: { mib: { type: "string", default: "3000" } } });
await using server = await startServer({
  settings: [
    "log.level=error",
    "limits.exempt=[127.0.0.0/8]",
    "limits.smtp.messages=1000000000",
  ],
  accounts: [USER],
});
let left = Number(values.mib);
await Promise.all(Array.from({ length: SENDERS }, async () => {
  using conn = await greeted();
  while (left-- > 0) await send(conn);
}));

const old = postmaster(server.folder)!;
const began = performance.now();
Deno.kill(old, "SIGKILL");
for (;;) {
  try {
    using conn = await greeted();
    await send(conn);
    if (postmaster(server.folder) !== old) break;
  } catch { /* not yet */ }
  await new Promise((wake) => setTimeout(wake, AGAIN_MS));
}
console.log(
  `after ${values.mib} MiB of mail: mail again after ${((performance.now() - began) / 1000).toFixed(2)} s`,
);
const log = await Deno.readTextFile(`${server.folder}/postgres/postgres.log`);
console.log(log.split("\n").findLast((line) => line.includes("redo done")) ?? "nothing was replayed");

async function greeted(): Promise<LoadConn> {
  const conn = await LoadConn.open(server.host, server.ports.smtp);
  await conn.reply("220");
  await conn.send("EHLO recovery.test\r\n");
  await conn.reply("250");
  return conn;
}

async function send(conn: LoadConn): Promise<void> {
  await conn.send(`MAIL FROM:<a@recovery.test>\r\nRCPT TO:<${USER}>\r\nDATA\r\n`);
  for (const want of ["250", "250", "354"]) await conn.reply(want);
  await conn.send(LETTER);
  await conn.reply("250");
}

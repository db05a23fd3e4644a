/** Mail coming in: SMTP and LMTP. A message counts when STATUS shows it. */
import { LoadConn } from "../conn.ts";
import { emptyInboxes, Visible } from "../imap.ts";
import { type Load, measured, nothing, port, type Row, Skip, user } from "../load.ts";
import { dotted, Letters } from "../messages.ts";
import type { Recorder } from "../recorder.ts";

/** One kind of delivery. */
interface Kind {
  readonly protocol: "smtp" | "lmtp";
  readonly size: number;
  readonly recipients?: number;
  /** A connection for each message. */
  readonly single?: boolean;
  /** RFC 3030. */
  readonly bdat?: boolean;
}

/** The rows, in the order of the table. */
export const DELIVER: readonly Row[] = [
  row("smtp-1k", "SMTP in, 1 KB, kept connections", { protocol: "smtp", size: 1024 }),
  row("smtp-1k-single", "SMTP in, 1 KB, one connection each", { protocol: "smtp", size: 1024, single: true }),
  row("smtp-20k", "SMTP in, 20 KB, kept connections", { protocol: "smtp", size: 20_480 }),
  row("smtp-20k-bdat", "SMTP in, 20 KB, BDAT", { protocol: "smtp", size: 20_480, bdat: true }),
  row("smtp-1m", "SMTP in, 1 MB", { protocol: "smtp", size: 1_048_576 }),
  row("lmtp-1k", "LMTP in, 1 KB", { protocol: "lmtp", size: 1024 }),
  row("lmtp-20k-10", "LMTP in, 20 KB, 10 recipients", { protocol: "lmtp", size: 20_480, recipients: 10 }),
];

function row(name: string, title: string, kind: Kind): Row {
  return { name, title, unit: "messages", run: (load, record) => run(load, record, kind) };
}

async function run(load: Load, record: Recorder, kind: Kind): Promise<void> {
  const letters = new Letters(kind.size);
  const recipients = Math.min(kind.recipients ?? 1, load.accounts);
  port(load, kind.protocol);
  if (kind.bdat) {
    const { conn, can } = await greeted(load, kind);
    conn[Symbol.dispose]();
    if (!can.includes("CHUNKING")) throw new Skip("the server has no BDAT");
  }
  using visible = await Visible.open(load);
  const work = async (conn: LoadConn, i: number) => {
    const to = Array.from({ length: recipients }, (_, k) => user(load, (i + k) % load.accounts + 1));
    await send(conn, kind, to, letters.octets(i));
    return { octets: kind.size };
  };
  const all = () => visible.more(record.operations * recipients);
  if (kind.single) {
    const open = nothing;
    await measured(load, record, {
      connections: load.connections,
      open,
      work: async (_, i) => {
        const { conn } = await greeted(load, kind);
        using _closes = conn;
        const did = await work(conn, i);
        await conn.send("QUIT\r\n");
        await conn.reply("221");
        return did;
      },
    }, all);
  } else {
    const open = async () => (await greeted(load, kind)).conn;
    await measured(load, record, { connections: load.connections, open, work }, all);
  }
  await record.settle();
  await emptyInboxes(load);
}

async function greeted(load: Load, { protocol }: Kind): Promise<{ conn: LoadConn; can: string }> {
  const conn = await LoadConn.open(load.target.host, port(load, protocol));
  try {
    await conn.reply("220");
    await conn.send(`${protocol === "smtp" ? "EHLO" : "LHLO"} load.test\r\n`);
    let can = "";
    for (let line = "250-"; line[3] === "-"; can += `${line}\n`) {
      line = await conn.line();
      if (!line.startsWith("250")) throw new Error(line);
    }
    return { conn, can };
  } catch (error) {
    conn[Symbol.dispose]();
    throw error;
  }
}

/** One message, commands pipelined (RFC 2920) as far as they go. */
async function send(conn: LoadConn, kind: Kind, to: readonly string[], octets: Uint8Array): Promise<void> {
  const envelope = `MAIL FROM:<ada@sender.test>\r\n${to.map((each) => `RCPT TO:<${each}>\r\n`).join("")}`;
  if (kind.bdat) {
    await conn.send(`${envelope}BDAT ${octets.length} LAST\r\n`);
    await conn.send(octets);
  } else await conn.send(`${envelope}DATA\r\n`);
  for (let i = 0; i <= to.length; i++) await conn.reply("250");
  if (!kind.bdat) {
    await conn.reply("354");
    await conn.send(dotted(octets));
  }
  // RFC 2033 §4.2: LMTP answers for each recipient.
  for (let i = kind.protocol === "lmtp" ? to.length : 1; i > 0; i--) await conn.reply("250");
}

/**
 * Mutated recordings of SMTP, Submission, LMTP, IMAP and POP3 dialogues, in every state, against a whole server:
 *
 *     deno run -A tests/fuzz/dialogue_fuzz.ts [--seconds 60] [--count N] [--seed N] [--lanes N] [--only INDEX]
 *
 * The recordings are the transcripts. The same seed gives the same dialogues. A long run by hand: `--count 1000000`. The
 * slowest dialogues are named; `--only` plays one of them alone, on a fresh server.
 */
import { octetsOf } from "../../src/bytes/ascii.ts";
import { events, get, imap, processTree, read, runs, send } from "../node/support.ts";
import { PASSWORD, type PortName, startServer, type TestServer } from "../support/server.ts";
import { dialoguesOf } from "../support/imap_transcript.ts";
import { concat, octetsOf as escaped, readDialogues } from "../support/transcript.ts";
import { mutate } from "./mutate.ts";
import { numberOption } from "./mime_fuzz.ts";
import { Random } from "./random.ts";

/** What a run found. */
export interface DialogueReport {
  readonly dialogues: number;
  readonly octets: number;
  /** Milliseconds from the client's last octet to the server's, the longest of each port. */
  readonly slowest: Readonly<Record<string, number>>;
  /** The slowest of all: played alone (`only`), one shows whether it was slow by itself. */
  readonly slow: readonly Slow[];
  readonly failures: readonly string[];
  /** Resident MiB, as the run went on. */
  readonly rss: readonly { readonly dialogues: number; readonly mib: number }[];
}

/** A dialogue that took long. */
export interface Slow {
  readonly index: number;
  readonly port: string;
  readonly ms: number;
}

/** How long, and with what. */
export interface DialogueOptions {
  readonly seconds: number;
  readonly count?: number;
  readonly seed: number;
  /** Dialogues at a time. */
  readonly lanes?: number;
  /** Only this one. */
  readonly only?: number | undefined;
}

/** A recording: what the client sent, a line each. */
interface Recording {
  readonly ports: readonly PortName[];
  readonly lines: readonly Uint8Array[];
}

const USER = "alice@example.test", OTHER = "bob@example.test";
/** A server that has not ended a dialogue by then hangs; wrong passwords wait for their hashes, on a busy machine long. */
const HANG_MS = 120_000;
const FAILURES = 20;
/** So many dialogues on, what they left in the mailboxes is taken away: else a long run reads more and more. */
const TIDY_EVERY = 500;
/** Messages that stay. */
const KEPT = 10;
/** Slow dialogues that a report names. */
const SLOW = 8;

/** What brings a connection into a state, by port. */
const STATES: Readonly<Partial<Record<PortName, readonly string[]>>> = {
  smtp: [
    "",
    "EHLO f.test\r\n",
    `EHLO f.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<${USER}>\r\n`,
    `EHLO f.test\r\nMAIL FROM:<a@b.test> BODY=BINARYMIME\r\nRCPT TO:<${USER}>\r\nBDAT 3\r\nabc`,
    `EHLO f.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<${USER}>\r\nDATA\r\n`,
  ],
  submission: [
    "",
    `EHLO f.test\r\nAUTH PLAIN ${btoa(`\0${USER}\0${PASSWORD}`)}\r\n`,
    "EHLO f.test\r\nAUTH LOGIN\r\n",
  ],
  lmtp: [
    "",
    "LHLO f.test\r\n",
    `LHLO f.test\r\nMAIL FROM:<>\r\nRCPT TO:<${USER}>\r\nRCPT TO:<${OTHER}>\r\n`,
    `LHLO f.test\r\nMAIL FROM:<>\r\nRCPT TO:<${USER}>\r\nRCPT TO:<${OTHER}>\r\nDATA\r\n`,
  ],
  imap: [
    "",
    `l LOGIN ${USER} ${PASSWORD}\r\n`,
    `l LOGIN ${USER} ${PASSWORD}\r\ns SELECT INBOX\r\n`,
    `l LOGIN ${USER} ${PASSWORD}\r\ne ENABLE QRESYNC IMAP4rev2\r\ns SELECT INBOX\r\n`,
    `l LOGIN ${USER} ${PASSWORD}\r\ne ENABLE UIDONLY\r\ns EXAMINE INBOX\r\n`,
    `l LOGIN ${USER} ${PASSWORD}\r\ns SELECT INBOX\r\ni IDLE\r\n`,
    `l LOGIN ${USER} ${PASSWORD}\r\nn NOTIFY SET (PERSONAL (MessageNew MessageExpunge FlagChange))\r\n`,
  ],
  pop3: ["", `USER ${USER}\r\nPASS ${PASSWORD}\r\n`, `USER ${OTHER}\r\nPASS ${PASSWORD}\r\nUTF8\r\n`],
};

const TOKENS = [
  "{5}\r\n",
  "{5+}\r\n",
  "{0+}\r\n",
  "~{9+}\r\n",
  "{99999999999}\r\n",
  "(",
  ")",
  "((((((((",
  '"',
  "\\",
  "*",
  "%",
  "1:*",
  "$",
  "4294967295",
  "18446744073709551616",
  "0",
  "-1",
  "NIL",
  "\0",
  "\r\n",
  "\n",
  "\r",
  "\r\n.\r\n",
  ".",
  "BDAT 5\r\n",
  "BDAT 0 LAST\r\n",
  "RSET\r\n",
  "STARTTLS\r\n",
  "a STARTTLS\r\n",
  "STLS\r\n",
  "DONE\r\n",
  "QUIT\r\n",
  "a LOGOUT\r\n",
  "=",
  "+0D",
  "<>",
  "@",
  "\xff\xfe",
  "&AC8-",
  "UID ",
  "BODY[",
  "]",
  "CHARSET ",
  "UTF-8 ",
  "MODSEQ ",
  " ",
  "\t",
].map(octetsOf);

/** Runs against a server of its own. */
export async function fuzzDialogues(options: DialogueOptions): Promise<DialogueReport> {
  await using server = await startServer({
    settings: [
      // Two or three lines a dialogue would be most of the memory of a long run, ours.
      "log.level=warn",
      ...["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]", "limits.smtp.bad_command_delay=0"],
      ...[
        "limits.lmtp.bad_command_delay=0",
        "limits.imap.session.bad_delay_ms=0",
        "limits.imap.session.auth_delay_ms=0",
        "limits.pop3.bad_delay_ms=0",
      ],
      ...["limits.imap.session.per_account_and_address=1000", "limits.throttle.account_delay_ms=0"],
    ],
    accounts: [USER, OTHER],
  });
  for (let i = 0; i < 10; i++) await send(server, USER, `Subject: ${i}\r\n\r\n${"line\r\n".repeat(i * 20)}`);
  return await new Fuzzer(server, options).run();
}

class Fuzzer {
  readonly #recordings = recordings();
  readonly #failures: string[] = [];
  readonly #slowest: Record<string, number> = {};
  #slow: Slow[] = [];
  readonly #rss: { dialogues: number; mib: number }[] = [];
  #next = 0;
  #done = 0;
  #octets = 0;

  constructor(readonly server: TestServer, readonly options: DialogueOptions) {}

  async run(): Promise<DialogueReport> {
    const { seconds, count = Infinity, lanes = 32, only } = this.options;
    if (only !== undefined) this.#next = only;
    const last = only === undefined ? count : only + 1;
    const until = performance.now() + seconds * 1000;
    this.#sample();
    const sampling = setInterval(() => this.#sample(), Math.max(1_000, seconds * 20));
    const lane = async () => {
      while (performance.now() < until && this.#next < last && this.#failures.length < FAILURES) {
        await this.#dialogue(this.#next++);
        if (++this.#done % TIDY_EVERY === 0) { for (const user of [USER, OTHER]) await this.#tidy(user); }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    clearInterval(sampling);
    this.#sample();
    await this.#afterwards();
    return {
      dialogues: this.#done,
      octets: this.#octets,
      slowest: this.#slowest,
      slow: this.#slow,
      failures: this.#failures,
      rss: this.#rss,
    };
  }

  /** The server lives, serves, and found no bug in itself. */
  async #afterwards(): Promise<void> {
    const { server } = this;
    if (!runs(server.pid)) this.#failures.push("the server died");
    for (const event of events(server)) {
      if (event.event === "bug" || event.event === "node.worker.died") {
        this.#failures.push(JSON.stringify(event));
      }
    }
    const reply = await send(server, USER).catch(String);
    if (!reply.startsWith("250 ")) this.#failures.push(`mail is not taken any more: ${reply}`);
    const [status] = await get(server, "/healthz");
    if (status !== 200) this.#failures.push("it is not healthy");
  }

  #sample(): void {
    const mib = processTree(this.server.pid).reduce((sum, pid) => {
      return sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
    }, 0);
    this.#rss.push({ dialogues: this.#done, mib: Math.round(mib) });
  }

  /** Deletes messages but the oldest, and mailboxes; whatever another dialogue holds stays for the next time. */
  async #tidy(user: string): Promise<void> {
    await using client = await imap(this.server.ports.imap, user);
    const ask = async (command: string) => {
      await client.send(octetsOf(`t ${command}\r\n`));
      const lines: string[] = [];
      for (;;) {
        const line = await client.line(/^/);
        if (/^t (OK|NO|BAD)/.test(line)) return lines;
        lines.push(line);
      }
    };
    for (const line of await ask(`LIST "" "*"`)) {
      const name = /^\* LIST \([^)]*\) (?:"."|NIL) (.*[^}])$/.exec(line)?.[1];
      if (name !== undefined && name.toUpperCase() !== "INBOX") await ask(`DELETE ${name}`);
    }
    const exists = /^\* (\d+) EXISTS$/m.exec((await ask("SELECT INBOX")).join("\n"))?.[1];
    if (Number(exists) <= KEPT) return;
    await ask(`STORE ${KEPT + 1}:${exists} +FLAGS.SILENT (\\Deleted)`);
    await ask("CLOSE");
  }

  async #dialogue(index: number): Promise<void> {
    const random = new Random(this.options.seed, index);
    const recording = random.pick(this.#recordings);
    const port = random.pick(recording.ports);
    const octets = dialogue(random, recording, random.pick(this.#recordings), port);
    this.#octets += octets.length;
    const began = performance.now();
    const fault = await this.#play(port, octets, random).catch((error) => (error as Error).message);
    const ms = performance.now() - began;
    this.#slowest[port] = Math.max(this.#slowest[port] ?? 0, Math.round(ms));
    if (this.#slow.length < SLOW || ms > this.#slow.at(-1)!.ms) {
      this.#slow = [...this.#slow, { index, port, ms: Math.round(ms) }].sort((a, b) => b.ms - a.ms).slice(
        0,
        SLOW,
      );
    }
    if (fault !== undefined) {
      this.#failures.push(`${port} dialogue ${index}: ${fault}`);
      Deno.writeFileSync(
        `${Deno.env.get("TMPDIR") ?? "/tmp"}/dialogue-fuzz-${this.options.seed}-${index}`,
        octets,
      );
    }
  }

  /** Sends, closes its side, and reads to the end; gives what was wrong with the answers. */
  async #play(port: PortName, octets: Uint8Array, random: Random): Promise<string | undefined> {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: this.server.ports[port] });
    const answers: Uint8Array[] = [];
    let hung = false;
    const late = setTimeout(() => {
      hung = true;
      conn.close();
    }, HANG_MS);
    const reading = (async () => {
      const buffer = new Uint8Array(64 * 1024);
      for (let size = 0, got; (got = await conn.read(buffer).catch(() => null)) !== null;) {
        if ((size += got) < 1_000_000) answers.push(buffer.slice(0, got));
      }
    })();
    try {
      const pieces = random.oneIn(4) ? 1 + random.below(20) : 1;
      for (let i = 0; i < pieces; i++) {
        const piece = octets.subarray(octets.length * i / pieces | 0, octets.length * (i + 1) / pieces | 0);
        for (let at = 0; at < piece.length;) at += await conn.write(piece.subarray(at));
      }
      await conn.closeWrite();
    } catch { /* a server that hangs up first is right to */ }
    await reading;
    clearTimeout(late);
    if (hung) return `no end after ${HANG_MS} ms`;
    return port === "imap" || port === "pop3" ? undefined : wrongReply(concat(answers));
  }
}

/** The first line of SMTP's that is no reply. */
function wrongReply(octets: Uint8Array): string | undefined {
  const lines = new TextDecoder("latin1").decode(octets).split("\r\n");
  // A connection that was reset may have lost the end of a line.
  return lines.slice(0, -1).find((line) => !/^\d{3}[ -][\x20-\x7e]*$/.test(line));
}

/** The state's opening, then the recording with changes. */
function dialogue(random: Random, recording: Recording, other: Recording, port: PortName): Uint8Array {
  const opening = octetsOf(random.pick(STATES[port] ?? [""]));
  const lines = [...recording.lines];
  for (let changes = random.size(8); changes > 0; changes--) changeLines(random, lines, other.lines);
  return concat([opening, ...lines]);
}

function changeLines(random: Random, lines: Uint8Array[], others: readonly Uint8Array[]): void {
  const at = random.below(lines.length + 1);
  const line = lines[at] ?? random.pick(TOKENS);
  switch (random.below(8)) {
    case 0:
      lines.splice(at, 1);
      return;
    case 1:
      lines.splice(at, 0, line);
      return;
    case 2:
      lines.splice(at, 0, ...others.slice(random.below(others.length), random.below(others.length) + 3));
      return;
    case 3:
      lines[at] = mutate(random, line, random.pick(others));
      return;
    case 4: {
      const cut = random.below(line.length + 1);
      lines[at] = concat([line.subarray(0, cut), random.pick(TOKENS), line.subarray(cut)]);
      return;
    }
    case 5:
      lines[at] = line.subarray(0, random.below(line.length + 1));
      return;
    case 6: {
      const copy = line.slice();
      if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
      lines[at] = copy;
      return;
    }
    default: {
      const to = random.below(lines.length + 1);
      const [moved] = lines.splice(at, 1);
      if (moved !== undefined) lines.splice(to, 0, moved);
    }
  }
}

/** What clients say in the transcripts. */
function recordings(): readonly Recording[] {
  const folder = new URL("../transcripts/", import.meta.url);
  const found: Recording[] = [];
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".md")) continue;
    const text = Deno.readTextFileSync(new URL(name, folder));
    const protocol = /^[a-z0-9]+/.exec(name)![0];
    if (protocol === "imap") {
      for (const { steps } of dialoguesOf(text)) {
        const lines = steps.filter((step) => step.who === "client").map((step) => octetsOf(step.text));
        if (lines.length > 0) found.push({ ports: ["imap"], lines });
      }
      continue;
    }
    const ports: readonly PortName[] = protocol === "smtp" ? ["smtp", "submission"] : [protocol as PortName];
    for (const { lines } of readDialogues(text, protocol)) {
      const said = lines.flatMap(({ kind, text }) =>
        kind === "C" ? [concat([escaped(text), octetsOf("\r\n")])] : kind === "c" ? [escaped(text)] : []
      );
      // A large one would be most of the run.
      if (said.length > 0 && concat(said).length < 32_768) found.push({ ports, lines: said });
    }
  }
  return found;
}

if (import.meta.main) {
  const report = await fuzzDialogues({
    seconds: numberOption(Deno.args, "seconds") ?? (Deno.args.includes("--count") ? 86_400 : 60),
    count: numberOption(Deno.args, "count") ?? Infinity,
    seed: numberOption(Deno.args, "seed") ?? 1,
    lanes: numberOption(Deno.args, "lanes") ?? 32,
    only: numberOption(Deno.args, "only"),
  });
  console.log(
    `${report.dialogues} dialogues, ${report.octets} octets, slowest (ms): ${JSON.stringify(report.slowest)}`,
  );
  console.log(`slow: ${report.slow.map(({ index, port, ms }) => `${index} (${port}) ${ms} ms`).join(", ")}`);
  console.log(`resident MiB: ${report.rss.map(({ dialogues, mib }) => `${mib} at ${dialogues}`).join(", ")}`);
  for (const failure of report.failures) console.log(`FAILED: ${failure}`);
  Deno.exit(report.failures.length === 0 ? 0 : 1);
}

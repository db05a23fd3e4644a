/**
 * Mutated recordings of SMTP, Submission, LMTP, IMAP and POP3 dialogues, in every state, against a whole server:
 *
 *     deno run -A tests/fuzz/dialogue_fuzz.ts [--seconds 60] [--count N] [--seed N] [--lanes N] [--only INDEX]
 *         [--port NAME]
 *
 * The recordings are the transcripts. The same seed gives the same dialogues. A long run by hand: `--count 1000000`. The
 * slowest dialogues are named; `--only` plays one of them alone, on a fresh server; `--port` leaves out all others'.
 */
import { octetsOf } from "../../src/bytes/ascii.ts";
import { events, get, imap, processTree, read, runs, send, sleep } from "../node/support.ts";
import type { LineClient } from "../support/line_client.ts";
import { type PortName, startServer, type TestServer } from "../support/server.ts";
import { concat } from "../support/transcript.ts";
import { dialogue, OTHER, recordings, USER } from "./dialogues.ts";
import { numberOption } from "./mime_fuzz.ts";
import { Random } from "./random.ts";

/** What a run found. */
export interface DialogueReport {
  readonly dialogues: number;
  readonly octets: number;
  /** Milliseconds from the first octet to the server's last, the longest of each port; without those for passwords. */
  readonly slowest: Readonly<Record<string, number>>;
  /** Dialogues in which a password was wrong: these wait for their hash, and it for a rest, so they are slow. */
  readonly passwords: number;
  /** Of the others, those that took over a second, by themselves or because the machine was busy. */
  readonly late: number;
  /** The slowest of the others: played alone (`only`), one shows whether it was slow by itself. */
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
  /** Only dialogues with this listener. */
  readonly port?: string | undefined;
}

/** A server that has not ended a dialogue by then hangs; wrong passwords wait for their hashes, on a busy machine long. */
const HANG_MS = 120_000;
const FAILURES = 20;
/** So many dialogues on, what they left in the mailboxes is taken away: else a long run reads more and more. */
const TIDY_EVERY = 500;
/** Messages that stay. */
const KEPT = 10;
/** Tries of a login that is to tidy up. */
const LOGINS = 100;
/** Slow dialogues that a report names. */
const SLOW = 8;
/** Milliseconds within which everything is to be answered. */
const LATE_MS = 1_000;
/** How SMTP, IMAP and POP3 say that a password was wrong, or that too many wait to be checked. */
const REFUSED = /^(?:535 |454 |\S+ NO \[(?:AUTHENTICATIONFAILED|UNAVAILABLE)|-ERR \[(?:AUTH|SYS))/m;

const plenty = (limit: string) => `limits.${limit}=1000000000`;

/** Runs against a server of its own. */
export async function fuzzDialogues(options: DialogueOptions): Promise<DialogueReport> {
  await using server = await startServer({
    settings: [
      // Two or three lines a dialogue would be most of the memory of a long run, ours.
      "log.level=warn",
      ...["auth.allow_plaintext=true", "limits.smtp.bad_command_delay=0", "limits.lmtp.bad_command_delay=0"],
      ...["limits.smtp.refused_recipient_delay=0", "limits.store.search_rest=0", "limits.store.read_rest=0"],
      ...["limits.imap.session.bad_delay_ms=0", "limits.imap.session.auth_delay_ms=0"],
      ...["limits.pop3.bad_delay_ms=0", "limits.throttle.account_delay_ms=0"],
      // All come from one address. It is not exempt: whoever was wrong before is then checked last and seldom, and the
      // hashes of wrong passwords, which would be most of the time, are a twentieth of it.
      ...["net.connections_per_address", "net.new_per_minute", "smtp.messages", "throttle.address_minute"]
        .map(plenty),
      ...["throttle.address_day", "throttle.address_waiting", "throttle.account_hour"].map(plenty),
      ...["imap.session.per_account_and_address"].map(plenty),
      ...["limits.hash.queue=2", "limits.hash.busy_ms=0", "limits.hash.suspect_rest=20"],
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
  #passwords = 0;
  #late = 0;
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
    const sampling = setInterval(() => this.#sample(), Math.min(Math.max(1_000, seconds * 20), 30_000));
    const lane = async () => {
      while (performance.now() < until && this.#next < last && this.#failures.length < FAILURES) {
        await this.#dialogue(this.#next++);
        if (this.#done % TIDY_EVERY === 0) await this.#tidyAll();
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
      passwords: this.#passwords,
      late: this.#late,
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

  async #tidyAll(): Promise<void> {
    for (const user of [USER, OTHER]) {
      await this.#tidy(user).catch((error) =>
        this.#failures.push(`cannot tidy up: ${(error as Error).message}`)
      );
    }
  }

  /** Deletes messages but the oldest, and mailboxes; whatever another dialogue holds stays for the next time. */
  async #tidy(user: string): Promise<void> {
    await using client = await this.#login(user);
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

  /** Where the passwords of dialogues wait to be checked, this one may have to come again. */
  async #login(user: string): Promise<LineClient> {
    for (let tries = 1;; tries++) {
      try {
        return await imap(this.server.ports.imap, user);
      } catch (error) {
        if (tries === LOGINS || !(error as Error).message.includes("[UNAVAILABLE]")) throw error;
        await sleep(100);
      }
    }
  }

  async #dialogue(index: number): Promise<void> {
    const random = new Random(this.options.seed, index);
    const recording = random.pick(this.#recordings);
    const port = random.pick(recording.ports);
    if (port !== (this.options.port ?? port)) return;
    const octets = dialogue(random, recording, random.pick(this.#recordings), port);
    this.#octets += octets.length;
    this.#done++;
    const began = performance.now();
    const answers: Uint8Array[] = [];
    const played = await this.#play(port, octets, random, answers).catch((error) => (error as Error).message);
    const ms = Math.round(performance.now() - began),
      said = new TextDecoder("latin1").decode(concat(answers));
    const fault = played ?? (port === "imap" || port === "pop3" ? undefined : wrongReply(said));
    if (REFUSED.test(said)) this.#passwords++;
    else this.#took({ index, port, ms });
    if (fault !== undefined) {
      this.#failures.push(`${port} dialogue ${index}: ${fault}`);
      Deno.writeFileSync(
        `${Deno.env.get("TMPDIR") ?? "/tmp"}/dialogue-fuzz-${this.options.seed}-${index}`,
        octets,
      );
    }
  }

  #took(one: Slow): void {
    const { port, ms } = one;
    this.#slowest[port] = Math.max(this.#slowest[port] ?? 0, ms);
    if (ms > LATE_MS) this.#late++;
    if (this.#slow.length === SLOW && ms <= this.#slow.at(-1)!.ms) return;
    this.#slow = [...this.#slow, one].sort((a, b) => b.ms - a.ms).slice(0, SLOW);
  }

  /** Sends, closes its side, and reads to the end; gives what went wrong. */
  async #play(
    port: PortName,
    octets: Uint8Array,
    random: Random,
    answers: Uint8Array[],
  ): Promise<string | undefined> {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: this.server.ports[port] });
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
    return hung ? `no end after ${HANG_MS} ms` : undefined;
  }
}

/** The first line of SMTP's that is no reply. */
function wrongReply(said: string): string | undefined {
  // A connection that was reset may have lost the end of a line.
  return said.split("\r\n").slice(0, -1).find((line) => !/^\d{3}[ -][\x20-\x7e]*$/.test(line));
}

if (import.meta.main) {
  const report = await fuzzDialogues({
    seconds: numberOption(Deno.args, "seconds") ?? (Deno.args.includes("--count") ? 86_400 : 60),
    count: numberOption(Deno.args, "count") ?? Infinity,
    seed: numberOption(Deno.args, "seed") ?? 1,
    lanes: numberOption(Deno.args, "lanes") ?? 32,
    only: numberOption(Deno.args, "only"),
    port: Deno.args.includes("--port") ? Deno.args[Deno.args.indexOf("--port") + 1] : undefined,
  });
  console.log(
    `${report.dialogues} dialogues, ${report.octets} octets, slowest (ms): ${JSON.stringify(report.slowest)}`,
  );
  console.log(`wrong passwords in ${report.passwords}; of the others, over a second: ${report.late}`);
  console.log(`slow: ${report.slow.map(({ index, port, ms }) => `${index} (${port}) ${ms} ms`).join(", ")}`);
  console.log(`resident MiB: ${report.rss.map(({ dialogues, mib }) => `${mib} at ${dialogues}`).join(", ")}`);
  for (const failure of report.failures) console.log(`FAILED: ${failure}`);
  Deno.exit(report.failures.length === 0 ? 0 : 1);
}

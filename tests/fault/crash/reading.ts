/** Reads accounts back by IMAP, and keeps what must never change: UIDVALIDITY, and which message a UID is. */
import { until } from "../../node/support.ts";
import { LineClient } from "../../support/line_client.ts";
import { PASSWORD } from "../../support/server.ts";
import { type Boxes, MAILBOXES } from "./ledger.ts";
import { isWhole, messageOctets, numberOf } from "./messages.ts";

/** What was ever seen of one mailbox. */
interface History {
  uidValidity: number;
  uidNext: number;
  highestModSeq: number;
  /** Numbers of the messages by UID, also of those that are gone. */
  readonly numbers: Map<number, number>;
}

/** The memory of one account's reader. */
export class Reader {
  readonly #histories = new Map<string, History>();
  /** What is there by now: UIDs by mailbox and number. */
  readonly uids = new Map<string, Map<number, number>>();

  constructor(readonly address: string, private readonly seed: number) {}

  /** Reads all mailboxes; gives what is there, and what is wrong by itself. `all`: also octets seen before. */
  async read(
    port: number,
    all = false,
  ): Promise<{ readonly boxes: Boxes; readonly wrong: readonly string[] }> {
    await using client = await patientLogin(port, this.address);
    const boxes: Boxes = new Map();
    const wrong: string[] = [];
    for (const mailbox of MAILBOXES) {
      const history = await this.#select(client, mailbox, wrong);
      const box = new Map<number, string>();
      boxes.set(mailbox, box);
      const flags = await fetchFlags(client);
      const fresh = Array.from(flags.keys()).filter((uid) => all || !history.numbers.has(uid));
      await this.#readOctets(client, mailbox, fresh, wrong);
      const uids = new Map<number, number>();
      for (const [uid, text] of flags) {
        const number = history.numbers.get(uid);
        if (number === undefined) continue;
        if (box.has(number)) wrong.push(`${this.address} ${mailbox}: number ${number} is there twice`);
        box.set(number, text);
        uids.set(number, uid);
      }
      this.uids.set(mailbox, uids);
    }
    return { boxes, wrong };
  }

  async #select(client: LineClient, mailbox: string, wrong: string[]): Promise<History> {
    const text = await lines(client, `s EXAMINE ${mailbox} (CONDSTORE)`, "s");
    const value = (name: string) => Number(new RegExp(`\\[${name} (\\d+)\\]`).exec(text)?.[1]);
    const [uidValidity, uidNext] = [value("UIDVALIDITY"), value("UIDNEXT")];
    const highestModSeq = value("HIGHESTMODSEQ");
    const old = this.#histories.get(mailbox);
    const at = `${this.address} ${mailbox}:`;
    if (old === undefined) {
      const made = { uidValidity, uidNext, highestModSeq, numbers: new Map<number, number>() };
      this.#histories.set(mailbox, made);
      return made;
    }
    if (old.uidValidity !== uidValidity) {
      wrong.push(`${at} UIDVALIDITY ${old.uidValidity} is now ${uidValidity}`);
    }
    if (old.uidNext > uidNext) wrong.push(`${at} UIDNEXT went back from ${old.uidNext} to ${uidNext}`);
    if (old.highestModSeq > highestModSeq) wrong.push(`${at} HIGHESTMODSEQ went back`);
    Object.assign(old, { uidNext, highestModSeq });
    return old;
  }

  async #readOctets(
    client: LineClient,
    mailbox: string,
    uids: readonly number[],
    wrong: string[],
  ): Promise<void> {
    for (let from = 0; from < uids.length; from += 500) {
      const set = uids.slice(from, from + 500).join(",");
      await client.send(new TextEncoder().encode(`f UID FETCH ${set} (UID BODY.PEEK[])\r\n`));
      for (;;) {
        const line = await client.line(/^\* \d+ FETCH|^f /);
        if (line.startsWith("f ")) {
          if (!line.startsWith("f OK")) wrong.push(`${this.address} ${mailbox}: cannot be read: ${line}`);
          break;
        }
        const [, uid, size] = /UID (\d+) BODY\[\] \{(\d+)\}$/.exec(line)!.map(Number);
        const pieces: Uint8Array[] = [];
        await client.octets(size!, (piece) => pieces.push(piece.slice()));
        const octets = new Uint8Array(size!);
        let at = 0;
        for (const piece of pieces) octets.set(piece, at), at += piece.length;
        this.#see(mailbox, uid!, octets, wrong);
      }
    }
  }

  #see(mailbox: string, uid: number, octets: Uint8Array, wrong: string[]): void {
    const at = `${this.address} ${mailbox}: UID ${uid}`;
    const number = numberOf(octets);
    if (number === undefined || !isWhole(octets, messageOctets(this.seed, number))) {
      wrong.push(`${at} is corrupt (number ${number}, ${octets.length} octets)`);
      return;
    }
    this.note(mailbox, uid, number, wrong, "FETCH");
  }

  /** Notes which message has a UID; says so when another one had it before. */
  note(mailbox: string, uid: number, number: number, wrong: string[], by: string): void {
    const numbers = this.#histories.get(mailbox)!.numbers;
    const old = numbers.get(uid);
    if (old !== undefined && old !== number) {
      wrong.push(
        `${this.address} ${mailbox}: UID ${uid} was number ${old} and is now number ${number}, says ${by}`,
      );
    }
    numbers.set(uid, number);
    this.uids.get(mailbox)?.set(number, uid);
  }
}

/** Logs in; again while the database's connections are still those from before its death. */
async function patientLogin(port: number, address: string): Promise<LineClient> {
  let client: LineClient | undefined;
  await until(
    async () => {
      client = await LineClient.connect(port);
      await client.line(/^\* OK/);
      const reply = await client.exchange(`a LOGIN ${address} ${PASSWORD}`, /^a /);
      if (reply.startsWith("a OK")) return true;
      await client[Symbol.asyncDispose]();
      if (!reply.startsWith("a NO [UNAVAILABLE]")) throw new Error(`${address} cannot log in: ${reply}`);
      return false;
    },
    `${address} can log in`,
    60_000,
  );
  return client!;
}

/** Flags by UID, sorted, without \Recent. */
async function fetchFlags(client: LineClient): Promise<Map<number, string>> {
  const text = await lines(client, "g UID FETCH 1:* (UID FLAGS)", "g");
  const flags = new Map<number, string>();
  for (const [, uid, words] of text.matchAll(/^\* \d+ FETCH \(UID (\d+) FLAGS \(([^)]*)\)/gm)) {
    flags.set(
      Number(uid),
      words!.split(" ").filter((word) => word !== "" && word !== "\\Recent").sort().join(" "),
    );
  }
  return flags;
}

/** All lines of an answer. @throws Error when it is not OK. */
async function lines(client: LineClient, command: string, tag: string): Promise<string> {
  await client.send(new TextEncoder().encode(`${command}\r\n`));
  const all: string[] = [];
  for (;;) {
    const line = await client.line(/^/);
    if (line.startsWith(`${tag} OK`)) return [...all, line].join("\n");
    if (line.startsWith(`${tag} `)) throw new Error(`${command}: ${line}`);
    all.push(line);
  }
}

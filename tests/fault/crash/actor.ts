/**
 * One user's traffic: deliveries by SMTP and LMTP, APPEND, STORE, COPY, MOVE, EXPUNGE, POP3's DELE and QUIT, one
 * after the other. It ends with the first operation that is not acknowledged.
 */
import { Random } from "../../fuzz/random.ts";
import { imap, sleep, smtp } from "../../node/support.ts";
import { LineClient } from "../../support/line_client.ts";
import { PASSWORD, type TestServer } from "../../support/server.ts";
import { arrival, flagging, type Ledger, type Operation, removal, transfer } from "./ledger.ts";
import { dotStuffed, messageOctets } from "./messages.ts";
import type { Reader } from "./reading.ts";

/** What all actors share. */
export interface Play {
  readonly seed: number;
  /** The next message's number. */
  readonly nextNumber: () => number;
  /** Gets a copy of each LMTP delivery, from all actors at once. */
  readonly common: Ledger;
  /** Numbers that are acknowledged so far. */
  readonly count: (acknowledged: number) => void;
}

const encoder = new TextEncoder();
const FLAGS = ["\\Answered", "\\Flagged", "\\Seen", "$Forwarded", "$Junk"];
/** A mailbox that holds more is emptied rather than filled. */
const ENOUGH = 400;

/** A client that waits longer has been forgotten: where the database hangs, the answer comes after 20 s. */
const SILENCE_MS = 50_000;

/** A user. */
export class Actor {
  readonly #random: Random;
  #smtp: LineClient | undefined;
  #lmtp: LineClient | undefined;
  #imap: LineClient | undefined;
  #commands = 0;
  #wrong: string[] = [];

  constructor(
    readonly ledger: Ledger,
    readonly reader: Reader,
    private readonly play: Play,
    index: number,
  ) {
    this.#random = new Random(play.seed, 1_000_000 + index);
  }

  /** Works until `isOver` or until an answer does not come; gives what was wrong in acknowledgements. */
  async act(server: TestServer, isOver: () => boolean): Promise<readonly string[]> {
    this.#wrong = [];
    while (!isOver() && !this.ledger.isUncertain) {
      const began = performance.now();
      try {
        await this.#step(server);
      } catch (error) {
        // The end of a connection is an answer too.
        if (performance.now() - began > SILENCE_MS) {
          this.#wrong.push(`${this.ledger.address}: no answer: ${(error as Error).message}`);
        }
        // No connection, or one that had its share of messages (MAILMAX): nothing was asked for.
        await this.#hangUp();
        await sleep(50);
      }
    }
    await this.#hangUp();
    return this.#wrong;
  }

  async #hangUp(): Promise<void> {
    for (const client of [this.#smtp, this.#lmtp, this.#imap]) await client?.[Symbol.asyncDispose]();
    this.#smtp = this.#lmtp = this.#imap = undefined;
  }

  async #step(server: TestServer): Promise<void> {
    const crowded = this.ledger.boxes.get("INBOX")!.size > ENOUGH;
    const dice = this.#random.below(100);
    if (dice < 25) return crowded ? await this.#expunge(server) : await this.#bySmtp(server);
    if (dice < 45) return crowded ? await this.#expunge(server) : await this.#byLmtp(server);
    if (dice < 60) return await this.#append(server);
    if (dice < 78) return await this.#store(server);
    if (dice < 84) return await this.#transfer(server, false);
    if (dice < 92) return await this.#transfer(server, true);
    if (dice < 99) return await this.#expunge(server);
    return await this.#byPop3(server);
  }

  async #bySmtp(server: TestServer): Promise<void> {
    this.#smtp ??= await smtp(server.ports.smtp);
    const client = this.#smtp;
    const number = this.play.nextNumber();
    await this.#begin(client, [this.ledger.address]);
    await this.#ask(arrival("SMTP", "INBOX", number), async () => {
      await client.send(dotStuffed(messageOctets(this.play.seed, number)));
      return (await client.line(/^\d{3} /)).startsWith("250 ");
    });
  }

  async #byLmtp(server: TestServer): Promise<void> {
    if (this.#lmtp === undefined) {
      this.#lmtp = await LineClient.connect(server.ports.lmtp);
      await this.#lmtp.line(/^220 /);
      await this.#lmtp.exchange("LHLO client.test", /^250 /);
    }
    const client = this.#lmtp;
    const number = this.play.nextNumber();
    await this.#begin(client, [this.ledger.address, this.play.common.address]);
    let second = false;
    try {
      await this.#ask(arrival("LMTP", "INBOX", number), async () => {
        await client.send(dotStuffed(messageOctets(this.play.seed, number)));
        return (await client.line(/^\d{3} /)).startsWith("250 ");
      });
      second = await client.line(/^\d{3} /).then((reply) => reply.startsWith("250 "), () => false);
    } finally {
      this.play.common.take(arrival("LMTP", "INBOX", number), second);
      if (second) this.play.count(1);
    }
  }

  async #begin(client: LineClient, recipients: readonly string[]): Promise<void> {
    for (const line of ["MAIL FROM:<a@sender.test>", ...recipients.map((to) => `RCPT TO:<${to}>`), "DATA"]) {
      const reply = await client.exchange(line, /^\d{3} /);
      if (!/^(2|354)/.test(reply)) throw new Error(reply);
    }
  }

  async #append(server: TestServer): Promise<void> {
    const client = await this.#selected(server);
    const number = this.play.nextNumber();
    const octets = messageOctets(this.play.seed, number);
    const mailbox = this.#random.pick(["INBOX", "Kept"]);
    const flag = this.#random.pick(FLAGS);
    await this.#ask(arrival("APPEND", mailbox, number, flag), async () => {
      const tag = this.#tag();
      await client.send(encoder.encode(`${tag} APPEND ${mailbox} (${flag}) {${octets.length}+}\r\n`));
      await client.send(octets);
      await client.send(encoder.encode("\r\n"));
      const reply = this.#answer(tag, await client.line(/^a\d+ /), `APPEND of number ${number}`);
      const uid = /^OK \[APPENDUID \d+ (\d+)\]/.exec(reply)?.[1];
      if (uid !== undefined) this.reader.note(mailbox, Number(uid), number, this.#wrong, "APPENDUID");
      return reply.startsWith("OK");
    });
  }

  async #store(server: TestServer): Promise<void> {
    const flag = this.#random.pick(FLAGS);
    const numbers = this.#pick((flags) => !flags.split(" ").includes(flag));
    if (numbers.length === 0) return;
    await this.#command(server, flagging("INBOX", numbers, flag), numbers, (set) => {
      return `UID STORE ${set} +FLAGS.SILENT (${flag})`;
    });
  }

  async #transfer(server: TestServer, move: boolean): Promise<void> {
    const kept = this.ledger.boxes.get("Kept")!;
    const numbers = this.#pick((_, number) => !kept.has(number));
    if (numbers.length === 0) return;
    const verb = move ? "MOVE" : "COPY";
    await this.#command(server, transfer("INBOX", "Kept", numbers, move), numbers, (set) => {
      return `UID ${verb} ${set} Kept`;
    });
  }

  /** \Deleted first, which is an operation of its own; UID EXPUNGE then. */
  async #expunge(server: TestServer): Promise<void> {
    const numbers = this.#pick((flags) => !flags.includes("\\Deleted"));
    if (numbers.length === 0) return;
    await this.#command(server, flagging("INBOX", numbers, "\\Deleted"), numbers, (set) => {
      return `UID STORE ${set} +FLAGS.SILENT (\\Deleted)`;
    });
    if (this.ledger.isUncertain) return;
    await this.#command(server, removal("EXPUNGE", "INBOX", numbers), numbers, (set) => {
      return `UID EXPUNGE ${set}`;
    });
  }

  /** Removes the oldest messages; a session of a server that died may still hold the maildrop: then it does not. */
  async #byPop3(server: TestServer): Promise<void> {
    await using client = await LineClient.connect(server.ports.pop3);
    const answer = /^(\+OK|-ERR)/;
    await client.line(answer);
    await client.exchange(`USER ${this.ledger.address}`, answer);
    const reply = await client.exchange(`PASS ${PASSWORD}`, answer);
    if (reply.startsWith("-ERR")) return;
    const oldest = Array.from(this.reader.uids.get("INBOX") ?? [])
      .filter(([number]) => this.ledger.boxes.get("INBOX")!.has(number)).sort(([, a], [, b]) => a - b);
    // Without a database there is no list, and no dot behind it.
    if ((await client.exchange("UIDL", answer)).startsWith("-ERR")) return;
    const names: string[] = [];
    for (let line = await client.line(/^/); line !== "."; line = await client.line(/^/)) {
      names.push(line.split(" ")[1]!);
    }
    const chosen = oldest.slice(0, 1 + this.#random.below(5)).filter(([, uid]) =>
      names.some((name) => name.endsWith(`.${uid}`))
    );
    if (chosen.length === 0) return void await client.exchange("QUIT", answer);
    for (const [, uid] of chosen) {
      await client.exchange(`DELE ${names.findIndex((name) => name.endsWith(`.${uid}`)) + 1}`, answer);
    }
    const numbers = chosen.map(([number]) => number);
    await this.#ask(removal("QUIT", "INBOX", numbers), async () => {
      return (await client.exchange("QUIT", answer)).startsWith("+OK");
    });
  }

  async #command(
    server: TestServer,
    operation: Operation,
    numbers: readonly number[],
    command: (set: string) => string,
  ): Promise<void> {
    const client = await this.#selected(server);
    const uids = this.reader.uids.get("INBOX")!;
    const set = numbers.map((number) => uids.get(number)!).join(",");
    await this.#ask(operation, async () => {
      const tag = this.#tag();
      const reply = await client.exchange(`${tag} ${command(set)}`, /^a\d+ /);
      return this.#answer(tag, reply, `${operation.name}: ${command(set)}`).startsWith("OK");
    });
  }

  #tag(): string {
    return `a${++this.#commands}`;
  }

  /** The answer without its tag, which must be the command's. */
  #answer(tag: string, reply: string, command: string): string {
    const [own, rest] = [reply.slice(0, tag.length + 1), reply.slice(tag.length + 1)];
    if (own !== `${tag} `) {
      this.#wrong.push(`${this.ledger.address}: ${tag} ${command} was answered by ${reply}`);
    }
    return rest;
  }

  /** Asks for an operation, and takes down whether it was acknowledged. */
  async #ask(operation: Operation, ask: () => Promise<boolean>): Promise<void> {
    let acknowledged = false;
    try {
      acknowledged = await ask();
    } finally {
      this.ledger.take(operation, acknowledged);
      if (acknowledged) this.play.count(1);
    }
  }

  async #selected(server: TestServer): Promise<LineClient> {
    if (this.#imap !== undefined) return this.#imap;
    const client = this.#imap = await imap(server.ports.imap, this.ledger.address);
    const reply = await client.exchange("b SELECT INBOX", /^b /);
    if (!reply.startsWith("b OK")) throw new Error(reply);
    return client;
  }

  /** Some messages of INBOX whose UIDs are known. */
  #pick(may: (flags: string, number: number) => boolean): readonly number[] {
    const uids = this.reader.uids.get("INBOX") ?? new Map();
    const able = Array.from(this.ledger.boxes.get("INBOX")!)
      .filter(([number, flags]) => uids.has(number) && may(flags, number)).map(([number]) => number);
    const count = 1 + this.#random.size(12);
    return Array.from({ length: Math.min(count, able.length) }, () => {
      return able.splice(this.#random.below(able.length), 1)[0]!;
    });
  }
}

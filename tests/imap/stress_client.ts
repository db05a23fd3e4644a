/** An IMAP client that believes what the server tells it, and notices whatever cannot be true. */
import { assert } from "@std/assert";
import { uidsIn } from "./random.ts";

/** What a session has switched on. */
export type Mode = "rev1" | "rev2" | "condstore" | "qresync" | "uidonly" | "uidonly qresync";

/** What each mode enables. */
export const ENABLED: Readonly<Record<Mode, readonly string[]>> = {
  "rev1": [],
  "rev2": ["ENABLE IMAP4rev2"],
  "condstore": ["ENABLE CONDSTORE"],
  "qresync": ["ENABLE IMAP4rev2 QRESYNC"],
  "uidonly": ["ENABLE UIDONLY"],
  "uidonly qresync": ["ENABLE UIDONLY QRESYNC"],
};

/** A session that is logged in, over whatever connection. */
export interface StressSession {
  /** Sends a command; gives all lines up to its completion, without the tag. */
  run(command: string): Promise<readonly string[]>;
  /** Sends octets as they are. */
  send(text: string): void | Promise<void>;
  /** Lines that come by themselves, up to one that starts so. */
  until(start: string): Promise<readonly string[]>;
}

/** What all clients together know of one mailbox: what must never change, whoever looks. */
export class SharedMailbox {
  uidValidity = 0;
  /** The subject of each UID: a UID means one message for ever (RFC 9051 §2.3.1.1). */
  readonly subjects = new Map<number, string>();
  /** UIDs that APPENDUID and COPYUID have told: each once. */
  readonly given = new Set<number>();
}

/** One message of the client's view; undefined: not asked for yet. */
interface Seen {
  uid: number | undefined;
  flags: string | undefined;
  modSeq: number;
}

/** The selected mailbox as the client knows it. */
export class StressClient {
  /** By sequence number, from 1. */
  view: Seen[] = [];
  mailbox = "";
  highest = 0;
  /** UIDs that were told as gone: they never come back. */
  #gone = new Set<number>();

  constructor(
    readonly name: string,
    readonly mode: Mode,
    readonly session: StressSession,
    readonly shared: Map<string, SharedMailbox>,
  ) {}

  /** True when VANISHED stands for EXPUNGE. */
  get vanishes(): boolean {
    return this.mode.includes("qresync") || this.uidOnly;
  }

  get uidOnly(): boolean {
    return this.mode.startsWith("uidonly");
  }

  get knowsModSeqs(): boolean {
    return this.mode !== "rev1" && this.mode !== "rev2" && this.mode !== "uidonly";
  }

  /** Runs a command and takes in everything that came; gives the tagged answer. */
  async run(command: string): Promise<string> {
    const lines = await this.session.run(command);
    this.hear(lines, command);
    const answer = lines.at(-1)!;
    assert(!answer.startsWith("BAD"), this.#complain(command, answer));
    return answer;
  }

  /** Selects a mailbox and forgets the one before. */
  async select(mailbox: string): Promise<void> {
    this.view = [];
    this.#gone = new Set();
    this.highest = 0;
    this.mailbox = mailbox;
    const answer = await this.run(`SELECT ${mailbox}`);
    assert(answer.startsWith("OK"), this.#complain("SELECT", answer));
  }

  /** Asks for what it does not know of its messages. */
  async learn(): Promise<void> {
    if (!this.view.some(({ uid, flags }) => uid === undefined || flags === undefined)) return;
    const items = this.knowsModSeqs ? "(UID FLAGS MODSEQ ENVELOPE)" : "(UID FLAGS ENVELOPE)";
    await this.run(`UID FETCH 1:* ${items}`);
  }

  /** Idles until something is told, or for a while. */
  async idle(ms: number): Promise<void> {
    await this.session.send("idle IDLE\r\n");
    this.hear((await this.session.until("+ ")).slice(0, -1), "IDLE");
    await new Promise((resolve) => setTimeout(resolve, ms));
    await this.session.send("DONE\r\n");
    const lines = await this.session.until("idle ");
    this.hear(lines.slice(0, -1), "IDLE");
    assert(lines.at(-1)!.startsWith("idle OK"), this.#complain("IDLE", lines.at(-1)!));
  }

  /** Takes answers in, in order. */
  hear(lines: readonly string[], command: string): void {
    // RFC 9051 §7.5.1: while these run, numbers must keep their meaning.
    const holds = /^(FETCH|STORE|SEARCH) /.test(command);
    for (const line of lines) {
      const complain = this.#complain(command, line);
      this.#code(line, complain);
      const [, number, what] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH|UIDFETCH|RECENT)/.exec(line) ?? [];
      const n = Number(number);
      if (what === "EXISTS") this.#exists(n, complain);
      else if (what === "EXPUNGE") {
        assert(!holds && !this.vanishes, complain);
        this.#expunge(n, complain);
      } else if (what === "FETCH" || what === "UIDFETCH") this.#fetch(n, what === "UIDFETCH", line, complain);
      const vanished = /^\* VANISHED ([\d:,]+)$/.exec(line)?.[1];
      if (vanished !== undefined) {
        assert(!holds && this.vanishes, complain);
        for (const uid of uidsIn(vanished)) this.#vanish(uid, complain);
      }
      const found = /^\* (?:E?SEARCH)(?: \(TAG "\w+"\))?( UID)?(?: ALL)?((?: [\d:,]+)*)$/.exec(line);
      if (found !== null) this.#found(command.startsWith("UID"), found[2]!.trim(), complain);
      assert(!line.startsWith("* BYE"), complain);
    }
  }

  /** The view as text, to be compared. */
  get summary(): readonly string[] {
    return this.view.map(({ uid, flags }) => `${uid} ${flags}`);
  }

  #exists(count: number, complain: string): void {
    assert(count >= this.view.length, complain);
    while (this.view.length < count) this.view.push({ uid: undefined, flags: undefined, modSeq: 0 });
  }

  #expunge(seq: number, complain: string): void {
    assert(seq >= 1 && seq <= this.view.length, complain);
    const [gone] = this.view.splice(seq - 1, 1);
    if (gone?.uid !== undefined) this.#gone.add(gone.uid);
  }

  #vanish(uid: number, complain: string): void {
    let at = this.view.findIndex((seen) => seen.uid === uid);
    if (at < 0) at = this.#unknownAt(uid);
    assert(at >= 0 && !this.#gone.has(uid), complain);
    this.view.splice(at, 1);
    this.#gone.add(uid);
  }

  #fetch(n: number, byUid: boolean, line: string, complain: string): void {
    assert(byUid === this.uidOnly, complain);
    const told = / ?UID (\d+)/.exec(line)?.[1];
    const uid = byUid ? n : told === undefined ? undefined : Number(told);
    const seq = byUid ? this.#seqOf(n) : n;
    assert(seq >= 1 && seq <= this.view.length, complain);
    const seen = this.view[seq - 1]!;
    if (uid !== undefined) {
      assert((seen.uid ?? uid) === uid && !this.#gone.has(uid), complain);
      const before = this.view.slice(0, seq - 1).findLast((one) => one.uid !== undefined)?.uid ?? 0;
      const behind = this.view.slice(seq).find((one) => one.uid !== undefined)?.uid ?? Infinity;
      assert(before < uid && uid < behind, complain);
      seen.uid = uid;
    }
    const flags = /FLAGS \(([^)]*)\)/.exec(line)?.[1];
    if (flags !== undefined) seen.flags = flags.split(" ").sort().join(" ");
    const modSeq = Number(/MODSEQ \((\d+)\)/.exec(line)?.[1] ?? 0);
    if (modSeq > 0) {
      assert(modSeq >= seen.modSeq, complain);
      seen.modSeq = modSeq;
    }
    const subject = /"(m\d+)"/.exec(line)?.[1];
    if (subject !== undefined && seen.uid !== undefined) {
      const { subjects } = this.shared.get(this.mailbox)!;
      assert((subjects.get(seen.uid) ?? subject) === subject, complain);
      subjects.set(seen.uid, subject);
    }
  }

  /** The first place that a message may have whose UID was not asked for yet; -1: there is none. */
  #unknownAt(uid: number): number {
    const behind = this.view.findLastIndex((seen) => seen.uid !== undefined && seen.uid < uid) + 1;
    const at = this.uidOnly ? this.view.findIndex((seen) => seen.uid === undefined) : behind;
    return at < this.view.length && this.view[at]?.uid === undefined ? at : -1;
  }

  /** Where a UID stands. Without sequence numbers, what is not known yet stands at the end. */
  #seqOf(uid: number): number {
    const known = this.view.findIndex((seen) => seen.uid === uid);
    if (known >= 0) return known + 1;
    const unknown = this.#unknownAt(uid);
    if (unknown < 0) return 0;
    const [seen] = this.view.splice(unknown, 1);
    const behind = this.view.findLastIndex((one) => one.uid !== undefined && one.uid < uid) + 1;
    this.view.splice(behind, 0, seen!);
    return behind + 1;
  }

  #found(byUid: boolean, set: string, complain: string): void {
    if (set === "") return;
    const unknown = this.view.some((seen) => seen.uid === undefined);
    for (const n of uidsIn(set.replaceAll(" ", ","))) {
      if (byUid) assert(unknown || this.view.some((seen) => seen.uid === n), complain);
      else assert(n >= 1 && n <= this.view.length, complain);
    }
  }

  #code(line: string, complain: string): void {
    const highest = Number(/\[HIGHESTMODSEQ (\d+)\]/.exec(line)?.[1] ?? 0);
    if (highest > 0 && this.vanishes) {
      assert(highest >= this.highest, complain);
      this.highest = highest;
    }
    const validity = Number(/\[UIDVALIDITY (\d+)\]/.exec(line)?.[1] ?? 0);
    const box = this.shared.get(this.mailbox);
    if (validity > 0 && box !== undefined) {
      if (box.uidValidity === 0) box.uidValidity = validity;
      assert(box.uidValidity === validity, complain);
    }
    const [, of, sources, targets] = /\[(?:APPENDUID|COPYUID) (\d+)(?: ([\d:,]+))? ([\d:,]+)\]/.exec(line) ??
      [];
    if (of === undefined) return;
    const given = [...uidsIn(targets!)];
    if (sources !== undefined) assert([...uidsIn(sources)].length === given.length, complain);
    const target = [...this.shared.values()].find((one) => one.uidValidity === Number(of));
    for (const uid of given) {
      assert(target === undefined || !target.given.has(uid), complain);
      target?.given.add(uid);
    }
  }

  #complain(command: string, line: string): string {
    return `${this.name} (${this.mode}) in ${this.mailbox}, after "${command}": ${line}\nview: ${
      this.view.map(({ uid }) => uid ?? "?").join(" ")
    }`;
  }
}

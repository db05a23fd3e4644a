import { Cursor } from "../bytes/cursor.ts";
import { LineParser } from "../bytes/lines.ts";
import { type Fault, item, NEED, type Step } from "../core/step.ts";
import type { Command } from "./command.ts";
import { type DataDefect, DataReader } from "./data.ts";
import {
  auth,
  bare,
  base64,
  bdat,
  burl,
  hello,
  ignoring,
  mail,
  rcpt,
  type ReadArguments,
  withString,
} from "./grammar/commands.ts";
import { broken, isFault } from "./grammar/fault.ts";
import { peer } from "./grammar/peer.ts";
import type { SmtpLimits } from "./limits.ts";

/** What the client sent, piece by piece. */
export type Item =
  | { readonly kind: "command"; readonly command: Command }
  /** A response in an AUTH exchange, decoded; undefined: the client cancels with `*`. */
  | { readonly kind: "response"; readonly octets: Uint8Array | undefined }
  /** Octets of a message: a view, valid until the next `push`. */
  | { readonly kind: "content"; readonly octets: Uint8Array }
  /** The end of DATA's message or of BDAT's chunk. */
  | { readonly kind: "end"; readonly defect: DataDefect | undefined };

const END: Step<Item> = Object.freeze({ kind: "item", value: { kind: "end", defect: undefined } as const });

/** The four letters of a verb as one number; letters of both cases give the same. */
function key(verb: string): number {
  let value = 0;
  for (let i = 0; i < 4; i++) value = value << 8 | verb.charCodeAt(i);
  return value & FOLD;
}
const FOLD = 0xdfdfdfdf | 0;

/** What reads the arguments of each four-letter verb. */
const VERBS: ReadonlyMap<number, ReadArguments> = new Map([
  [key("EHLO"), hello("EHLO")],
  [key("HELO"), hello("HELO")],
  [key("LHLO"), hello("LHLO")],
  [key("MAIL"), mail],
  [key("RCPT"), rcpt],
  [key("DATA"), bare("DATA")],
  [key("BDAT"), bdat],
  [key("BURL"), burl],
  [key("RSET"), bare("RSET")],
  [key("NOOP"), ignoring("NOOP")],
  [key("QUIT"), bare("QUIT")],
  [key("HELP"), ignoring("HELP")],
  [key("VRFY"), withString("VRFY")],
  [key("EXPN"), withString("EXPN")],
  [key("ETRN"), withString("ETRN")],
  [key("AUTH"), auth],
]);
const AUTH = key("AUTH"), BDAT = key("BDAT");

/** The longer verbs: what follows their first four letters, and what reads their arguments. */
const LONG_VERBS: ReadonlyMap<number, { readonly rest: string; readonly read: ReadArguments }> = new Map([
  [key("STAR"), { rest: "TTLS", read: bare("STARTTLS") }],
  [key("XCLI"), { rest: "ENT", read: peer("XCLIENT") }],
  [key("XFOR"), { rest: "WARD", read: peer("XFORWARD") }],
]);

const UNKNOWN = broken("unknown command", "Command not known");
/** Methods of HTTP: somebody makes a browser talk to us. */
const FOREIGN: readonly string[] = ["GET ", "POST ", "PUT ", "HEAD ", "CONNECT ", "OPTIONS "];
const NOT_SMTP = broken("not SMTP", "This is a mail server, not a web server", true);
const LINE_TOO_LONG: Step<Item> = {
  kind: "fault",
  fault: { rule: "line too long", text: "Line too long", fatal: false },
};

/**
 * Reads SMTP and LMTP from octets: command lines, responses of an AUTH exchange, the message behind DATA and the
 * chunks behind BDAT.
 *
 * A chunk is read because its BDAT command was read, whatever the session answers, so refused octets cannot
 * become commands. DATA and AUTH need the session's word: `expectData`, `expectResponse`.
 */
export class SmtpParser {
  readonly #limits: SmtpLimits;
  readonly #lines: LineParser;
  #data: DataReader | undefined;
  /** Octets of the chunk that are still to come; -1: no chunk. */
  #chunkLeft = -1;
  #response = false;

  constructor(limits: SmtpLimits) {
    this.#limits = limits;
    this.#lines = new LineParser({ line: Math.max(limits.commandLine, limits.saslLine) - 2, bare: "fault" });
  }

  /** True when nothing is held that the client sent: what STARTTLS must find (RFC 3207 §4.2). */
  get empty(): boolean {
    return this.#lines.empty;
  }

  /** True while octets of a message are expected. */
  get receiving(): boolean {
    return this.#data !== undefined || this.#chunkLeft >= 0;
  }

  /** Feeds octets; call only after `next` said `need`. */
  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** What follows is the message of DATA. */
  expectData(): void {
    this.#data = new DataReader({ line: this.#limits.dataLine, bareNewline: this.#limits.bareNewline });
  }

  /** What follows is one line of an AUTH exchange. */
  expectResponse(): void {
    this.#response = true;
  }

  /** The next item. */
  next(): Step<Item> {
    if (this.#data !== undefined) return this.#nextData(this.#data);
    if (this.#chunkLeft >= 0) return this.#nextChunk();
    const step = this.#lines.next();
    if (step.kind !== "item") {
      if (step.kind === "fault") this.#response = false;
      return step;
    }
    if (this.#response) {
      this.#response = false;
      return this.#responseIn(step.value);
    }
    return this.#commandIn(step.value);
  }

  #nextData(data: DataReader): Step<Item> {
    for (;;) {
      const step = data.next();
      if (step.kind === "item") return item({ kind: "content", octets: step.value });
      if (step.kind === "end") {
        this.#lines.untake(data.rest);
        this.#data = undefined;
        return item({ kind: "end", defect: data.defect });
      }
      const chunk = this.#lines.take(Infinity);
      if (chunk.length === 0) return NEED;
      data.push(chunk);
    }
  }

  #nextChunk(): Step<Item> {
    if (this.#chunkLeft === 0) {
      this.#chunkLeft = -1;
      return END;
    }
    const octets = this.#lines.take(this.#chunkLeft);
    if (octets.length === 0) return NEED;
    this.#chunkLeft -= octets.length;
    return item({ kind: "content", octets });
  }

  #responseIn(line: Uint8Array): Step<Item> {
    if (line.length === 1 && line[0] === 0x2a) return item({ kind: "response", octets: undefined });
    const octets = base64(line, 0, line.length);
    return isFault(octets) ? { kind: "fault", fault: octets } : item({ kind: "response", octets });
  }

  #commandIn(line: Uint8Array): Step<Item> {
    const verb = line.length < 4 ? 0 : (line[0]! << 24 | line[1]! << 16 | line[2]! << 8 | line[3]!) & FOLD;
    // A chunk size that nobody reads loses framing: such a BDAT goes on to its grammar, and fails there.
    if (line.length > this.#limits.commandLine - 2 && verb !== AUTH && verb !== BDAT) return LINE_TOO_LONG;
    let end = line.length;
    // RFC 5321 §4.1.1: white space at the end of a line is to be taken.
    while (end > 0 && (line[end - 1] === 0x20 || line[end - 1] === 0x09)) end--;
    const found = readCommand(line, end, verb);
    if (isFault(found)) return { kind: "fault", fault: found };
    if (found.name === "BDAT") this.#chunkLeft = found.size;
    return item({ kind: "command", command: found });
  }
}

/** Reads the command of a line whose first four letters are `verb`. */
function readCommand(line: Uint8Array, end: number, verb: number): Command | Fault {
  const c = new Cursor(line, 4, end);
  if (end >= 4 && endsAt(line, end, 4)) return VERBS.get(verb)?.(c) ?? unknown(line, end);
  const long = LONG_VERBS.get(verb);
  if (long !== undefined && c.eatFold(long.rest) && endsAt(line, end, c.at)) return long.read(c);
  return unknown(line, end);
}

function endsAt(line: Uint8Array, end: number, at: number): boolean {
  return end === at || line[at] === 0x20;
}

function unknown(line: Uint8Array, end: number): Fault {
  return FOREIGN.some((method) => new Cursor(line, 0, end).eatFold(method)) ? NOT_SMTP : UNKNOWN;
}

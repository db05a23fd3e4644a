/** Dialogues for the fuzzer: what clients say in the transcripts, changed, in every state of a connection. */
import { octetsOf } from "../../src/bytes/ascii.ts";
import { dialoguesOf } from "../support/imap_transcript.ts";
import { PASSWORD, type PortName } from "../support/server.ts";
import { concat, octetsOf as escaped, readDialogues } from "../support/transcript.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** The accounts that are talked about. */
export const USER = "alice@example.test", OTHER = "bob@example.test";

/** A recording: what the client sent, a line each. */
export interface Recording {
  readonly ports: readonly PortName[];
  readonly lines: readonly Uint8Array[];
}

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

/** The state's opening, then the recording with changes. */
export function dialogue(random: Random, recording: Recording, other: Recording, port: PortName): Uint8Array {
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
export function recordings(): readonly Recording[] {
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

/** The hot path of IMAP: commands in, FETCH lines out. */
import { Gather } from "../src/bytes/gather.ts";
import { FetchLine } from "../src/imap/encode/mod.ts";
import { AFTER_LOGIN } from "../src/imap/limits.ts";
import { CommandParser } from "../src/imap/parser.ts";

const ENCODER = new TextEncoder();
const parser = new CommandParser({ limits: AFTER_LOGIN, mode: { utf8: false } });

function parse(octets: Uint8Array): void {
  parser.push(octets);
  for (let step = parser.next(); step.kind !== "need"; step = parser.next()) {
    if (step.kind === "fault") throw new Error(step.fault.text);
    if (step.value.kind === "append") parser.accept();
  }
}

const COMMANDS: readonly (readonly [string, string])[] = [
  ["NOOP", "A1 NOOP\r\n"],
  ["LOGIN", "A1 LOGIN user@example.test secret\r\n"],
  ["LOGIN, two literals", "A1 LOGIN {17+}\r\nuser@example.test {6+}\r\nsecret\r\n"],
  ["UID FETCH 1:* (FLAGS)", "A1 UID FETCH 1:* (FLAGS)\r\n"],
  [
    "UID FETCH as clients list a folder",
    "A1 UID FETCH 1:500 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY.PEEK[HEADER.FIELDS (References)])\r\n",
  ],
  ["UID STORE +FLAGS.SILENT", "A1 UID STORE 5,7,9:12 +FLAGS.SILENT (\\Seen $Forwarded)\r\n"],
  [
    "UID SEARCH, six keys",
    'A1 UID SEARCH UNSEEN SINCE 1-Feb-2024 OR FROM "smith" TO "smith" NOT DELETED\r\n',
  ],
  ["FETCH of 1000 ranges", `A1 FETCH ${Array.from({ length: 1000 }, (_, i) => i * 3 + 1).join()} FLAGS\r\n`],
];

for (const [name, text] of COMMANDS) {
  const octets = ENCODER.encode(text);
  Deno.bench(`parse ${name}`, { group: "parse" }, () => parse(octets));
}

const CHUNK = new Uint8Array(65_536).fill(0x61);
const HEAD = ENCODER.encode("A1 APPEND INBOX (\\Seen) {10485760+}\r\n");
const TAIL = ENCODER.encode("\r\n");
Deno.bench("parse APPEND of 10 MiB in chunks of 64 KiB", { group: "append" }, () => {
  parse(HEAD);
  for (let i = 0; i < 160; i++) parse(CHUNK);
  parse(TAIL);
});

const LINES = 1000;
const out = new Gather();
const line = new FetchLine(out);
const ENVELOPE = ENCODER.encode(
  '("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" ' +
    '(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ' +
    '(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ' +
    '((NIL NIL "minutes" "CNRI.Reston.VA.US")) NIL NIL "<B27397-0100000@cac.washington.ed>")',
);

Deno.bench(`encode ${LINES} × UID FLAGS`, { group: "encode" }, () => {
  for (let i = 1; i <= LINES; i++) {
    line.begin(i, i);
    line.uid(i + 10_000);
    line.flags(i & 31, [], []);
    line.end();
  }
  out.take();
});

Deno.bench(
  `encode ${LINES} × UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE ENVELOPE`,
  { group: "encode" },
  () => {
    for (let i = 1; i <= LINES; i++) {
      line.begin(i, i);
      line.uid(i + 10_000);
      line.flags(i & 31, [], []);
      line.modSeq(5_000_000 + i);
      line.internalDate(1_700_000_000_000 + i * 60_000);
      line.size(2048 + i);
      line.envelope(ENVELOPE);
      line.end();
    }
    out.take();
  },
);

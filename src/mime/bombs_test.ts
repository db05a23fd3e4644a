/**
 * Messages made to cost more than they are worth. Each is made while it is parsed and never whole in memory, so
 * that what memory grows by is what the parser keeps.
 */
import { assert, assertEquals } from "@std/assert";
import { cpuUsage } from "node:process";
import { allParts } from "../../tests/corpus/samples.ts";
import { encodeBodyStructure } from "./body_structure.ts";
import { encodeEnvelope } from "./envelope.ts";
import { headerText } from "./header_text.ts";
import { MIME_LIMITS } from "./limits.ts";
import { packParts } from "./pack.ts";
import { MessageParser, type ParsedMessage } from "./parser.ts";
import { recipientLists } from "./recipients.ts";
import { sortKeys } from "./sort_keys.ts";
import { summarize } from "./summary.ts";
import { threadKeys } from "./thread.ts";

/** Milliseconds of processor time: far more than any of these needs, and far less than a quadratic one takes. */
const BOUND = 10_000;
/** Octets by which resident memory may grow; the largest of the messages has 100 MB. */
const MEMORY = 64 * 1024 * 1024;
const CHUNK = 64 * 1024;

/** Milliseconds of processor time so far: a machine that has other work to do, or stands still, does not count. */
function spent(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

type Pieces = Iterable<string>;

/** The text `piece` gives for 0, 1, 2 … */
function* each(count: number, piece: (i: number) => string): Generator<string> {
  for (let i = 0; i < count; i++) yield piece(i);
}

/** `piece` so many times, some thousand characters at a time. */
function* repeated(piece: string, count: number): Generator<string> {
  const most = Math.ceil(8192 / piece.length);
  const many = piece.repeat(most);
  for (let left = count; left > 0; left -= most) yield left < most ? piece.repeat(left) : many;
}

/** Parses a message of pieces, whose lines end in LF, and derives what delivery, lists and search derive of its header. */
function explode(name: string, ...pieces: readonly (string | Pieces)[]): ParsedMessage {
  const before = Deno.memoryUsage().rss;
  let most = 0;
  const begun = spent();
  const parser = new MessageParser();
  const chunk = new Uint8Array(CHUNK);
  const encoder = new TextEncoder();
  let filled = 0, chunks = 0;
  const flush = () => {
    parser.push(chunk.subarray(0, filled));
    filled = 0;
    if (chunks++ % 64 === 0) most = Math.max(most, Deno.memoryUsage().rss - before);
  };
  for (
    const piece of pieces.flatMap((some): readonly Pieces[] => [typeof some === "string" ? [some] : some])
  ) {
    for (let text of piece) {
      text = text.replaceAll("\n", "\r\n");
      while (text !== "") {
        const { read, written } = encoder.encodeInto(text, chunk.subarray(filled));
        filled += written;
        text = text.slice(read);
        if (text !== "") flush();
      }
    }
  }
  flush();
  const parsed = parser.finish();
  packParts(parsed.root);
  encodeBodyStructure(parsed.root, true);
  for (const derive of [encodeEnvelope, summarize, headerText, sortKeys, threadKeys, recipientLists]) {
    derive(parsed.header);
  }
  most = Math.max(most, Deno.memoryUsage().rss - before);
  const took = spent() - begun;
  assert(took < BOUND, `${name} took ${took.toFixed(0)} ms`);
  assert(most < MEMORY, `${name} took ${(most / 1_048_576).toFixed(0)} MiB`);
  return parsed;
}

const MIXED = "Content-Type: multipart/mixed; boundary=";

Deno.test("bombs of parts and depth cost bounded time and memory", () => {
  const nested = each(10_000, (i) => `${MIXED}b${i}.\n\n--b${i}.\n`);
  assertEquals(allParts(explode("10,000 nested multiparts", nested).root).length, MIME_LIMITS.depth + 1);
  const messages = explode("10,000 nested messages", repeated("Content-Type: message/rfc822\n\n", 10_000));
  assertEquals(allParts(messages.root).length, MIME_LIMITS.depth + 1);
  for (
    const [name, part] of [["1,000,000 parts", "--b\n\nx\n"], ["1,000,000 empty parts", "--b\n"]] as const
  ) {
    const { root, defects } = explode(name, `${MIXED}b\n\n`, repeated(part, 1_000_000));
    assertEquals(allParts(root).length, MIME_LIMITS.parts);
    assert(defects.some(({ kind }) => kind === "too many parts"));
  }
});

Deno.test("bombs of fields, parameters, comments and groups cost bounded time and memory", () => {
  const fields = explode("1,000,000 fields", repeated("X: y\n", 1_000_000), "\nbody\n");
  assertEquals(fields.root.bodyEnd - fields.root.bodyStart, "body\r\n".length);
  explode("one field of 1,000,000 lines", "Subject: x\n", repeated(" y\n", 1_000_000), "\nbody\n");
  const pieces = each(100_000, (i) => `;\n name*${i}=${i}`);
  explode("100,000 RFC 2231 pieces", "Content-Type: text/plain", pieces, "\n\nbody\n");
  explode(
    "100 MB of boundary parameters",
    `${MIXED}a`,
    repeated(";\n boundary=aaaaaaaa", 5_000_000),
    "\n\n--a\n",
  );
  for (const field of ["From: ", "Date: ", "Content-Type: ", "Message-ID: ", "References: "]) {
    explode(`${field}1,000,000 comments deep`, field, repeated("(", 1_000_000), "\n\nbody\n");
    explode(`${field}1,000,000 quotes`, field, repeated('"', 999_999), "\n\nbody\n");
  }
  explode("1,000,000 groups in one another", "To: ", repeated("a:", 1_000_000), "\n\nbody\n");
  explode("1,000,000 groups", "To: ", repeated("a:b@c;,\n ", 1_000_000), "\n\nbody\n");
  explode("1,000,000 angles", "To: ", repeated("<", 1_000_000), "\n\nbody\n");
  explode("1,000,000 encoded words", "Subject: ", repeated("=?utf-8?q?a?=\n ", 1_000_000), "\n\nbody\n");
  explode("1,000,000 half encoded words", "Subject: ", repeated("=?utf-8?q?a", 1_000_000), "\n\nbody\n");
  explode("1,000,000 replies", "Subject: ", repeated("re[a]: [b] fw: ", 1_000_000), "\n\nbody\n");
});

Deno.test("bombs of lines that look like boundaries cost bounded time and memory", () => {
  const long = "b".repeat(200);
  const open = (boundary: (i: number) => string) =>
    each(MIME_LIMITS.depth - 1, (i) => `${MIXED}${boundary(i)}\n\n--${boundary(i)}\n`);
  const numbered = (i: number) => long + String(i).padStart(2, "0");
  // In the second, no two boundaries that were opened after one another begin alike.
  const split = (i: number) => (i % 2 === 0 ? "" : "c") + numbered(i);
  for (const [which, boundary] of [["all boundaries", numbered], ["every other boundary", split]] as const) {
    const lookalikes = repeated(`--${long}xx\n`, 500_000);
    const { root } = explode(`100 MB that begin like ${which}`, open(boundary), "\n", lookalikes);
    assertEquals(allParts(root).length, MIME_LIMITS.depth);
    assert(allParts(root).at(-1)!.lines >= 500_000);
  }
  explode("100 MB that are one line of dashes", `${MIXED}b\n\n`, repeated("-".repeat(1000), 100_000));
  explode("100 MB of lines of dashes", `${MIXED}b\n\n`, repeated("--\n".repeat(100), 250_000));
  explode("100 MB of boundaries half a line away", `${MIXED}b\n\n`, repeated(`x--${long}\n`, 500_000));
});

/**
 * Megabytes a second of this server's MIME parser beside npm's postal-mime and mailparser, on one core:
 *
 *     deno run -A bench/mime_compare.ts [--json] [--seconds 2]
 *
 * The others decode everything whenever they parse, so that ours stands in four columns: the structure with offsets; all
 * that delivery derives; `decoded`, the structure with the fields of its header and all parts decoded, which is what
 * postal-mime does; and `everything`, which is delivery and `decoded` with what nobody else makes: text for search,
 * without markup, and a preview. Processor time counts, and of several rounds the middle one.
 */
import { Buffer } from "node:buffer";
import { cpuUsage } from "node:process";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";
import {
  attachments,
  createTransferDecoder,
  decodeBody,
  encodeBodyStructure,
  envelopeAndDate,
  headerText,
  MessageParser,
  packParts,
  parameterText,
  parseDate,
  type ParsedMessage,
  type Part,
  partText,
  preview,
  previewPart,
  summarize,
} from "../src/mime/mod.ts";
import { MESSAGES } from "./mime_messages.ts";

const CHUNK = 64 * 1024;

function structure(message: Uint8Array): ParsedMessage {
  const parser = new MessageParser();
  for (let at = 0; at < message.length; at += CHUNK) parser.push(message.subarray(at, at + CHUNK));
  return parser.finish();
}

/** As `store/message.ts` does. */
function delivery(message: Uint8Array): ParsedMessage {
  const parsed = structure(message);
  const { date } = envelopeAndDate(parsed.header);
  if (date !== undefined) parseDate(date);
  encodeBodyStructure(parsed.root, true);
  packParts(parsed.root);
  return parsed;
}

function decodedOnly(message: Uint8Array): void {
  const parsed = structure(message);
  summarize(parsed.header);
  attachments(parsed.root);
  decodeAll(parsed.root, message, wholeText);
}

function everything(message: Uint8Array): void {
  const parsed = delivery(message);
  summarize(parsed.header);
  headerText(parsed.header);
  attachments(parsed.root);
  const shown = previewPart(parsed.root);
  if (shown !== undefined) preview(shown, message.subarray(shown.bodyStart, shown.bodyEnd));
  decodeAll(parsed.root, message, partText);
}

/** The text of a part with its markup. */
function wholeText(part: Part, octets: Uint8Array): string {
  const decoder = createTransferDecoder(part.encoding);
  const body = decoder?.push(octets) ?? octets, rest = decoder?.finish();
  const whole = rest === undefined || rest.length === 0 ? body : Buffer.concat([body, rest]);
  return decodeBody(whole, parameterText(part.params, "charset"));
}

function decodeAll(
  part: Part,
  message: Uint8Array,
  textOf: (part: Part, octets: Uint8Array) => string,
): void {
  if (part.children.length > 0) part.children.forEach((child) => decodeAll(child, message, textOf));
  else if (part.type === "text") textOf(part, message.subarray(part.bodyStart, part.bodyEnd));
  else {
    const decoder = createTransferDecoder(part.encoding);
    for (let at = part.bodyStart; at < part.bodyEnd; at += CHUNK) {
      decoder?.push(message.subarray(at, Math.min(at + CHUNK, part.bodyEnd)));
    }
    decoder?.finish();
  }
}

const PARSERS: readonly (readonly [string, (message: Uint8Array) => unknown])[] = [
  ["structure", structure],
  ["delivery", delivery],
  ["decoded", decodedOnly],
  ["everything", everything],
  ["postal-mime 4.0.0", (message) => PostalMime.parse(message)],
  [
    "mailparser 3.14.2",
    (message) => simpleParser(Buffer.from(message.buffer, message.byteOffset, message.length)),
  ],
];

const ROUNDS = 9;
const at = Deno.args.indexOf("--seconds");
const seconds = at < 0 ? 1 : Number(Deno.args[at + 1]);

/** Octets a second of one round, by the time that the processor spent on this process, all its threads. */
async function round(
  parse: (message: Uint8Array) => unknown,
  message: Uint8Array,
  ms: number,
): Promise<number> {
  const start = spent();
  let octets = 0, now = start;
  // The clock is dear: it is read once a megabyte or so.
  const times = Math.max(1, Math.min(256, Math.floor(1_000_000 / message.length)));
  do {
    for (let i = 0; i < times; i++) {
      const result = parse(message);
      if (result instanceof Promise) await result;
    }
    octets += times * message.length;
    now = spent();
  } while (now - start < ms);
  return octets / (now - start) * 1000;
}

/** Milliseconds of processor time. */
function spent(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

/** The middle rate of each message, for one parser. */
async function rates(parse: (message: Uint8Array) => unknown): Promise<number[]> {
  const middles: number[] = [];
  for (const [, message] of MESSAGES) {
    await round(parse, message, 1500 * seconds); // warms up, compiling included
    const rounds: number[] = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(parse, message, 1000 * seconds / ROUNDS));
    middles.push(rounds.sort((a, b) => a - b)[ROUNDS >> 1]!);
  }
  return middles;
}

/** Each parser has a process of its own, so that none pays for what another left in memory. */
function inChild(which: number): number[] {
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename!, "--child", String(which), "--seconds", String(seconds)],
    stderr: "inherit",
  }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout));
}

const child = Deno.args.indexOf("--child");
if (child >= 0) {
  console.log(JSON.stringify(await rates(PARSERS[Number(Deno.args[child + 1])]![1])));
  Deno.exit();
}

const columns = PARSERS.map((_, which) => inChild(which));
const shown = (rate: number) => (rate / 1e6).toPrecision(3);
if (Deno.args.includes("--json")) {
  const rows = MESSAGES.flatMap(([message, octets], row) =>
    PARSERS.map(([parser], which) => ({
      message,
      octets: octets.length,
      parser,
      megabytesPerSecond: Number(shown(columns[which]![row]!)),
    }))
  );
  console.log(JSON.stringify(rows, undefined, 1));
} else {
  const wide = (text: string) => text.padStart(19);
  const wider = (text: string) => text.padStart(25);
  const ratio = (n: number) => n < 10 ? n.toFixed(1) : n.toFixed(0);
  console.log(
    "MB/s".padEnd(37) +
      PARSERS.map(([name]) => wide(name)).join("") + ["× postal-mime", "× mailparser"].map(wider).join(""),
  );
  MESSAGES.forEach(([name, octets], row) => {
    const of = columns.map((column) => column[row]!);
    // How many times quicker each of ours is than each of theirs.
    const times = [4, 5].map((their) => [0, 1, 2, 3].map((our) => ratio(of[our]! / of[their]!)).join(" / "));
    const label = `${name} (${octets.length})`.padEnd(37);
    console.log(
      label + of.map((rate) => wide(Number(shown(rate)).toString())).join("") + times.map(wider).join(""),
    );
  });
}

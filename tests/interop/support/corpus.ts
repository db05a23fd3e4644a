/** The messages that every client sends and reads, and the comparison of their octets. */
import { join } from "node:path";
import { concat } from "../../support/transcript.ts";
import { assertEquals, assertMatch } from "@std/assert";

/** One message. */
export interface Sample {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** How many files of the shared corpus go along. */
const SAMPLED = 60;
/** Larger ones are left out: `two megabytes` is large enough, and each message goes through every client. */
const LARGEST = 200_000;

const encoder = new TextEncoder();
const HEADER =
  "From: Sender <sender@remote.test>\r\nTo: you@example.test\r\nDate: Tue, 3 Feb 2026 10:00:00 +0100\r\n";
/** A message of a header and `body`, whose lines end in LF here. */
function mail(name: string, body: string, fields = ""): Sample {
  const head = `${HEADER}Message-ID: <${
    name.replaceAll(" ", ".")
  }@remote.test>\r\nSubject: ${name}\r\n${fields}`;
  return { name, octets: encoder.encode(`${head}\r\n${body.replaceAll("\n", "\r\n")}`) };
}

const TEXT =
  "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";

/** Made here: each is about one thing that clients and servers get wrong. */
export const BUILT_IN: readonly Sample[] = [
  mail("plain", "Hello.\n"),
  mail("dots", ".\n..\n...\n.dot\n\n.\n..dot dot\n. \nQUIT\n.\nend\n"),
  mail("last line is a dot", "one\n."),
  mail("long lines", `${"x".repeat(998)}\n${"y".repeat(4000)}\n.${"z".repeat(998)}\n`),
  mail("utf-8 body", "Grüße, καλημέρα, おはよう, 😀\n", TEXT),
  mail("latin-1 octets", "", TEXT.replace("utf-8", "iso-8859-1")),
  mail("empty body", ""),
  mail("empty lines", "\n\n\n \n\t\n\n"),
  mail("from lines", "From here\n>From there\nFrom nobody Mon Jan  1 00:00:00 2026\n"),
  mail("no final newline", "the end"),
  mail("spaces", "trailing  \n\ttab\t\n  leading\n"),
  mail("folded", "x\n", "X-Folded: one\r\n two\r\n\tthree\r\nX-Empty:\r\nX-Blank: \r\n"),
  mail(
    "attachment",
    attachment(30_000),
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n',
  ),
  mail("two megabytes", "0123456789abcdef".repeat(4).concat("\n").repeat(32_000)),
].map((sample) =>
  sample.name === "latin-1 octets"
    ? { name: sample.name, octets: concat([sample.octets, Uint8Array.of(0xe9, 0xe8, 0xff, 0x80, 13, 10)]) }
    : sample
);

/** Only a header, without the empty line behind it: some clients add that line. */
export const HEADER_ONLY: Sample = {
  name: "header only",
  octets: encoder.encode(`${HEADER}Message-ID: <header.only@remote.test>\r\nSubject: header only\r\n`),
};

function attachment(size: number): string {
  const octets = Uint8Array.from({ length: size }, (_, i) => (i * i + 7 * i) % 251);
  const lines = octets.toBase64().match(/.{1,76}/g)!.join("\n");
  return `preamble\n--=_b\nContent-Type: text/plain\n\nSee the attachment.\n--=_b\n` +
    `Content-Type: application/octet-stream; name="a b.bin"\nContent-Transfer-Encoding: base64\n` +
    `Content-Disposition: attachment; filename*=utf-8''a%20%C3%A4.bin\n\n${lines}\n--=_b--\nepilogue\n`;
}

let sampled: readonly Sample[] | undefined;

/**
 * The built-in messages and, where the shared corpus is at hand, a sample of it: files at even distances in the
 * list of all of them, line ends made CRLF, and a final one added, as every one of these clients does.
 */
export async function corpus(): Promise<readonly Sample[]> {
  sampled ??= await sample();
  return [...BUILT_IN, ...sampled];
}

async function sample(): Promise<readonly Sample[]> {
  const root = new URL("../../..", import.meta.url).pathname;
  for (const place of ["../shared/corpus/messages", "../../shared/corpus/messages"]) {
    const folder = join(root, place);
    const paths = await filesUnder(folder).catch(() => undefined);
    if (paths === undefined) continue;
    paths.sort();
    const samples: Sample[] = [];
    const step = paths.length / SAMPLED;
    for (let i = 0; i < SAMPLED; i++) {
      const path = paths[Math.floor(i * step)]!;
      const octets = await Deno.readFile(path);
      if (octets.length <= LARGEST) {
        samples.push({ name: path.slice(folder.length + 1), octets: crlf(octets) });
      }
    }
    return samples;
  }
  console.log("corpus: no ../shared/corpus, only the built-in messages are used");
  return [];
}

async function filesUnder(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) paths.push(...await filesUnder(path));
    else paths.push(path);
  }
  return paths;
}

/** With CRLF for each line end, CR, LF or CRLF, and one at the end. */
export function crlf(octets: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i]!;
    if (octet !== 13 && octet !== 10) out.push(octet);
    else {
      out.push(13, 10);
      if (octet === 13 && octets[i + 1] === 10) i++;
    }
  }
  if (out.at(-1) !== 10) out.push(13, 10);
  return Uint8Array.from(out);
}

/** Octets with LF for each CRLF: what clients that deliver to files make of a message. */
export function lf(octets: Uint8Array): Uint8Array {
  return octets.filter((octet, i) => octet !== 13 || octets[i + 1] !== 10);
}

/** With a final CRLF, which a message must have to go through DATA (RFC 5321 §4.1.1.4). */
export function ended(octets: Uint8Array): Uint8Array {
  const { length } = octets;
  return octets[length - 2] === 13 && octets[length - 1] === 10
    ? octets
    : concat([octets, Uint8Array.of(13, 10)]);
}

/** SHA-256 in hexadecimal. */
export async function sha256(octets: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets as Uint8Array<ArrayBuffer>)).toHex();
}

/** The trace fields of one delivery, and what a submission lacked; nothing else. */
const TRACE =
  /^Return-Path: <[^\r\n]*>\r\nReceived: from [^\r\n]+\r\n\tby [^\r\n]+\r\n(?:\tfor <[^\r\n]+>;\r\n)?\t[^\r\n]+\r\n(?:Date: [^\r\n]+\r\n)?(?:Message-ID: [^\r\n]+\r\n)?$/;

/**
 * Fails unless `received` is our trace fields and then exactly `sent`. `lines` is the line end in which the
 * client keeps messages.
 */
export async function assertDelivered(
  received: Uint8Array,
  sent: Uint8Array,
  name: string,
  lines: "crlf" | "lf" = "crlf",
): Promise<void> {
  const expected = lines === "crlf" ? sent : lf(sent);
  const trace = new TextDecoder().decode(received.subarray(0, received.length - expected.length));
  await assertSame(received.subarray(received.length - expected.length), expected, name);
  const shown = `${name}: before the octets sent stands ${JSON.stringify(trace)}`;
  assertMatch(lines === "crlf" ? trace : trace.replaceAll("\n", "\r\n"), TRACE, shown);
}

/** Fails unless both are the same octets; shows where they part. */
export async function assertSame(actual: Uint8Array, expected: Uint8Array, name: string): Promise<void> {
  if (await sha256(actual) === await sha256(expected)) return;
  let at = 0;
  while (at < actual.length && actual[at] === expected[at]) at++;
  const show = (octets: Uint8Array) =>
    `${octets.length} octets, … ${
      JSON.stringify(new TextDecoder("latin1").decode(octets.subarray(Math.max(0, at - 40), at + 60)))
    }`;
  assertEquals(show(actual), show(expected), `${name}: the octets differ from ${at} on`);
}

/** Without the first line that begins with each of those names and a colon: fields that some clients add. */
export function withoutFields(octets: Uint8Array, names: readonly string[]): Uint8Array {
  const latin1 = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
  const text = names.reduce(
    (rest, name) => rest.replace(new RegExp(`^${name}: ?[^\\n]*\\n`, "m"), ""),
    latin1,
  );
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

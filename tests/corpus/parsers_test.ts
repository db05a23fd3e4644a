/**
 * How often we read a message as other parsers' own repositories expect it: Apache James mime4j and Stalwart's
 * mail-parser. DIFFERENCES.md explains the rest. The corpus is not part of the repository.
 */
import { assertEquals } from "@std/assert";
import { latin1, octetsOf, utf8 } from "../../src/bytes/ascii.ts";
import {
  createTransferDecoder,
  decodeBody,
  decodeWords,
  findField,
  isMessage,
  parameterText,
  parseAddressList,
  type Part,
  summarize,
} from "../../src/mime/mod.ts";
import { findCorpus, readMessage } from "./corpus.ts";
import { MAIL_PARSER, MIME4J } from "./differences.ts";
import { type ComparedMessage, type ComparedPart, theirMessage } from "./mail_parser.ts";
import { type Mime4jPart, readMime4j } from "./mime4j.ts";
import { parseIn } from "./samples.ts";

const corpus = findCorpus();
const ignore = corpus === undefined;

function read(path: string): Uint8Array {
  return Deno.readFileSync(new URL(path.split("/").map(encodeURIComponent).join("/"), corpus));
}

function list(path: string, end: string): string[] {
  const names = Array.from(Deno.readDirSync(new URL(`${path}/`, corpus)), ({ name }) => name);
  return names.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)).sort();
}

Deno.test({
  name: "mail-parser: header, tree, offsets, names, but for the differences that are listed",
  ignore,
  fn() {
    const differ: string[] = [];
    let messages = 0;
    for (const folder of ["legacy", "malformed", "rfc", "thirdparty"]) {
      const path = `stalwartlabs+mail-parser/resources/eml/${folder}`;
      const sources = new Set(list(`messages/${path}`, ".eml"));
      for (const name of list(`expected/${path}`, ".crlf.json")) {
        if (!sources.has(name)) continue; // the same message as another one of the corpus
        const theirs = theirMessage(JSON.parse(utf8(read(`expected/${path}/${name}.crlf.json`))));
        const ours = ourMessage(readMessage(corpus!, `messages/${path}/${name}.eml`));
        messages++;
        for (const what of differences(theirs, ours)) differ.push(`${folder}/${name} ${what}`);
      }
    }
    assertEquals(messages, 106);
    assertEquals(differ, MAIL_PARSER);
  },
});

function ourMessage(message: Uint8Array): ComparedMessage {
  const { root, header } = parseIn(64 * 1024, message);
  const { subject, sent, messageId } = summarize(header);
  const text = (octetString: string | undefined) => decodeWords(octetsOf(octetString ?? ""));
  const addresses = (name: string) =>
    parseAddressList(findField(header, name) ?? new Uint8Array(0)).flatMap((one) => {
      if (one.kind !== "mailbox") return [];
      const domain = one.domain === undefined ? "" : `@${text(one.domain)}`;
      return [`${text(one.name)} <${text(one.local)}${domain}>`];
    });
  return {
    subject,
    from: addresses("from"),
    to: addresses("to"),
    date: sent?.epochMs,
    messageId: messageId?.slice(1, -1),
    root: ourPart(root),
  };
}

function ourPart(part: Part): ComparedPart {
  return {
    type: `${part.type}/${part.subtype}`,
    children: part.children.map(ourPart),
    offsets: [part.bodyStart, part.bodyEnd],
    filename: parameterText(part.disposition?.params ?? [], "filename") ?? parameterText(part.params, "name"),
    id: part.id?.replaceAll(/^<|>$/g, ""),
  };
}

/** Names of what differs, once each. */
function differences(theirs: ComparedMessage, ours: ComparedMessage): Set<string> {
  const found = new Set<string>();
  for (const key of ["subject", "from", "to", "date", "messageId"] as const) {
    if (JSON.stringify(theirs[key]) !== JSON.stringify(ours[key])) found.add(key);
  }
  const pairs: [ComparedPart, ComparedPart][] = [[theirs.root, ours.root]];
  for (const [their, our] of pairs) {
    if (their.type !== "none" && their.type !== our.type) found.add("type");
    if (their.filename !== our.filename) found.add("filename");
    if (their.id !== our.id) found.add("id");
    // The line end behind a closing delimiter belongs to the part that it closes, here as in Dovecot and Cyrus.
    const [[start, end], [ourStart, ourEnd]] = [their.offsets, our.offsets];
    if (start !== ourStart || (end !== ourEnd && end + 2 !== ourEnd)) found.add("offsets");
    if (their.children.length !== our.children.length) found.add("parts");
    else their.children.forEach((child, i) => pairs.push([child, our.children[i]!]));
  }
  return found;
}

Deno.test({
  name: "mime4j: tree and decoded bodies, but for the differences that are listed",
  ignore,
  fn() {
    const differ: string[] = [];
    let messages = 0;
    let bodies = 0;
    for (const folder of ["mimetools-testmsgs", "testmsgs"]) {
      const expected = `expected/apache+james-mime4j/core/src/test/resources/${folder}`;
      for (const name of list(expected, "_decoded.xml")) {
        messages++;
        // mime4j's tests read the file as it stands.
        const message = read(`${expected}/${name}.msg`);
        const theirs = readMime4j(utf8(read(`${expected}/${name}_decoded.xml`)));
        const { root } = parseIn(64 * 1024, message);
        const leaves: [Mime4jPart, Part][] = [];
        if (!sameTree(theirs.children[0], root, leaves)) {
          differ.push(`${folder}/${name} parts`);
          continue;
        }
        for (const [their, our] of leaves) {
          bodies++;
          const want = read(`${expected}/${their.file}`);
          const body = transferDecoded(our, message);
          const text = decodeBody(body, parameterText(our.params, "charset"));
          if (!sameText(latin1(body), latin1(want)) && !sameText(text, utf8(want))) {
            differ.push(`${folder}/${name} ${their.file}`);
          }
        }
      }
    }
    assertEquals([messages, bodies], [80, 154]);
    assertEquals(differ, MIME4J);
  },
});

/** mime4j writes the lines of text parts with CRLF. */
function sameText(one: string, other: string): boolean {
  return one === other || one.replaceAll("\r\n", "\n") === other.replaceAll("\r\n", "\n");
}

function sameTree(their: Mime4jPart | undefined, our: Part, leaves: [Mime4jPart, Part][]): boolean {
  if (their === undefined) return false;
  if (their.kind === "leaf") {
    leaves.push([their, our]);
    return our.children.length === 0;
  }
  const message = their.kind === "message";
  if (message !== isMessage(our) || (!message && our.type !== "multipart")) return false;
  return their.children.length === our.children.length &&
    their.children.every((child, i) => sameTree(child, our.children[i]!, leaves));
}

function transferDecoded(part: Part, message: Uint8Array): Uint8Array {
  const body = message.subarray(part.bodyStart, part.bodyEnd);
  const decoder = createTransferDecoder(part.encoding);
  if (decoder === undefined) return body;
  return octetsOf(latin1(decoder.push(body)) + latin1(decoder.finish()));
}

/** What delivery pays per message for MIME, and what a large body costs while it passes by. */
import {
  encodeBodyStructure,
  encodeEnvelope,
  envelopeAndDate,
  headerText,
  MessageParser,
  packParts,
  parseDate,
  partText,
  searchParts,
  summarize,
  unpackParts,
} from "../src/mime/mod.ts";
import { ALTERNATIVE, LARGE, SMALL } from "./mime_messages.ts";

const CHUNK = 64 * 1024;

function parse(message: Uint8Array) {
  const parser = new MessageParser();
  for (let at = 0; at < message.length; at += CHUNK) parser.push(message.subarray(at, at + CHUNK));
  return parser.finish();
}

const small = parse(SMALL);
const alternative = parse(ALTERNATIVE);
const packed = packParts(alternative.root);

Deno.bench("parse a small message (1.3 KB)", { group: "parse" }, () => {
  parse(SMALL);
});
Deno.bench("parse multipart/alternative (5 KB)", { group: "parse" }, () => {
  parse(ALTERNATIVE);
});
Deno.bench("parse a 10 MB attachment in 64 KiB chunks", { group: "parse" }, () => {
  parse(LARGE);
});

Deno.bench("encodeEnvelope", { group: "derive" }, () => {
  encodeEnvelope(small.header);
});
Deno.bench("encodeBodyStructure", { group: "derive" }, () => {
  encodeBodyStructure(alternative.root, true);
});
Deno.bench("packParts", { group: "derive" }, () => {
  packParts(alternative.root);
});
Deno.bench("unpackParts", { group: "derive" }, () => {
  unpackParts(packed);
});
Deno.bench("summarize", { group: "derive" }, () => {
  summarize(small.header);
});
Deno.bench("headerText", { group: "derive" }, () => {
  headerText(small.header);
});
Deno.bench("partText of both alternatives", { group: "derive" }, () => {
  for (const { start, end, part } of searchParts(alternative.root)) {
    partText(part, ALTERNATIVE.subarray(start, end));
  }
});
Deno.bench("all that delivery needs of a small message", { group: "delivery" }, () => {
  const parsed = parse(SMALL);
  const { date } = envelopeAndDate(parsed.header);
  if (date !== undefined) parseDate(date);
  encodeBodyStructure(parsed.root, true);
  packParts(parsed.root);
});

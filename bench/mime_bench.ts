/** What delivery pays per message for MIME, and what a large body costs while it passes by. */
import {
  encodeBodyStructure,
  encodeEnvelope,
  headerText,
  MessageParser,
  packParts,
  partText,
  searchParts,
  summarize,
  unpackParts,
} from "../src/mime/mod.ts";

const octets = (text: string) => new TextEncoder().encode(text.replaceAll("\n", "\r\n"));

const HEADER = `Return-Path: <sender@example.org>
Received: from mx.example.net (mx.example.net [192.0.2.1])
 by mail.example.test (Malleposte) with ESMTPS id 4Zq2Bx0Cz1;
 Tue, 3 Feb 2026 10:00:01 +0100 (CET)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;
 h=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
 b=dGhpcyBpcyBub3QgYSByZWFsIHNpZ25hdHVyZSBidXQgaXQgaXMgYXMgbG9uZyBhcyBvbmU=
From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>
To: "Doe, Jane" <jane@example.test>, team@example.test
Subject: =?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4=?= and some more words
Date: Tue, 3 Feb 2026 10:00:00 +0100
Message-ID: <20260203100000.12345@example.org>
MIME-Version: 1.0
`;
const SMALL = octets(`${HEADER}Content-Type: text/plain; charset=utf-8

Hello Jane,

a short message.
`);
const ALTERNATIVE = octets(`${HEADER}Content-Type: multipart/alternative; boundary="=_b1"

--=_b1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

${"A line of text with =C3=BC in it.\n".repeat(40)}
--=_b1
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

${"<p>A line of <b>text</b> with =C3=BC in it.</p>\n".repeat(40)}
--=_b1--
`);
const LARGE = octets(
  `${HEADER}Content-Type: multipart/mixed; boundary="=_b1"\n\n--=_b1\n\ntext\n--=_b1\n` +
    "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" +
    ("JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\n".repeat(131_072)) +
    "--=_b1--\n",
);
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
  encodeEnvelope(parsed.header);
  encodeBodyStructure(parsed.root, true);
  packParts(parsed.root);
  summarize(parsed.header);
});

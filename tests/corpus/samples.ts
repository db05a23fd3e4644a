/** Messages that between them reach every state of the MIME parser, and hostile pieces to make more of. */
import { MessageParser, type MimeLimits, type ParsedMessage, type Part } from "../../src/mime/mod.ts";

const encoder = new TextEncoder();

/** Octets of a text whose lines end in LF, with CRLF. */
export function mail(text: string): Uint8Array {
  return encoder.encode(text.replaceAll("\n", "\r\n"));
}

/** Parses a message in pieces of `size` octets. */
export function parseIn(size: number, octets: Uint8Array, limits?: MimeLimits): ParsedMessage {
  const parser = new MessageParser(limits);
  // Each piece in a buffer of its own that is wiped afterwards: a view that was kept would show.
  for (let i = 0; i < octets.length; i += size) {
    const piece = octets.slice(i, i + size);
    parser.push(piece);
    piece.fill(0x2d);
  }
  return parser.finish();
}

/** Every part of a tree, parents first. */
export function allParts(root: Part): Part[] {
  const list: Part[] = [root];
  for (let i = 0; i < list.length; i++) list.push(...list[i]!.children);
  return list;
}

/** A message with most of what MIME has. */
export const NESTED = mail(`From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>
To: team: a@example.org, b@example.org;, c@example.org (Carl)
Subject: nested
  folded
Date: Tue, 3 Feb 2026 10:00:00 +0100
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=outer-inner

--outer-inner

plain text
--outer-innerish
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>caf=C3=A9</p>

--outer-inner--
epilogue of the inner one
--outer  
Content-Type: message/rfc822
Content-Disposition: attachment; filename*0="fo";
 filename*1="rwarded.eml"

From: x@example.net
Subject: forwarded
Content-Type: multipart/digest; boundary=dig

--dig

Subject: digest one

one
--dig
Content-Type: text/plain

two
--dig--
--outer
Content-Type: application/octet-stream; name="a b"
Content-Transfer-Encoding: base64
Content-ID: <x@y>
Content-Language: en, de

QUJD
--outer--
epilogue
`);

/** Small messages, many of them broken. */
export const SAMPLES: readonly Uint8Array[] = [
  NESTED,
  mail(""),
  mail("\n"),
  mail("Subject: no end"),
  mail("Subject: a\nContent-Type: text/plain\n\nbody\nlast line without end").subarray(0, -1),
  mail("no header at all\n\nbody\n"),
  encoder.encode(
    "Subject: bare\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n",
  ),
  mail("Content-Type: multipart/mixed; boundary=b\n\n--b"),
  mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n--b--"),
  mail("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n--b--\n"),
  mail(
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n--b--\n",
  ),
  mail(
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\n--b--\n",
  ),
  mail("Content-Type: multipart/mixed\n\nno boundary\n--\n----\n"),
  mail("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: deep\n\nbody\n"),
  mail(`Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n
x\n--ab--\n--a-\n--a\n\ny\n--\n---a\n-\n`),
  encoder.encode("A: b\r\r\n\r\nx\r\r\n\r--b\r\n\0\n\r\n"),
];

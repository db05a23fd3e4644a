/** Messages that the MIME benchmarks parse. */

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
/** What stands on top of mail that went through a list, a filter and two providers. */
const TRACE = Array.from(
  { length: 6 },
  (_, i) =>
    `Received: from relay${i}.example.net (relay${i}.example.net. [198.51.100.${i}])
 by mx${i}.example.com with ESMTPS id d2e1a72fcca58-72d0b3f${i}si1234567b3a.12.2026.02.03.01.00.0${i}
 for <jane@example.test> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
 Tue, 03 Feb 2026 01:00:0${i} -0800 (PST)
ARC-Seal: i=${i + 1}; a=rsa-sha256; t=177010920${i}; cv=pass; d=example.com; s=arc-20240605;
 b=${"QmFzZTY0IG9mIGEgc2lnbmF0dXJlIHRoYXQgbm9ib2R5IG1hZGU".repeat(5)}
Authentication-Results: mx${i}.example.com; dkim=pass header.i=@example.org header.s=s1 header.b=dGhpcyBp;
 spf=pass (example.com: domain of sender@example.org designates 192.0.2.1 as permitted sender);
 dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.org
X-Filter-${i}: score=0.1 required=5.0 tests=BAYES_00,DKIM_SIGNED,DKIM_VALID,HTML_MESSAGE
`,
).join("");

/** A short note of 1.1 KB, nearly all of it header. */
export const SMALL = octets(`${HEADER}Content-Type: text/plain; charset=utf-8

Hello Jane,

a short message.
`);
/** The same after a long way: 7 KB, nearly all of it header. */
export const TRACED = octets(`${TRACE}${HEADER}Content-Type: text/plain; charset=utf-8

Hello Jane,

a short message.
`);
/** Text and HTML in quoted-printable, 5 KB. */
export const ALTERNATIVE = octets(`${HEADER}Content-Type: multipart/alternative; boundary="=_b1"

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
/** Plain text of 1 MB. */
export const TEXT = octets(
  `${HEADER}Content-Type: text/plain; charset=utf-8\n\n${
    "A line of some seventy octets, as people and programs write them to us.\n".repeat(14_000)
  }`,
);
/** An attachment of 10 MB in base64. */
export const LARGE = octets(
  `${HEADER}Content-Type: multipart/mixed; boundary="=_b1"\n\n--=_b1\n\ntext\n--=_b1\n` +
    "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" +
    ("JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\n".repeat(131_072)) +
    "--=_b1--\n",
);

/** By name. */
export const MESSAGES: readonly (readonly [string, Uint8Array])[] = [
  ["short note", SMALL],
  ["note with a long trace", TRACED],
  ["alternative, quoted-printable", ALTERNATIVE],
  ["1 MB of text", TEXT],
  ["10 MB of base64", LARGE],
];

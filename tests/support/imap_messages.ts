/** Messages that the IMAP transcripts find in INBOX. */

const ENCODER = new TextEncoder();

function crlf(text: string): Uint8Array {
  return ENCODER.encode(text.replaceAll("\n", "\r\n"));
}

/** The first is simple, the second has parts, the third holds a message. */
export const MESSAGES: readonly Uint8Array[] = [
  crlf(`From: Ada <ada@example.test>
To: alice@example.test
Subject: First
Date: Thu, 1 Jan 2026 10:00:00 +0000
Message-ID: <1@example.test>

Hello Alice.
`),
  crlf(`From: bob@example.test
To: alice@example.test
Subject: Second
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=cut

--cut
Content-Type: text/plain

Text part
--cut
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=a.bin

AAECAw==
--cut--
`),
  crlf(`From: carol@example.test
Subject: Third
Content-Type: message/rfc822

From: dave@example.test
Subject: Inner

Inner text
`),
];

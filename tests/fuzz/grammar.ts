/** Messages made from the grammar: mostly well formed, with what senders and attackers put in between. */
import type { Random } from "./random.ts";

/** Octets of a message, as an octet string. */
export function grammarMessage(random: Random): string {
  return new Maker(random).message(random.size(6));
}

const WORDS = [
  "Hello",
  "world",
  "re:",
  "Fwd:",
  "[list]",
  "(fwd)",
  "=?utf-8?q?=C3=A9?=",
  "=?utf-8?B?w6k=?=",
  "é",
  "\xff",
  "=?",
  "?=",
  "=?iso-2022-jp?b?GyRC?=",
  '"',
  "\\",
  "(",
  ")",
  "<",
  ">",
  "@",
  ",",
  ";",
  ":",
  "\0",
  "\r",
  "\x1b$B",
  "x".repeat(80),
  "",
  "=?utf-8?q?a",
  "=?x-unknown?q?=ff?=",
  "http://example.org/?a=b&c=d",
];
const CHARSETS = [
  "utf-8",
  "us-ascii",
  "iso-8859-1",
  "koi8-r",
  "gb18030",
  "big5",
  "iso-2022-jp",
  "iso-2022-kr",
  "utf-16",
  "utf-7",
  "shift_jis",
  "euc-kr",
  "windows-1252",
  "x-nothing",
  "",
  "ibm037",
  "hz-gb-2312",
  "utf-32",
  "cp437",
];
const ENCODINGS = [
  "7bit",
  "8bit",
  "binary",
  "base64",
  "quoted-printable",
  "x-uuencode",
  "x-yenc",
  "BASE64 (c)",
  "x",
  "",
];
const LEAVES = [
  "text/plain",
  "text/html",
  "text/html",
  "text/x-any",
  "application/octet-stream",
  "image/png",
  "TEXT/PLAIN",
  "text",
  "/",
  "application/ms-tnef",
  "application/mac-binhex40",
  "text/calendar",
  "text/rfc822-headers",
  "x/y z",
];
const LISTS = ["From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Resent-To"];
const BODIES = [
  "text\r\n",
  "line\n",
  "> quoted\r\n",
  "-- \r\n",
  "--\r\n",
  ".\r\n",
  "<p>html</p>",
  "<b>",
  "</b",
  "<!--",
  "&amp;",
  "&#x110000;",
  "<script>",
  "<style>",
  "=C3=A9",
  "=\r\n",
  "=",
  "=3",
  "QUJD",
  "Zg==",
  "begin 644 x\r\n#0V%T\r\n`\r\nend\r\n",
  "=ybegin line=128 size=3 name=x\r\nabc\r\n=yend size=3\r\n",
  "\x78\x9f\x3e\x22",
  '\x1b$B$"\x1b(B',
  "\xef\xbb\xbf",
  "\xff\xfe",
  "\0",
  "\r",
  "x".repeat(1000),
  " \t \r\n",
  "e\xcc\x81",
  "(This file must be converted with BinHex 4.0)\r\n:#\r\n",
  "On 1.1.2026 x wrote:\r\n",
];

class Maker {
  readonly #random: Random;
  #boundaries = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  message(depth: number): string {
    let header = "";
    for (let fields = this.#random.size(12); fields > 0; fields--) header += this.#field();
    return header + this.#entity(depth);
  }

  #field(): string {
    const random = this.#random;
    switch (random.below(9)) {
      case 0:
        return `Subject: ${this.#text()}\r\n`;
      case 1:
        return `Date: ${this.#date()}\r\n`;
      case 2:
        return `${random.pick(["Message-ID", "In-Reply-To", "References"])}: ${this.#ids()}\r\n`;
      case 3:
        return `Received: from a (b [192.0.2.1])\r\n by c with ESMTP id 1;\r\n ${this.#date()}\r\n`;
      case 4:
        return `X-Any${random.below(9)}: ${this.#text()}\r\n`;
      case 5:
        return random.pick([
          "no colon\r\n",
          ": no name\r\n",
          " continued\r\n",
          "A:\r\n",
          "B :x\n",
          "\rC: d\r\n",
          "-\r\n",
        ]);
      default:
        return `${random.pick(LISTS)}: ${this.#addresses()}\r\n`;
    }
  }

  #text(): string {
    let text = "";
    for (let words = this.#random.size(8); words > 0; words--) {
      text += this.#random.pick(WORDS) + this.#random.pick([" ", " ", " ", "\r\n ", "", "\n\t"]);
    }
    return text;
  }

  #addresses(): string {
    const one = () => {
      const random = this.#random;
      const spec = random.pick([
        "a@b.example",
        '"q \\" q"@b',
        "a.b@[192.0.2.1]",
        "lonely",
        "@b",
        "a@",
        "<@x,@y:a@b>",
        "é@é",
      ]);
      return random.pick([
        spec,
        `Name <${spec}>`,
        `"Q, N" <${spec}>`,
        `${spec} (c (d))`,
        `g: ${spec}, ${spec};`,
        this.#text(),
      ]);
    };
    let list = one();
    for (let more = this.#random.size(6); more > 0; more--) {
      list += this.#random.pick([", ", ",\r\n ", ",,", " "]) + one();
    }
    return list;
  }

  #ids(): string {
    let ids = "";
    for (let i = this.#random.size(5); i >= 0; i--) {
      ids += this.#random.pick(["<a@b>", '<"a"@b>', "<a (c) @b>", "<a", "x", "<>", "<é@b>"]) + " ";
    }
    return ids;
  }

  #date(): string {
    return this.#random.pick([
      "Tue, 3 Feb 2026 10:00:00 +0100",
      "3 Feb 26 10:00 EST",
      "2026-02-03T10:00:00Z",
      "31 Feb 2026",
      "1 Jan 0",
      "Feb 3 10:00:00 2026",
      "(c) 3 (d) Feb 2026",
      "99999 Foo",
      "",
      "3-Feb-2026 10:00:00 -9999",
    ]);
  }

  /** The rest of a header and a body. */
  #entity(depth: number): string {
    const random = this.#random;
    const kind = depth > 0 ? random.below(4) : 3;
    if (kind === 0 || kind === 1) return this.#multipart(depth);
    if (kind === 2) {
      return `Content-Type: message/${random.pick(["rfc822", "global", "RFC822"])}\r\n${this.#common()}\r\n${
        this.message(depth - 1)
      }`;
    }
    if (random.oneIn(8)) return `\r\n${this.#body()}`;
    return `Content-Type: ${random.pick(LEAVES)}${this.#params()}\r\n${this.#common()}\r\n${this.#body()}`;
  }

  #multipart(depth: number): string {
    const random = this.#random;
    const boundary = random.pick([
      "b",
      "bb",
      "=_x",
      "a b",
      "(c)",
      "é",
      "x".repeat(70),
      `n${this.#boundaries++}`,
    ]);
    const subtype = random.pick([
      "mixed",
      "alternative",
      "related",
      "digest",
      "report",
      "signed",
      "parallel",
    ]);
    let text =
      `Content-Type: multipart/${subtype}; boundary="${boundary}"${this.#params()}\r\n${this.#common()}\r\n`;
    if (random.oneIn(4)) text += this.#body() + "\r\n";
    for (let parts = random.size(5); parts >= 0; parts--) {
      text += `--${boundary}${random.pick(["", "", "", "", " ", "x", "-"])}\r\n${this.#entity(depth - 1)}${
        random.pick(["\r\n", "\r\n", "\n", ""])
      }`;
    }
    if (!random.oneIn(6)) text += `--${boundary}--${random.pick(["\r\n", "\r\n", "", "x\r\n"])}`;
    return random.oneIn(6) ? text + this.#body() : text;
  }

  #params(): string {
    const random = this.#random;
    let text = "";
    for (let params = random.size(4); params > 0; params--) {
      text += ";" + random.pick([" ", "\r\n ", "", "; "]) + random.pick([
        `charset=${random.pick(CHARSETS)}`,
        `charset="${random.pick(CHARSETS)}"`,
        'name="a.txt"',
        "name*=utf-8''%C3%A9%",
        "name*0*=utf-8''a",
        "name*1*=%C3",
        "name*2=b",
        "name*01=c",
        'name="=?utf-8?q?=C3=A9?="',
        "format=flowed",
        "delsp=yes",
        "x",
        "=",
        "boundary=b",
        "name*=iso-2022-jp'x'%1B",
        'n="unclosed',
      ]);
    }
    return text;
  }

  #common(): string {
    const random = this.#random;
    let text = "";
    for (let fields = random.size(4); fields > 0; fields--) {
      text += random.pick([
        `Content-Transfer-Encoding: ${random.pick(ENCODINGS)}\r\n`,
        `Content-Disposition: ${random.pick(["inline", "attachment", "x", ""])}${this.#params()}\r\n`,
        `Content-ID: ${this.#ids()}\r\n`,
        `Content-Description: ${this.#text()}\r\n`,
        "Content-Language: en, de (c),,\r\n",
        "Content-Location: http://a/\r\n b\r\n",
        "Content-MD5: x==\r\n",
        "MIME-Version: 1.0\r\n",
        this.#field(),
      ]);
    }
    return text;
  }

  #body(): string {
    let text = "";
    for (let pieces = this.#random.size(12); pieces > 0; pieces--) {
      const piece = this.#random.pick(BODIES);
      text += this.#random.oneIn(40) ? piece.repeat(this.#random.size(200)) : piece;
    }
    return text;
  }
}

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { mail, NESTED, parseIn } from "../../tests/corpus/samples.ts";
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { LANGUAGES, REFERENCES } from "./limits.ts";
import {
  createTransferDecoder,
  FieldScanner,
  foldText,
  headerText,
  htmlToText,
  MIME_LIMITS,
  partText,
  preview,
  previewPart,
  searchParts,
  summarize,
} from "./mod.ts";

Deno.test("FieldScanner walks over fields and passes over what is none", () => {
  const fields = new FieldScanner(
    octetsOf(" lost\r\nA: 1\r\njunk\r\n more\r\nB \t:2\n\t3\r\n: x\r\nC:\r\n\r\nD: 4\r\n"),
  );
  const found: string[] = [];
  while (fields.next()) {
    found.push(latin1(fields.octets, fields.nameStart, fields.nameEnd) + "=" + latin1(fields.value()));
  }
  assertEquals(found, ["A=1", "B=2\t3", "C="]);
});

Deno.test("FieldScanner stops at its limits, exactly", () => {
  const count = (text: string, limits: Partial<typeof MIME_LIMITS>) => {
    const fields = new FieldScanner(octetsOf(text), { ...MIME_LIMITS, ...limits });
    const sizes: number[] = [];
    while (fields.next()) sizes.push(fields.valueEnd - fields.valueStart);
    return sizes;
  };
  assertEquals(count("A: b\r\n".repeat(5), { fields: 5 }).length, 5);
  assertEquals(count("A: b\r\n".repeat(6), { fields: 5 }).length, 5);
  assertEquals(count("A:345\r\nB:3456\r\nC:\r\n", { field: 5 }), [3, 3, 0]);
  assertEquals(count("ABCDE: x\r\nC:\r\n", { field: 5 }), [0]);
});

Deno.test("languages and references are bounded", () => {
  const header = (name: string, value: string, times: number) => mail(`${name}: ${value.repeat(times)}\n\n`);
  assertEquals(
    parseIn(999, header("Content-Language", "de,", LANGUAGES + 1)).root.language.length,
    LANGUAGES,
  );
  let ids = "";
  for (let i = 0; i <= REFERENCES; i++) ids += ` <${i}@x>`;
  assertEquals(summarize(header("References", ids, 1)).references.length, REFERENCES);
});

Deno.test("Content-Location loses comments around it and the white space of folding (RFC 2557 §4)", () => {
  const location = (value: string) => parseIn(999, mail(`Content-Location: ${value}\n\n`)).root.location;
  assertEquals(location("(a) http://x.example/a(b)\n /c.png (d (e))"), "http://x.example/a(b)/c.png");
  assertEquals(location("relative/license.txt"), "relative/license.txt");
});

Deno.test("headerText: one line a field, unfolded and decoded", () => {
  assertEquals(
    headerText(mail("Subject: =?utf-8?q?J=C3=B6rg=0Ax?=\n  b\nX-Empty:\nTo: a@b\n\n")),
    "Subject: Jörg x  b\nX-Empty: \nTo: a@b\n",
  );
});

Deno.test("searchParts and partText give what a reader sees", () => {
  const { root } = parseIn(4096, NESTED);
  const texts = searchParts(root).map(({ start, end, part }) => partText(part, NESTED.subarray(start, end)));
  assertEquals(texts, [
    "plain text",
    "\ncafé\n\r\n",
    "From: x@example.net\nSubject: forwarded\nContent-Type: multipart/digest; boundary=dig\n",
    "Subject: digest one\n",
    "one",
    "two",
  ]);
});

Deno.test("partText decodes transfer encoding and charset, and NUL is replaced", () => {
  const text = (header: string, body: string) => {
    const octets = mail(`${header}\n\n${body}`);
    const { root } = parseIn(4096, octets);
    return partText(root, octets.subarray(root.bodyStart, root.bodyEnd));
  };
  assertEquals(
    text("Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64", "wcI="),
    "аб",
  );
  assertEquals(text("Content-Transfer-Encoding: x-unheard-of", "as is"), "as is");
  assertEquals(text("Subject: x", "a\0b"), "a\ufffdb");
});

Deno.test("htmlToText drops markup, hidden elements and decodes references", () => {
  assertEquals(
    htmlToText(
      "<html><head><title>t</title><style>p{}</style></head><p>a<b>b</b>&amp;&#228;<script>x<p></script>c<!-- d -->",
    )
      .split("\n").filter((line) => line !== ""),
    ["ab&ä", "c"],
  );
  assertEquals(htmlToText("no markup"), "no markup");
  const start = performance.now();
  htmlToText("<b>".repeat(300_000) + "</i>".repeat(300_000));
  htmlToText("<".repeat(1_000_000) + "&".repeat(1_000_000) + "<a b=".repeat(200_000));
  assert(performance.now() - start < 5000);
});

Deno.test("htmlToText never throws", () => {
  const piece = fc.constantFrom(
    "<",
    ">",
    "/",
    "a",
    "script",
    "!--",
    "-->",
    "&",
    "#",
    "x41;",
    '"',
    "=",
    " ",
    "<![CDATA[",
  );
  fc.assert(fc.property(fc.array(piece), (list) => typeof htmlToText(list.join("")) === "string"));
});

Deno.test("foldText compares as i;unicode-casemap (RFC 5051)", () => {
  assertEquals(foldText("CAFÉ"), foldText("cafe\u0301"));
  assertEquals(foldText("ΣΊΣΥΦΟς"), foldText("σίσυφοσ"));
  assertEquals(foldText("ﬁne"), foldText("FINE"));
  assertEquals(foldText("\u212aelvin"), foldText("kelvin"));
  assert(foldText("straße") !== foldText("strasse"));
  assert(foldText("e") !== foldText("é"));
});

Deno.test("foldText is linear, and the same however long the text is", () => {
  const start = performance.now();
  foldText("a" + "\u0301\u0316".repeat(200_000));
  assert(performance.now() - start < 5000);
  for (const piece of ["x", "e\u0301\u0316", "中", "\ud83d\ude00", "ß", "\u0301", "\ud83d"]) {
    for (let before = 0; before < 4; before++) {
      const text = "-".repeat(1020 + before) + piece.repeat(3) + "é".repeat(2000);
      assertEquals(foldText(text), foldText(text.slice(0, 1000)) + foldText(text.slice(1000)));
      assertEquals(foldText(text).length, text.normalize("NFKD").length);
    }
  }
});

Deno.test("summarize reads addresses, subject, thread and date", () => {
  const found = summarize(mail(`From: =?utf-8?q?J=C3=B6rg?= <j@x.example>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
To: g: a@b, "C, D" <c@d>;, foo
Cc: e@f
Cc: h@i
Message-ID: junk <1@x>
In-Reply-To: <0@x> (you)
References: <a@x>
  <b@x> <a@x> broken> <
Date: 1 Jan 2026 00:30 +0100

`));
  assertEquals(found, {
    subject: "Grüße",
    from: "Jörg <j@x.example>",
    to: "g:, a@b, C, D <c@d>, foo",
    cc: "e@f, h@i",
    bcc: "",
    messageId: "<1@x>",
    inReplyTo: "<0@x>",
    references: ["<a@x>", "<b@x>"],
    sent: { epochMs: Date.UTC(2025, 11, 31, 23, 30), date: "2026-01-01" },
  });
  assertEquals(summarize(new Uint8Array(0)).sent, undefined);
});

Deno.test("transfer decoders give the same octets however the input is cut", () => {
  const inputs: [string, string][] = [
    ["base64", "SGVs\r\nbG8="],
    ["quoted-printable", "a=\r\nb=41 \r\n"],
    ["x-uuencode", "text\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nmore\r\n"],
    ["8bit", "as it is\xff"],
  ];
  const decoded = inputs.map(([encoding, text]) => {
    const octets = octetsOf(text);
    const decodeIn = (size: number) => {
      const decoder = createTransferDecoder(encoding)!;
      let out = "";
      for (let i = 0; i < octets.length; i += size) out += latin1(decoder.push(octets.subarray(i, i + size)));
      return out + latin1(decoder.finish());
    };
    for (let size = 1; size < octets.length; size++) assertEquals(decodeIn(size), decodeIn(octets.length));
    return decodeIn(octets.length);
  });
  assertEquals(decoded, ["Hello", "abA\r\n", "Cat", "as it is\xff"]);
  assertEquals(createTransferDecoder("x-unknown"), undefined);
});

Deno.test("preview takes the first words of the first text that is no attachment", () => {
  const { root } = parseIn(4096, NESTED);
  assertEquals(previewPart(root), root.children[0]!.children[0]);
  const of = (header: string, body: string) => {
    const octets = mail(`${header}\n\n${body}`);
    const parsed = parseIn(4096, octets).root;
    const part = previewPart(parsed);
    return part === undefined ? undefined : preview(part, octets.subarray(part.bodyStart, part.bodyEnd));
  };
  assertEquals(of("A: b", "> quoted\n\n  Hello,   world.\n\nMore"), "Hello, world. More");
  assertEquals(
    of("Content-Type: text/html", "<style>p{}</style><p>Hi <b>you</b></p><p>there"),
    "Hi you there",
  );
  assertEquals(of("Content-Type: image/png", "x"), undefined);
  assertEquals(of("Content-Disposition: attachment", "x"), undefined);
  assertEquals(of("A: b", "word ".repeat(100))!.length, 199);
});

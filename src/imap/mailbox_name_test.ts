import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { canonicalName, decodeUtf7, encodeUtf7, isNetUnicode } from "./mailbox_name.ts";

/** Any well-formed text. fast-check's own binary strings take ten times as long to make. */
const texts = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0x7f }),
  ),
)
  .map((points) => String.fromCodePoint(...points));

const EXAMPLES: readonly [wire: string, text: string][] = [
  // RFC 3501 §5.1.3.
  ["~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"],
  ["Entw&APw-rfe", "Entwürfe"],
  ["&-", "&"],
  ["a&-b&-", "a&b&"],
  ["&2D3eAA-", "😀"],
  ["&AOk-&-&AOk-", "é&é"],
  ["&Jjo-!", "☺!"],
  ["", ""],
];

Deno.test("modified UTF-7 both ways", () => {
  for (const [wire, text] of EXAMPLES) {
    assertEquals(decodeUtf7(wire), text);
    assertEquals(encodeUtf7(text), wire);
  }
});

Deno.test("modified UTF-7 is decoded strictly", () => {
  const broken = [
    "&", // not closed
    "&AOk", // not closed
    "&AC8-", // an encoded "/"
    "&AGE-", // an encoded "a"
    "&AOk-&AOk-", // two runs that should be one
    "&AOl-", // padding bits that are not 0
    "&AO-", // cut short
    "&A-",
    "&AOkA-", // six bits too many
    "&2D0-", // half a surrogate pair
    "&3gA-",
    "&2D0AYQ-",
    "&A/k-", // "/" is "," here
    "&AO k-",
    "caf\u00e9", // 8-bit
    "tab\there",
    "del\u007f",
  ];
  for (const wire of broken) assertEquals(decodeUtf7(wire), undefined, wire);
});

Deno.test("modified UTF-7 gives every text back", () => {
  fc.assert(fc.property(texts, (text) => {
    assertEquals(decodeUtf7(encodeUtf7(text)), text);
  }));
  fc.assert(fc.property(fc.string(), (wire) => {
    const text = decodeUtf7(wire);
    if (text !== undefined) assertEquals(encodeUtf7(text), wire);
  }));
});

Deno.test("INBOX is one mailbox in every case, and the first part of others", () => {
  for (const name of ["INBOX", "inbox", "iNbOx"]) assertEquals(canonicalName(name), "INBOX");
  assertEquals(canonicalName("Inbox/Sub"), "INBOX/Sub");
  assertEquals(canonicalName("inboxes"), "inboxes");
  assertEquals(canonicalName("a/inbox"), "a/inbox");
  // U+0131 folds to I in some locales.
  assertEquals(canonicalName("\u0131nbox"), "\u0131nbox");
});

Deno.test("names are NFC and hold no control characters", () => {
  assertEquals(canonicalName("Entwu\u0308rfe"), "Entw\u00fcrfe");
  for (
    const bad of [
      "",
      "a\0b",
      "a\rb",
      "a\u007f",
      "a\u0085",
      "a\u2028",
      "a\u2029",
      "\ufeffa",
      "\ufffe",
      "\ufdd0",
    ]
  ) {
    assertEquals(canonicalName(bad), undefined, JSON.stringify(bad));
  }
  for (const bad of ["\ud800", "\udc00", "a\ud83d", "\u{1fffe}", "\u{10ffff}"]) {
    assertEquals(isNetUnicode(bad), false, JSON.stringify(bad));
  }
  assertEquals(isNetUnicode("😀 日本語 ~root/../x"), true);
});

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { CrlfMaker, LfMaker } from "./line_ends.ts";
import { type MboxItem, MboxQuoter, MboxReader, separatorLine } from "./mbox.ts";

interface Found {
  readonly date: number | undefined;
  text: string;
}

function read(mbox: string, size = mbox.length): Found[] {
  const reader = new MboxReader();
  const found: Found[] = [];
  let open = false;
  const take = (items: Iterable<MboxItem>) => {
    for (const item of items) {
      if (item.kind === "begin") found.push({ date: item.date, text: "" });
      else if (item.kind === "octets") found.at(-1)!.text += latin1(item.octets);
      assertEquals(open, item.kind !== "begin");
      open = item.kind !== "end";
    }
  };
  const octets = octetsOf(mbox);
  for (let at = 0; at < octets.length; at += size) take(reader.push(octets.subarray(at, at + size)));
  take(reader.finish());
  assertEquals(open, false);
  return found;
}

function write(messages: readonly string[], size: number): string {
  let mbox = "";
  for (const message of messages) {
    mbox += latin1(separatorLine(0));
    const quoter = new MboxQuoter();
    const octets = octetsOf(message);
    for (let at = 0; at < octets.length; at += size) {
      mbox += latin1(quoter.convert(octets.subarray(at, at + size)));
    }
    mbox += latin1(quoter.finish());
  }
  return mbox;
}

const MBOX = `From alice@a.test Thu Jan  1 00:00:10 1970
Subject: one

>From here
>>From there
From inside a paragraph

From bob Fri Feb 13 23:31:30 2009
Subject: two\r
\r
body\r
\r
From - Mon Mar 02 01:02 2026 +0000
`;

Deno.test("a mbox is cut at From lines behind empty lines, quoting is undone, at any cut", () => {
  const want = read(MBOX);
  assertEquals(want, [
    { date: 10_000, text: "Subject: one\n\nFrom here\n>From there\nFrom inside a paragraph\n" },
    { date: 1_234_567_890_000, text: "Subject: two\r\n\r\nbody\r\n" },
    { date: Date.UTC(2026, 2, 2, 1, 2), text: "" },
  ]);
  for (let size = 1; size < MBOX.length; size++) assertEquals(read(MBOX, size), want);
});

Deno.test("lines longer than what is looked at, and no line end at the end", () => {
  const long = "x".repeat(10_000);
  const mbox = `From a\nA: b\n\n${long}\n\nFrom b\n\n${long}`;
  for (const size of [1000, 4096, 4097, mbox.length]) {
    assertEquals(read(mbox, size).map(({ text }) => text), [`A: b\n\n${long}\n`, `\n${long}`]);
  }
  const stray = new MboxReader();
  assertEquals([...stray.push(octetsOf("hello\n\n"))], []);
  assertEquals(stray.isStray, true);
});

Deno.test("property: what is written is read again, however it is cut", () => {
  const line = fc.oneof(
    fc.constantFrom("", "From ", "From x", ">From y", ">>From z", "Fro", ">", "F", "From", "a b"),
    fc.string({ maxLength: 20 }).map((text) => text.replace(/[^ -~]/g, "")),
  );
  const message = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => `${lines.join("\n")}\n`);
  fc.assert(
    fc.property(fc.array(message, { maxLength: 4 }), fc.integer({ min: 1, max: 9 }), (messages, size) => {
      assertEquals(read(write(messages, size), size).map(({ text }) => text), messages);
    }),
  );
});

Deno.test("property: line ends there and back, however they are cut", () => {
  const text = fc.array(fc.constantFrom("a", "\r", "\n", "\r\n"), { maxLength: 30 }).map((all) =>
    all.join("")
  );
  fc.assert(fc.property(text, fc.integer({ min: 1, max: 5 }), (text, size) => {
    const [crlf, lf] = [new CrlfMaker(), new LfMaker()];
    const octets = octetsOf(text);
    let [made, back] = ["", ""];
    for (let at = 0; at < octets.length; at += size) {
      made += latin1(crlf.convert(octets.subarray(at, at + size)));
      back += latin1(lf.convert(octets.subarray(at, at + size)));
    }
    back += latin1(lf.finish());
    assertEquals(made, text.replace(/(?<!\r)\n/g, "\r\n"));
    assertEquals(back, text.replaceAll("\r\n", "\n"));
  }));
});

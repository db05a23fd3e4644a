import { assertEquals } from "@std/assert";
import type { Step } from "../../core/step.ts";
import { CLIENT_LIMITS } from "./limits.ts";
import { hopReply } from "./outcome.ts";
import { ReplyParser, type ReplyRules, type WireReply } from "./reply_parser.ts";

const octets = (text: string) => new TextEncoder().encode(text);

/** Everything that comes out of the input, cut into pieces of that size. */
function drain(input: Uint8Array, size: number, rules: ReplyRules = CLIENT_LIMITS): (WireReply | string)[] {
  const parser = new ReplyParser(rules);
  const out: (WireReply | string)[] = [];
  for (let at = 0; at < input.length; at += size) {
    parser.push(input.subarray(at, at + size));
    for (let step: Step<WireReply> = parser.next(); step.kind !== "need"; step = parser.next()) {
      if (step.kind === "fault") return [...out, step.fault.rule];
      out.push(step.value);
    }
  }
  return out;
}

const CASES: readonly (readonly [string, readonly (WireReply | string)[]])[] = [
  ["220 ready\r\n", [{ code: 220, lines: ["ready"] }]],
  ["250-one\r\n250-two\r\n250 three\r\n354 go\r\n", [
    { code: 250, lines: ["one", "two", "three"] },
    { code: 354, lines: ["go"] },
  ]],
  ["250\r\n", [{ code: 250, lines: [""] }]],
  ["250-\n250 bare line feeds\n", [{ code: 250, lines: ["", "bare line feeds"] }]],
  ["550 5.1.1 gr\u00fcn \x1b[31m\x00\r\n", [{ code: 550, lines: ["5.1.1 gr\u00fcn ?[31m?"] }]],
  ["250-a\r\n550 b\r\n", ["mixed codes"]],
  ["hello\r\n", ["not a reply"]],
  ["199 low\r\n", ["not a reply"]],
  ["600 high\r\n", ["not a reply"]],
  ["25x no digit\r\n", ["not a reply"]],
  ["250_odd\r\n", ["not a reply"]],
  ["\r\n", ["not a reply"]],
];

for (const [input, want] of CASES) {
  Deno.test(`replies are the same however they are cut: ${JSON.stringify(input)}`, () => {
    const all = octets(input);
    for (let size = 1; size <= all.length; size++) assertEquals(drain(all, size), want, `cut at ${size}`);
  });
}

Deno.test("a reply is bounded in octets and lines, and the border is inside", () => {
  const rules = { replyOctets: 40, replyLines: 3 };
  const fits = octets(`250 ${"x".repeat(34)}\r\n`);
  assertEquals(fits.length, 40);
  for (const size of [1, 7, 40]) {
    assertEquals(drain(fits, size, rules).length, 1);
    assertEquals(drain(fits, size, rules)[0], { code: 250, lines: ["x".repeat(34)] });
    assertEquals(drain(octets(`250 ${"x".repeat(35)}\r\n`), size, rules), ["reply too long"]);
    assertEquals(drain(octets(`250 ${"x".repeat(3500)}`), size, rules), ["reply too long"]);
    assertEquals(drain(octets("250-\r\n250-\r\n250 \r\n"), size, rules), [{
      code: 250,
      lines: ["", "", ""],
    }]);
    assertEquals(drain(octets("250-\r\n250-\r\n250-\r\n250 \r\n"), size, rules), ["too many lines"]);
  }
});

Deno.test("enhanced codes are taken when they fit the reply's class, and stand apart from the text", () => {
  const reply = (code: number, ...lines: string[]) => hopReply({ code, lines });
  assertEquals(reply(550, "5.1.1 no such", "5.1.1 user here"), {
    code: 550,
    status: "5.1.1",
    text: "no such user here",
  });
  assertEquals(reply(250, "ok"), { code: 250, status: "", text: "ok" });
  assertEquals(reply(450, "5.1.1 odd"), { code: 450, status: "", text: "5.1.1 odd" });
  assertEquals(reply(250, "2.1000.1 x"), { code: 250, status: "", text: "2.1000.1 x" });
  assertEquals(reply(250, "2.0.0"), { code: 250, status: "2.0.0", text: "" });
  assertEquals(reply(250, "x".repeat(3000)).text.length, 1000);
});

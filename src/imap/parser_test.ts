import type { AppendStep } from "./command.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { octets } from "./grammar/test_support.ts";
import { AFTER_LOGIN, BEFORE_LOGIN, type ImapLimits } from "./limits.ts";
import { CommandParser } from "./parser.ts";

/** What a run looked like, one line a step; literal octets joined over chunks. */
function run(
  input: Uint8Array,
  size: number,
  limits: ImapLimits,
  decide: "accept" | "refuse" = "accept",
): string[] {
  const parser = new CommandParser({ limits, mode: { utf8: false } });
  const steps: string[] = [];
  let literal: string | undefined;
  for (let at = 0; at < input.length; at += size) {
    // A copy that is spoiled afterwards: nothing may be kept of a chunk.
    const chunk = input.slice(at, at + size);
    parser.push(chunk);
    for (let step = parser.next(); step.kind !== "need"; step = parser.next()) {
      if (step.kind === "item" && step.value.kind === "literal") {
        literal = (literal ?? "") + String.fromCharCode(...step.value.octets);
        continue;
      }
      if (literal !== undefined) steps.push(`literal ${JSON.stringify(literal)}`);
      literal = undefined;
      if (step.kind === "fault") {
        const { tag, status, rule, fatal } = step.fault;
        steps.push(`${tag ?? "*"} ${status} ${rule}${fatal ? " FATAL" : ""}`);
        continue;
      }
      const item = step.value;
      switch (item.kind) {
        case "command":
          steps.push(`${item.tagged.tag} ${item.tagged.command.name}`);
          if (item.tagged.command.name === "AUTHENTICATE" || item.tagged.command.name === "IDLE") {
            parser.expectLine();
          }
          if (item.tagged.command.name === "LOGIN") steps.push(JSON.stringify(item.tagged.command));
          break;
        case "append":
          steps.push(
            `${item.tag} ${item.command.name} ${item.command.mailbox} ${
              shown(item.command.steps)
            } ${item.synchronizing}`,
          );
          if (decide === "accept") parser.accept();
          else parser.refuse();
          break;
        case "literal-end":
          steps.push(
            item.steps.at(-1)?.step === "end" && item.steps.length === 1
              ? "literal-end"
              : `then ${shown(item.steps)} ${item.synchronizing}`,
          );
          if (item.steps.at(-1)?.step !== "octets") break;
          if (decide === "accept") parser.accept();
          else parser.refuse();
          break;
        case "line":
          steps.push(`line ${String.fromCharCode(...item.octets)}`);
          break;
        default:
          steps.push(item.kind);
      }
    }
    chunk.fill(0xff);
  }
  if (literal !== undefined) steps.push(`literal ${JSON.stringify(literal)}`);
  return steps;
}

const LITERAL_END = { kind: "literal-end", steps: [{ step: "end" }], synchronizing: false } as const;

/** Steps of an APPEND in short; the first message's beginning is left out. */
function shown(steps: readonly AppendStep[]): string {
  return steps.map((step) =>
    step.step === "octets"
      ? String(step.size)
      : step.step === "url"
      ? `<${step.url}>`
      : step.step === "message"
      ? `message(${step.flags.flags}${step.catenate ? " catenate" : ""})`
      : step.step
  ).join(" ").replace(/^message\(0\) /, "");
}

/** Runs the input whole and at every cut, and gives the steps, which must be the same. */
function everyCut(
  text: string,
  limits: ImapLimits = AFTER_LOGIN,
  decide: "accept" | "refuse" = "accept",
): string[] {
  const input = octets(text);
  const want = run(input, input.length, limits, decide);
  for (let size = 1; size < Math.min(input.length, 200); size++) {
    assertEquals(run(input, size, limits, decide), want, `cut every ${size} octets`);
  }
  return want;
}

Deno.test("CommandParser gives the same steps however the input is cut", () => {
  const steps = everyCut(
    "A1 NOOP\r\n" +
      "A2 LOGIN {4}\r\nFRED {7+}\r\nfat man\r\n" +
      "A3 FOO {3+}\r\nbar {2+}\r\nx\n\r\n" +
      "A4 FETCH 1:* (FLAGS UID)\r\n" +
      "\r\n" +
      "A5 NOOP\nA6 NOOP\r\n" +
      "A7 APPEND {5+}\r\nInbox (\\Seen) {10+}\r\nFrom: a\r\n\0\r\n" +
      'A8 APPEND INBOX "17-Jul-1996 02:44:25 -0700" {2}\r\nhi\r\n' +
      "A9 APPEND x UTF8 (~{3+}\r\n\xff\0\n)\r\n" +
      "A10 APPEND x {1+}\r\nyz\r\n" +
      "A11 AUTHENTICATE PLAIN\r\nAGEAYg==\r\n" +
      "A12 IDLE\r\nDONE\r\n" +
      "A13 LOGIN a {3}x\r\n" +
      "A14 LIST {0}\r\n {1+}\r\n*\r\n" +
      "A15 APPEND x {0+}\r\n\r\n" +
      "A16 LOGOUT\r\n",
  );
  assertEquals(steps, [
    "A1 NOOP",
    "continue",
    "A2 LOGIN",
    '{"name":"LOGIN","user":"FRED","password":"fat man"}',
    "A3 BAD unknown command",
    "A4 FETCH",
    "* BAD empty line",
    "A5 BAD bare LF",
    "A6 NOOP",
    "A7 APPEND INBOX message(1) 10 false",
    'literal "From: a\\r\\n\\u0000"',
    "literal-end",
    "A8 APPEND INBOX 2 true",
    'literal "hi"',
    "literal-end",
    "A9 APPEND x 3 false",
    'literal "ÿ\\u0000\\n"',
    "literal-end",
    "A10 APPEND x 1 false",
    'literal "y"',
    "A10 BAD append",
    "A11 AUTHENTICATE",
    "line AGEAYg==",
    "A12 IDLE",
    "line DONE",
    "A13 BAD literal",
    "continue",
    "A14 LIST",
    "A15 APPEND x 0 false",
    "literal-end",
    "A16 LOGOUT",
  ]);
});

Deno.test("a refused APPEND: a client that waits sends nothing, one that does not wait is skipped", () => {
  assertEquals(
    everyCut(
      "A1 APPEND x {9}\r\nA2 APPEND x {9+}\r\nA9 NOOP\r\n {3+}\r\n\r\n)\r\nA3 APPEND x UTF8 (~{1+}\r\nx)\r\nA4 NOOP\r\n",
      AFTER_LOGIN,
      "refuse",
    ),
    ["A1 APPEND x 9 true", "A2 APPEND x 9 false", "A3 APPEND x 1 false", "A4 NOOP"],
  );
});

Deno.test("a broken APPEND is answered before its message", () => {
  assertEquals(
    everyCut(
      "A1 APPEND & {5}\r\nA2 APPEND x (\\Foo) {5+}\r\n\r\nx\r\n\r\nA3 APPEND x UTF8 (~{1}\r\nA4 APPEND {1+}\r\nx\r\n" +
        "A5 APPEND x {1+}\r\ny{3+}\r\nabc\r\nA6 APPEND x foo {1}\r\nA7 APPEND x UTF8 ({1}\r\nA8 NOOP\r\n",
    ),
    [
      "A1 NO mailbox name",
      "A2 BAD flag",
      "A3 APPEND x 1 true",
      'literal "A"',
      "A3 BAD append",
      "A5 APPEND x 1 false",
      'literal "y"',
      "A5 BAD append",
      "A6 BAD syntax",
      "A7 BAD append",
      "A8 NOOP",
    ],
  );
});

Deno.test("several messages, and messages that are put together", () => {
  assertEquals(
    everyCut(
      'A1 APPEND x {1+}\r\ny (\\Seen) "17-Jul-1996 02:44:25 -0700" {2}\r\nab UTF8 (~{1+}\r\nc) {1+}\r\nd\r\n' +
        'A2 APPEND x CATENATE (URL "/a;UID=1" TEXT {2}\r\nhi URL b TEXT {0+}\r\n) (\\Seen) {1+}\r\nz\r\n' +
        'A3 APPEND {1+}\r\nx CATENATE (URL {8}\r\n/a;UID=1 URL {3+}\r\nb c TEXT {1+}\r\ny URL {4}\r\n/d"e)\r\n' +
        "A4 APPEND x CATENATE (URL a URL b) CATENATE (URL c)\r\n" +
        "A5 REPLACE 4 x (\\Seen) {1+}\r\ny\r\nA6 UID REPLACE * x CATENATE (TEXT {1}\r\ny URL a)\r\n" +
        "A7 REPLACE 4 x {1+}\r\ny {1+}\r\nz\r\nA8 APPEND x CATENATE (TEXT {1+}\r\ny TEXT a)\r\n" +
        "A9 APPEND x CATENATE (TEXT {1+}\r\ny)x\r\nA10 APPEND x CATENATE ()\r\nA11 APPEND x {1+}\r\ny {99999999}\r\n" +
        "A12 APPEND x CATENATE (URL a) {1+}\r\nz\r\nA13 REPLACE 1:2 x {1+}\r\ny\r\nA14 NOOP\r\n",
    ),
    [
      "A1 APPEND x 1 false",
      'literal "y"',
      "then message(1) 2 true",
      'literal "ab"',
      "then 1 false",
      'literal "c"',
      "then 1 false",
      'literal "d"',
      "literal-end",
      "A2 APPEND x message(0 catenate) </a;UID=1> 2 true",
      'literal "hi"',
      "then <b> 0 false",
      "then message(1) 1 false",
      'literal "z"',
      "literal-end",
      "continue",
      "A3 APPEND x message(0 catenate) </a;UID=1> <b c> 1 false",
      'literal "y"',
      "continue",
      'then </d"e> end false',
      "A4 APPEND",
      "A5 REPLACE x message(1) 1 false",
      'literal "y"',
      "literal-end",
      "A6 REPLACE x message(0 catenate) 1 true",
      'literal "y"',
      "then <a> end false",
      "A7 REPLACE x 1 false",
      'literal "y"',
      "A7 BAD append",
      "A8 APPEND x message(0 catenate) 1 false",
      'literal "y"',
      "A8 BAD catenate",
      "A9 APPEND x message(0 catenate) 1 false",
      'literal "y"',
      "A9 BAD append",
      "A10 BAD catenate",
      "A11 APPEND x 1 false",
      'literal "y"',
      "A11 NO message too large",
      "A12 APPEND x message(0 catenate) <a> message(0) 1 false",
      'literal "z"',
      "literal-end",
      "A13 BAD syntax",
      "A14 NOOP",
    ],
  );
});

Deno.test("of several messages the second is refused: what comes anyway is skipped", () => {
  const parser = new CommandParser({ limits: AFTER_LOGIN, mode: { utf8: false } });
  parser.push(octets("A1 APPEND x {1+}\r\ny {3+}\r\nabc {2+}\r\n\r\n (\\Seen) {4+}\r\nabcd\r\nA2 NOOP\r\n"));
  parser.next();
  parser.accept();
  parser.next();
  const more = parser.next();
  assert(more.kind === "item" && more.value.kind === "literal-end" && more.value.steps.length === 2);
  parser.refuse();
  const next = parser.next();
  assert(next.kind === "item" && next.value.kind === "command" && next.value.tagged.tag === "A2");
});

Deno.test("APPEND that is given up half-way", () => {
  const parser = new CommandParser({ limits: AFTER_LOGIN, mode: { utf8: false } });
  parser.push(octets("A1 APPEND x {10}\r\n"));
  assertEquals(parser.next().kind, "item");
  assertEquals(parser.next().kind, "need");
  parser.accept();
  parser.push(octets("01234"));
  assertEquals(parser.next().kind, "item");
  parser.refuse();
  parser.push(octets("56789\r\nA2 NOOP\r\n"));
  const step = parser.next();
  assert(step.kind === "item" && step.value.kind === "command");
  assertEquals(step.value.tagged.tag, "A2");
});

Deno.test("APPEND's message is handed out as views, whatever its size", () => {
  const size = 40_000_000;
  const parser = new CommandParser({ limits: AFTER_LOGIN, mode: { utf8: false } });
  parser.push(octets(`A1 APPEND x {${size}}\r\n`));
  parser.next();
  parser.accept();
  const chunk = new Uint8Array(65_536);
  let seen = 0;
  while (seen < size) {
    const piece = chunk.subarray(0, Math.min(chunk.length, size - seen));
    parser.push(piece);
    const step = parser.next();
    assert(step.kind === "item" && step.value.kind === "literal");
    assert(step.value.octets.buffer === chunk.buffer);
    seen += step.value.octets.length;
  }
  parser.push(octets("\r\n"));
  assertEquals(parser.next(), { kind: "item", value: LITERAL_END });
});

Deno.test("while an APPEND is undecided nothing moves, and octets that come anyway are not lost", () => {
  const parser = new CommandParser({ limits: AFTER_LOGIN, mode: { utf8: false } });
  parser.push(octets("A1 APPEND x {1+}\r\n"));
  parser.next();
  parser.push(octets("y\r"));
  assertEquals(parser.next().kind, "need");
  parser.push(octets("\nA2 NOOP\r\n"));
  assertEquals(parser.pending, 12);
  parser.accept();
  const step = parser.next();
  assert(step.kind === "item" && step.value.kind === "literal");
  assertEquals(step.value.octets, octets("y"));
  assertEquals(parser.next(), { kind: "item", value: LITERAL_END });
  assertEquals(parser.next().kind, "item");
  assertEquals(parser.pending, 0);
});

Deno.test("mode and limits hold for what was pipelined behind the command that changed them", () => {
  const parser = new CommandParser({ limits: BEFORE_LOGIN, mode: { utf8: false } });
  parser.push(octets('A1 SELECT "a&-b"\r\nA2 SELECT "a&-b"\r\nA3 APPEND x {1}\r\nA4 APPEND x {1}\r\n'));
  const mailbox = () => {
    const step = parser.next();
    assert(
      step.kind === "item" && step.value.kind === "command" && step.value.tagged.command.name === "SELECT",
    );
    return step.value.tagged.command.mailbox;
  };
  assertEquals(mailbox(), "a&b");
  parser.configure({ mode: { utf8: true } });
  assertEquals(mailbox(), "a&-b");
  assertEquals(parser.next().kind, "fault");
  parser.configure({ limits: AFTER_LOGIN });
  assertEquals(parser.next().kind, "item");
});

Deno.test("literal sizes: digits only, no wrap, every limit by its name", () => {
  const sizes = (text: string, limits = AFTER_LOGIN) => everyCut(text, limits);
  for (const size of ["", "+", "-1", " 5", "5 ", "0x5", "1e3", "5-", "1".repeat(21)]) {
    assertEquals(sizes(`A1 LOGIN {${size}}\r\nA2 NOOP\r\n`).length, 2, size);
    assertEquals(sizes(`A1 LOGIN {${size}}\r\nA2 NOOP\r\n`)[1], "A2 NOOP", size);
  }
  assertEquals(sizes("A1 LOGIN {18446744073709551621}\r\n"), ["A1 BAD literal size"]);
  assertEquals(sizes("A1 LOGIN {9223372036854775808}\r\n"), ["A1 BAD literal size"]);
  assertEquals(sizes("A1 LOGIN {9223372036854775807}\r\n"), ["A1 NO literal too large"]);
  assertEquals(sizes("A1 LOGIN {4294967296}\r\n"), ["A1 NO literal too large"]);
  assertEquals(sizes("A1 LOGIN {4294967297+}\r\nA2 NOOP\r\n"), ["A1 NO literal too large FATAL"]);
  assertEquals(sizes("A1 LOGIN {102400}\r\n"), ["continue"]);
  assertEquals(sizes("A1 LOGIN {102401}\r\n"), ["A1 NO literal too large"]);
  assertEquals(sizes("A1 LOGIN {1024}\r\n", BEFORE_LOGIN), ["continue"]);
  assertEquals(sizes("A1 LOGIN {1025}\r\n", BEFORE_LOGIN), ["A1 NO literal too large"]);
  assertEquals(sizes("A1 LOGIN {4097+}\r\n", BEFORE_LOGIN), ["A1 BAD literal not synchronized"]);
  assertEquals(sizes("A1 APPEND x {52428800}\r\n"), ["A1 APPEND x 52428800 true"]);
  assertEquals(sizes("A1 APPEND x {52428801}\r\n"), ["A1 NO message too large"]);
  assertEquals(sizes("A1 APPEND x {99999999999999999999}\r\n"), ["A1 BAD literal size"]);
  assertEquals(sizes("A1 APPEND x {1}\r\n", BEFORE_LOGIN), ["A1 BAD append"]);
  assertEquals(sizes("A044 BLURDYBLOOP {102856}\r\n"), ["A044 BAD unknown command"]);
});

Deno.test("a flood of literals ends at its limits", () => {
  const limits = { ...AFTER_LOGIN, literals: 3, literalTotal: 10 };
  assertEquals(everyCut(`A1 ID (${"{1+}\r\na {1+}\r\nb ".repeat(3)})\r\nA2 NOOP\r\n`, limits), [
    "A1 NO too many literals",
    "A2 NOOP",
  ]);
  assertEquals(everyCut("A1 LOGIN {6+}\r\nabcdef {5+}\r\nabcde\r\nA2 NOOP\r\n", limits), [
    "A1 NO literals too large",
    "A2 NOOP",
  ]);
  assertEquals(everyCut("A1 LOGIN {6+}\r\nabcdef {4+}\r\nabcd\r\n", limits).length, 2);
});

Deno.test("the line limit holds at its border, and the framing survives it", () => {
  const limits = { ...AFTER_LOGIN, line: 40, authenticateLine: 60, skip: 200 };
  const noop = (size: number) => "A1 SELECT ".padEnd(size - 2, "x") + "\r\n";
  assertEquals(everyCut(noop(40), limits), ["A1 SELECT"]);
  assertEquals(everyCut(noop(41) + "A2 NOOP\r\n", limits), ["A1 BAD line too long", "A2 NOOP"]);
  assertEquals(everyCut(noop(41).slice(0, -2) + " {9+}\r\nA9 NOOP\r\n\r\nA2 NOOP\r\n", limits), [
    "A1 BAD line too long",
    "A2 NOOP",
  ]);
  const long = "A1 AUTHENTICATE PLAIN ".padEnd(58, "A") + "\r\n";
  assertEquals(everyCut(long, limits), ["A1 AUTHENTICATE"]);
  assertEquals(everyCut(long.replace("\r\n", "A\r\n"), limits), ["A1 BAD line too long"]);
  assertEquals(everyCut("x".repeat(200), limits), ["* BAD line too long"]);
  assertEquals(everyCut("x".repeat(201), limits), ["* BAD line too long", "* BAD too much to skip FATAL"]);
  assertEquals(everyCut("x".repeat(500) + "\r\nA2 NOOP\r\n", limits), [
    "* BAD line too long",
    "* BAD too much to skip FATAL",
  ]);
  assertEquals(everyCut("A1 FOO {100+}\r\n" + "x".repeat(100) + " {101+}\r\n", limits), [
    "A1 BAD unknown command",
    "* BAD too much to skip FATAL",
  ]);
  // The text of one command counts as a whole, its literals apart.
  assertEquals(
    everyCut(`A1 LOGIN {30+}\r\n${"u".repeat(30)} {30+}\r\n${"p".repeat(30)}\r\n`, limits).length,
    2,
  );
  assertEquals(everyCut(`A1 LOGIN {1+}\r\nu ${"p".repeat(30)}\r\n`, limits), ["A1 BAD line too long"]);
});

Deno.test("a raw line has a limit of its own", () => {
  const limits = { ...BEFORE_LOGIN, response: 20 };
  assertEquals(everyCut(`A1 IDLE\r\n${"x".repeat(18)}\r\nA2 NOOP\r\n`, limits), [
    "A1 IDLE",
    `line ${"x".repeat(18)}`,
    "A2 NOOP",
  ]);
  assertEquals(everyCut(`A1 IDLE\r\n${"x".repeat(19)}\r\nA2 NOOP\r\n`, limits), [
    "A1 IDLE",
    "* BAD line too long",
    "A2 NOOP",
  ]);
  assertEquals(everyCut("A1 IDLE\r\nDONE\nA2 NOOP\r\n", limits), ["A1 IDLE", "* BAD bare LF", "A2 NOOP"]);
});

Deno.test("bombs: parentheses, NULs, CRs, digits", () => {
  const start = performance.now();
  for (const bomb of ["(", "\0", "\r", "9", "{", "}", '"', "\\", "NOT ", "OR ", "1,", "*,", "a{5}"]) {
    const input = octets(`A1 SEARCH ${bomb.repeat(100_000 / bomb.length)}\r\nA2 NOOP\r\n`);
    const steps = run(input, 1000, AFTER_LOGIN);
    assertEquals(steps, ["A1 BAD line too long", "A2 NOOP"], bomb);
    const fits = octets(`A1 SEARCH ${bomb.repeat(60_000 / bomb.length)}\r\nA2 NOOP\r\n`);
    assertEquals(run(fits, 1000, AFTER_LOGIN).length, 2, bomb);
  }
  assert(performance.now() - start < 20_000);
});

Deno.test("no octets make the parser throw, and every cut gives the same steps", () => {
  const pieces = fc.constantFrom(
    "A1 ",
    "LOGIN ",
    "A1 LOGIN {3}\r\nabc",
    "A2 APPEND x {3+}\r\n",
    "A3 LOGIN {2+}\r\nab {1}\r\n",
    "APPEND x ",
    "NOOP",
    "FOO",
    "{3}",
    "{3+}",
    "~{2+}",
    "{0+}",
    "\r\n",
    "\n",
    "\r",
    "abc",
    '"',
    "(",
    ")",
    "\0",
    " ",
    "}",
    "IDLE\r\n",
  );
  const inputs = fc.array(pieces, { maxLength: 25 }).map((all) => octets(all.join("")));
  fc.assert(
    fc.property(inputs, fc.integer({ min: 1, max: 9 }), fc.boolean(), (input, size, accept) => {
      const decide = accept ? "accept" : "refuse";
      assertEquals(
        run(input, size, AFTER_LOGIN, decide),
        run(input, Math.max(1, input.length), AFTER_LOGIN, decide),
      );
    }),
    { numRuns: 5000 },
  );
});

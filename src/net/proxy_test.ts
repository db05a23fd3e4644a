import { assert, assertEquals } from "@std/assert";
import type { Step } from "../core/step.ts";
import { PROXY_V1_OCTETS, PROXY_V2_OCTETS, type ProxyHeader, ProxyParser } from "./proxy.ts";

const SIGNATURE = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];
const V4 = [10, 0, 0, 1, 192, 0, 2, 25, 0xc0, 0x01, 0, 25];
const V6 = [
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  ...[0xc0, 1, 3, 0xe1],
];

function v2(command: number, family: number, body: number[], length = body.length): Uint8Array {
  return new Uint8Array([...SIGNATURE, command, family, length >> 8, length & 255, ...body]);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** What the parser says in the end, and after how many octets. */
function outcome(input: Uint8Array, size: number): { step: string; rest: string } {
  const parser = new ProxyParser();
  let step: Step<ProxyHeader> = { kind: "need" };
  let at = 0;
  while (step.kind === "need" && at < input.length) {
    parser.push(input.subarray(at, at + size));
    at += size;
    step = parser.next();
  }
  if (step.kind === "item") {
    const rest = new TextDecoder("latin1").decode(step.value.rest) +
      new TextDecoder("latin1").decode(input.subarray(at));
    const ends = step.value.ends;
    const text = ends === undefined
      ? "local"
      : `${ends.source.address} ${ends.source.port} ${ends.destination.address} ${ends.destination.port}`;
    return { step: text, rest };
  }
  if (step.kind === "fault") assert(step.fault.fatal);
  return { step: step.kind === "fault" ? `fault: ${step.fault.rule}` : "need", rest: "" };
}

const CASES: readonly [name: string, input: Uint8Array, step: string, rest?: string][] = [
  ["TCP4", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 49153 25\r\nEHLO"), "10.0.0.1 49153 192.0.2.25 25", "EHLO"],
  ["TCP6", ascii("PROXY TCP6 2001:DB8:0:0::1 2001:db8::2 1 993\r\n"), "2001:db8::1 1 2001:db8::2 993"],
  ["mapped", ascii("PROXY TCP6 ::ffff:10.0.0.1 ::ffff:10.0.0.2 1 25\r\n"), "10.0.0.1 1 10.0.0.2 25"],
  ["UNKNOWN", ascii("PROXY UNKNOWN\r\nx"), "local", "x"],
  ["UNKNOWN with more", ascii("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), "local"],
  ["no header", ascii("EHLO a.test\r\n"), "fault: no header"],
  ["TLS instead", new Uint8Array([22, 3, 1, 2, 0]), "fault: no header"],
  ["bare LF", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 49153 25\n"), "fault: bare LF"],
  ["UDP", ascii("PROXY UDP4 10.0.0.1 192.0.2.25 49153 25\r\n"), "fault: syntax"],
  ["two spaces", ascii("PROXY TCP4  10.0.0.1 192.0.2.25 49153 25\r\n"), "fault: syntax"],
  ["a word too many", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 49153 25 x\r\n"), "fault: syntax"],
  ["port too big", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 65536 25\r\n"), "fault: address"],
  ["port with zero", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 049 25\r\n"), "fault: address"],
  ["no port", ascii("PROXY TCP4 10.0.0.1 192.0.2.25 x 25\r\n"), "fault: address"],
  ["octal address", ascii("PROXY TCP4 010.0.0.1 192.0.2.25 1 25\r\n"), "fault: address"],
  ["short address", ascii("PROXY TCP4 10.1 192.0.2.25 1 25\r\n"), "fault: address"],
  ["wrong family", ascii("PROXY TCP4 ::1 192.0.2.25 1 25\r\n"), "fault: address"],
  ["endless line", ascii("PROXY UNKNOWN " + "x".repeat(200)), "fault: line too long"],
  ["v2 TCP4", v2(0x21, 0x11, V4), "10.0.0.1 49153 192.0.2.25 25"],
  ["v2 TCP6", v2(0x21, 0x21, V6), "2001:db8::1 49153 2001:db8::2 993"],
  [
    "v2 with TLVs",
    new Uint8Array([...v2(0x21, 0x11, [...V4, 3, 0, 4, 1, 2, 3, 4]), 72, 105]),
    "10.0.0.1 49153 192.0.2.25 25",
    "Hi",
  ],
  ["v2 LOCAL", v2(0x20, 0, []), "local"],
  ["v2 LOCAL with addresses", v2(0x20, 0x11, V4), "local"],
  ["v2 unspecified", v2(0x21, 0, [1, 2, 3]), "local"],
  ["v2 unix", v2(0x21, 0x31, new Array(216).fill(0)), "local"],
  ["v2 datagram", v2(0x21, 0x12, V4), "fault: family"],
  ["v2 unknown family", v2(0x21, 0x41, V4), "fault: family"],
  ["v2 unknown command", v2(0x22, 0x11, V4), "fault: command"],
  ["v2 version 3", v2(0x31, 0x11, V4), "fault: version"],
  ["v2 shorter than its addresses", v2(0x21, 0x11, V4.slice(0, 11)), "fault: too short"],
  ["v2 too long", v2(0x21, 0x11, V4, PROXY_V2_OCTETS + 1), "fault: too long"],
  [
    "v2 signature broken",
    new Uint8Array([13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 11]),
    "fault: no header",
  ],
];

Deno.test("a PROXY header is read the same however it is cut", () => {
  for (const [name, input, step, rest = ""] of CASES) {
    for (let size = 1; size <= input.length; size++) {
      assertEquals(outcome(input, size), { step, rest }, `${name}, ${size} at a time`);
    }
  }
});

Deno.test("every truncation of a good header asks for more", () => {
  for (const [name, input, step, rest = ""] of CASES) {
    if (step.startsWith("fault")) continue;
    for (let length = 0; length < input.length - rest.length; length++) {
      assertEquals(
        outcome(input.subarray(0, length), Math.max(1, length)).step,
        "need",
        `${name} to ${length}`,
      );
    }
  }
});

Deno.test("the longest line of version 1 is taken, one octet more is not", () => {
  const line = (length: number) => ascii("PROXY UNKNOWN ".padEnd(length - 2, "x") + "\r\n");
  assertEquals(outcome(line(PROXY_V1_OCTETS), 1).step, "local");
  assertEquals(outcome(line(PROXY_V1_OCTETS + 1), 1).step, "fault: line too long");
});

Deno.test("the longest header of version 2 that we take is taken", () => {
  const body = [...V4, ...new Array(PROXY_V2_OCTETS - V4.length).fill(0)];
  assertEquals(outcome(v2(0x21, 0x11, body), 100).step, "10.0.0.1 49153 192.0.2.25 25");
});

Deno.test("a parser that has answered goes on answering the same", () => {
  const parser = new ProxyParser();
  parser.push(ascii("EHLO"));
  assertEquals(parser.next().kind, "fault");
  parser.push(ascii("PROXY UNKNOWN\r\n"));
  assertEquals(parser.next().kind, "fault");
});

import { assertEquals } from "@std/assert";
import { HeaderGate } from "./header_gate.ts";

const octets = (text: string) => new TextEncoder().encode(text);
const text = (run: Uint8Array) => new TextDecoder().decode(run);

/** What is held and what lies behind it, when the octets come in pieces of `size`. */
function split(message: string, size: number, limit = 1000): [header: string, behind: string | undefined] {
  const gate = new HeaderGate(limit);
  const all = octets(message);
  let behind: string | undefined;
  for (let at = 0; at < all.length; at += size) {
    const piece = all.subarray(at, at + size);
    if (behind !== undefined) behind += text(piece);
    else {
      const rest = gate.push(piece);
      if (rest !== undefined) behind = text(rest);
    }
  }
  return [text(gate.header), behind];
}

Deno.test("HeaderGate holds up to the first empty line, however the octets are cut", () => {
  const samples: [message: string, header: string, behind: string | undefined][] = [
    ["A: b\r\nC: d\r\n\r\nbody\r\n\r\n", "A: b\r\nC: d\r\n\r\n", "body\r\n\r\n"],
    ["\r\nbody", "\r\n", "body"],
    ["\nbody", "\n", "body"],
    ["A: b\n\nbody", "A: b\n\n", "body"],
    ["A: b\r\r\n\r\r\nbody", "A: b\r\r\n\r\r\n", "body"],
    ["A: b\r\n c\r\n \r\n\r\n", "A: b\r\n c\r\n \r\n\r\n", ""],
    ["A: b\r\nno end\r\n", "A: b\r\nno end\r\n", undefined],
    ["", "", undefined],
  ];
  for (const [message, header, behind] of samples) {
    for (let size = 1; size <= message.length + 1; size++) {
      assertEquals(split(message, size), [header, behind], `${JSON.stringify(message)} by ${size}`);
    }
  }
});

Deno.test("HeaderGate keeps no more than its limit", () => {
  const gate = new HeaderGate(8);
  gate.push(octets("A: b\r\nC:"));
  assertEquals([gate.overflows, text(gate.header)], [false, "A: b\r\nC:"]);
  gate.push(octets("d"));
  assertEquals(gate.overflows, true);
  gate.push(new Uint8Array(1 << 20));
  assertEquals(gate.overflows, true);
  assertEquals(gate.header.length <= 9, true);
  const large = "A: " + "x".repeat(9990) + "\r\n\r\n";
  assertEquals(split(large + "body", 700, large.length), [large, "body"]);
});

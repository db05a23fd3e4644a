import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { Gather } from "./gather.ts";

/** Any well-formed text. fast-check's own binary strings take ten times as long to make. */
const texts = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0x7f }),
  ),
)
  .map((points) => String.fromCodePoint(...points));

function joined(parts: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    Uint8Array.from(parts.flatMap((part) => [...part])),
  );
}

Deno.test("Gather keeps the order of what it is given and counts it", () => {
  const out = new Gather();
  out.text("* ").number(12).text(" FETCH (").octets(new TextEncoder().encode("BODY")).octet(0x29);
  assertEquals(out.size, 17);
  assertEquals(joined(out.take()), "* 12 FETCH (BODY)");
  assertEquals(out.size, 0);
  assertEquals(out.take(), []);
});

Deno.test("Gather keeps long octets by reference and copies short ones", () => {
  const body = new Uint8Array(100_000).fill(0x61);
  const short = Uint8Array.of(0x62);
  const out = new Gather();
  out.text("{100000}\r\n").octets(body).octets(short).text(")\r\n");
  short[0] = 0x63;
  const parts = out.take();
  assertEquals(parts.length, 3);
  assertStrictEquals(parts[1], body);
  assertEquals(joined([parts[2]!]), "b)\r\n");
});

Deno.test("Gather never cuts a character down to an octet", () => {
  const out = new Gather();
  out.text("\u010D\u010A").text("č".repeat(500)).text("plain").text("a€😀");
  assertEquals(joined(out.take()), "\u010D\u010A" + "č".repeat(500) + "plaina€😀");
});

Deno.test("Gather writes whole numbers as String does", () => {
  const edges = [0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
  for (let power = 10; power < 1e16; power *= 10) edges.push(power - 1, power, power + 1);
  for (const n of edges) assertEquals(joined(new Gather().number(n).take()), String(n));
  fc.assert(fc.property(fc.maxSafeNat(), (n) => joined(new Gather().number(n).take()) === String(n)));
});

Deno.test("Gathers that are filled at the same time do not disturb each other or what was taken", () => {
  const pieces = fc.array(
    fc.record({
      to: fc.integer({ min: 0, max: 2 }),
      text: texts,
      then: fc.constantFrom("write more", "take", "take, and it is sent"),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(pieces, (steps) => {
    const outs = [new Gather(), new Gather(), new Gather()];
    const want = ["", "", ""], sent = ["", "", ""];
    const taken: Uint8Array[][] = [[], [], []];
    for (const step of steps) {
      const text = step.text;
      outs[step.to]!.text(text);
      want[step.to] += text;
      if (step.then === "write more") continue;
      taken[step.to]!.push(...outs[step.to]!.take());
      if (step.then === "take") continue;
      sent[step.to] += joined(taken[step.to]!);
      taken[step.to] = [];
      outs[step.to]!.reuse();
    }
    outs.forEach((out, i) => {
      taken[i]!.push(...out.take());
      assertEquals(sent[i] + joined(taken[i]!), want[i]!);
    });
  }));
});

Deno.test("Gather writes to the same buffer again once what was taken from it is sent", () => {
  const one = new Gather(), other = new Gather();
  const first = one.text("first").take()[0]!;
  one.reuse();
  const second = other.text("second").take()[0]!;
  assert(first.buffer === second.buffer && first.byteOffset === second.byteOffset);
  // Not sent yet: what follows stands elsewhere.
  assert(one.text("third").take()[0]!.buffer !== second.buffer);
  assertEquals(joined(other.text("fourth").take()), "fourth");
  assertEquals(joined([second]), "second");
});

Deno.test("Gather keeps what was written and not taken when told that the rest is sent", () => {
  const out = new Gather();
  out.text("sent").take();
  out.text("not taken");
  out.reuse();
  new Gather().text("anybody").take();
  assertEquals(joined(out.take()), "not taken");
});

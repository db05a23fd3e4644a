import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MessageWriter } from "./writer.ts";

function joined(parts: readonly Uint8Array[]): string {
  return parts.map((part) => new TextDecoder().decode(part)).join("");
}

Deno.test("MessageWriter keeps the order of all that is written, and what is not sent stays as it is", () => {
  const steps = fc.array(
    fc.record({
      // Around what is copied, and what one buffer takes.
      text: fc.oneof(fc.string(), fc.constantFrom(4095, 4096, 4097, 9000, 20_000).map((n) => "x".repeat(n))),
      as: fc.constantFrom("text", "octets"),
      then: fc.constantFrom("write more", "take back", "take", "take, and it is sent"),
    }),
    { maxLength: 40 },
  );
  fc.assert(fc.property(steps, (steps) => {
    const out = new MessageWriter();
    let want = "", sent = "", taken: Uint8Array[] = [];
    for (const { text, as, then } of steps) {
      const mark = out.mark();
      if (as === "text") out.text(text);
      else out.octets(new TextEncoder().encode(text));
      if (then === "take back") {
        out.rollback(mark);
        continue;
      }
      want += text;
      if (then === "write more") continue;
      taken.push(...out.take());
      if (then === "take") continue;
      sent += joined(taken);
      taken = [];
      out.reuse();
    }
    assertEquals(sent + joined(taken) + joined(out.take()), want);
  }));
});

Deno.test("MessageWriter writes to the same room again once all is sent, and not where more was written", () => {
  const out = new MessageWriter();
  out.text("one");
  const [one] = out.take();
  out.reuse();
  out.text("two");
  const [two] = out.take();
  assert(one!.buffer === two!.buffer && one!.byteOffset === two!.byteOffset);
  out.text("three");
  out.reuse();
  assertEquals(joined([two!, ...out.take()]), "twothree");
});

Deno.test("MessageWriter keeps no buffer that one long text was written to", () => {
  const out = new MessageWriter();
  out.text("x".repeat(100_000));
  assertEquals(out.take()[0]!.buffer.byteLength, 100_000);
  out.reuse();
  out.text("y");
  assert(out.take()[0]!.buffer.byteLength < 100_000);
});

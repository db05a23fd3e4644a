import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Gather } from "../bytes/gather.ts";
import { challengeLine, cleanText, condition, continueLine, failureLine, faultLine } from "./reply.ts";

/** Any well-formed text. fast-check's own binary strings take ten times as long to make. */
const texts = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.integer({ min: 0, max: 0x7f }),
  ),
)
  .map((points) => String.fromCodePoint(...points));

function wire(write: (out: Gather) => void): string {
  const out = new Gather();
  write(out);
  return new TextDecoder().decode(Uint8Array.from(out.take().flatMap((part) => [...part])));
}

Deno.test("status responses", () => {
  assertEquals(wire((out) => condition(out, "A1", "OK", "NOOP completed")), "A1 OK NOOP completed\r\n");
  assertEquals(wire((out) => condition(out, undefined, "BYE", "Bye")), "* BYE Bye\r\n");
  assertEquals(
    wire((out) => condition(out, undefined, "OK", "Ready", { code: "CAPABILITY", names: ["IMAP4rev2"] })),
    "* OK [CAPABILITY IMAP4rev2] Ready\r\n",
  );
});

Deno.test("failures become NO and BAD in one place", () => {
  assertEquals(wire((out) => failureLine(out, "A1", { kind: "syntax", text: "No" })), "A1 BAD No\r\n");
  assertEquals(
    wire((out) => failureLine(out, "A1", { kind: "refused", code: "TRYCREATE", text: "No such mailbox" })),
    "A1 NO [TRYCREATE] No such mailbox\r\n",
  );
});

Deno.test("faults", () => {
  const fault = {
    rule: "r",
    text: "Text",
    fatal: false,
    tag: "A1",
    status: "NO",
    code: { code: "TOOBIG" },
  } as const;
  assertEquals(wire((out) => faultLine(out, fault)), "A1 NO [TOOBIG] Text\r\n");
  assertEquals(
    wire((out) => faultLine(out, { ...fault, status: "BAD", code: undefined })),
    "A1 BAD Text\r\n",
  );
  assertEquals(
    wire((out) => faultLine(out, { ...fault, tag: undefined, code: undefined })),
    "* BAD Text\r\n",
  );
  assertEquals(wire((out) => faultLine(out, { ...fault, fatal: true })), "* BYE [TOOBIG] Text\r\n");
});

Deno.test("continuations", () => {
  assertEquals(wire((out) => continueLine(out, "Ready")), "+ Ready\r\n");
  assertEquals(wire((out) => challengeLine(out, new Uint8Array(0))), "+ \r\n");
  assertEquals(wire((out) => challengeLine(out, new TextEncoder().encode("ab"))), "+ YWI=\r\n");
});

Deno.test("no text can end the line, look like a code or be empty", () => {
  assertEquals(cleanText("a\r\nA2 OK\0\u010a\u00e9", false), "a??A2 OK???");
  assertEquals(cleanText("[ALERT] x", false), "?ALERT] x");
  assertEquals(cleanText("[ALERT] x", true), "[ALERT] x");
  assertEquals(cleanText("", false), "-");
  assertEquals(cleanText("x".repeat(600), false).length, 500);
  fc.assert(fc.property(texts, (text) => {
    assertMatch(wire((out) => condition(out, "A1", "NO", text)), /^A1 NO [^\r\n\[][ -~]*\r\n$/);
  }));
});

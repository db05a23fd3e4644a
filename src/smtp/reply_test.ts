import { assert, assertEquals } from "@std/assert";
import type { RefusalCode } from "../core/failure.ts";
import { encodeReply, refusalReply, REPLIES, reply } from "./reply.ts";

const wire = (octets: Uint8Array) => new TextDecoder().decode(octets);

Deno.test("every reply: status of its code's class, lines within RFC 5321 §4.5.3.1.5", () => {
  const refusals = (["OVERQUOTA", "LIMIT", "TOOBIG", "NOPERM", "SERVERBUG"] satisfies RefusalCode[]).map(
    refusalReply,
  );
  for (const what of [...Object.values(REPLIES), ...refusals]) {
    const first = String(what.code)[0];
    if (what.status !== "") assertEquals(what.status[0], first, JSON.stringify(what));
    else assertEquals(first, "3", JSON.stringify(what));
    for (const line of wire(encodeReply(what)).split("\r\n")) assert(line.length <= 510);
  }
});

Deno.test("a reply cannot be split", () => {
  assertEquals(wire(encodeReply(reply(250, "2.0.0", "a\r\n550 b\x1b[0mü"))), "250 2.0.0 a??550 b?[0m?\r\n");
});

Deno.test("a reply of many lines", () => {
  assertEquals(wire(encodeReply(reply(214, "2.0.0", ["a", "b"]))), "214-2.0.0 a\r\n214 2.0.0 b\r\n");
});

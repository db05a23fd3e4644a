import { assertEquals } from "@std/assert";
import { partOf } from "./partial.ts";

Deno.test("parts of a result, from its begin and from its end (RFC 9394 §3.1)", () => {
  const part = (from: number, to: number) => partOf([1, 2, 3, 4, 5], { from, to }).join("");
  assertEquals(part(1, 2), "12");
  assertEquals(part(2, 1), "12");
  assertEquals(part(4, 500), "45");
  assertEquals(part(5, 5), "5");
  assertEquals(part(6, 9), "");
  assertEquals(part(-1, -2), "45");
  assertEquals(part(-2, -1), "45");
  assertEquals(part(-4, -500), "12");
  assertEquals(part(-6, -7), "");
  assertEquals(partOf([], { from: 1, to: 1 }), []);
  assertEquals(partOf([], { from: -1, to: -1 }), []);
});

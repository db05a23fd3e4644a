import { assertEquals } from "@std/assert";
import { free } from "./free.ts";

Deno.test("free gives a buffer back, unless it is small or others may use the rest of it", () => {
  const whole = new Uint8Array(10_000);
  free(whole);
  assertEquals(whole.length, 0);
  const most = new Uint8Array(10_000).subarray(11);
  free(most);
  assertEquals(most.buffer.byteLength, 0);
  const part = new Uint8Array(20_000).subarray(10_000);
  free(part);
  assertEquals(part.length, 10_000);
  const small = new Uint8Array(100);
  free(small);
  assertEquals(small.length, 100);
});

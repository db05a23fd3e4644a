import { assert, assertEquals, assertMatch } from "@std/assert";
import { Srs } from "./srs.ts";

const DAY = 86_400_000;
let now = Date.UTC(2026, 10, 28);
const ours = new Srs(new Uint8Array(32).fill(1), () => now);
const theirs = new Srs(new Uint8Array(32).fill(2), () => now);

Deno.test("an address goes out as ours and comes back as the sender's", () => {
  for (
    const sender of [
      { local: "jane", domain: "a.test" },
      { local: "x=y=z", domain: "a.test" },
      { local: "srs0", domain: "a.test" },
      { local: "with space", domain: "b\u00fccher.test" },
      { local: "j\u00f6rg", domain: "a.test" },
      { local: "=", domain: "a.test" },
    ]
  ) {
    const out = ours.forward(sender, "ours.test")!;
    assertEquals(out.domain, "ours.test");
    assertMatch(out.local, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=/);
    assertEquals(ours.reverse(out.local), sender);
    assertEquals(theirs.reverse(out.local), undefined);
  }
  const out = ours.forward({ local: "jane", domain: "a.test" }, "ours.test")!;
  assertEquals(ours.reverse(out.local.toLowerCase()), { local: "jane", domain: "a.test" });
  assertEquals(ours.reverse(out.local.toUpperCase()), { local: "JANE", domain: "A.TEST" });
});

Deno.test("a second and a third forwarder lead back to the first", () => {
  const sender = { local: "jane", domain: "a.test" };
  const first = theirs.forward(sender, "theirs.test")!;
  const second = ours.forward(first, "ours.test")!;
  assertMatch(second.local, /^SRS1=[a-z2-7]{8}=theirs\.test==/);
  assertEquals(ours.reverse(second.local), first);
  assertEquals(theirs.reverse(ours.reverse(second.local)!.local), sender);
  const third = new Srs(new Uint8Array(32).fill(3), () => now);
  const last = third.forward(second, "third.test")!;
  assertEquals(last.local.length, second.local.length, "no longer than the second's");
  assertEquals(third.reverse(last.local), first);
  // Other separators behind SRS0 are kept.
  const plus = { local: "SRS0+abcd=ab=a.test=jane", domain: "theirs.test" };
  assertEquals(ours.reverse(ours.forward(plus, "ours.test")!.local), plus);
});

Deno.test("what was changed, made up or is too old leads nowhere", () => {
  const { local } = ours.forward({ local: "jane", domain: "a.test" }, "ours.test")!;
  for (
    const bad of [
      local.replace("jane", "john"),
      local.replace("a.test", "b.test"),
      "SRS0=aaaaaaaa=aa=a.test=jane",
      "SRS0=",
      "SRS0====",
      "SRS0=aaaaaaaa",
      "SRS1=",
      "SRS1=aaaaaaaa=a.test==x",
      "SRS1=aaaaaaaa==x",
      "SRS2=aaaaaaaa=aa=a.test=jane",
      "jane",
      "",
    ]
  ) assertEquals(ours.reverse(bad), undefined, bad);
  const before = now;
  now += 21 * DAY;
  assert(ours.reverse(local) !== undefined);
  now += DAY;
  assertEquals(ours.reverse(local), undefined);
  now = before - DAY;
  assertEquals(ours.reverse(local), undefined, "from the future");
  now = before;
});

Deno.test("an address that would be too long goes as it came", () => {
  assertEquals(ours.forward({ local: "x".repeat(240), domain: "a.test" }, "ours.test"), undefined);
});

import { assert, assertEquals, assertGreaterOrEqual, assertMatch, assertRejects } from "@std/assert";
import { realWorld } from "../core/world.ts";
import { createHasher, HashBusy } from "./hash.ts";
import { isCurrent, parseStored } from "./schemes.ts";
import { parseScram } from "./scram_keys.ts";

Deno.test("a password that was enrolled is right, every other one is wrong", async () => {
  await using hasher = createHasher(realWorld);
  const enrolled = await hasher.enroll("correct horse");
  assertMatch(enrolled.hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert(isCurrent(enrolled.hash));
  assertEquals(parseScram(enrolled.scramSha1!, "SHA-1")?.salt.length, 16);
  assertEquals(parseScram(enrolled.scramSha256!, "SHA-256")?.iterations, 10_000);
  assertEquals(await hasher.verify("correct horse", enrolled.hash), true);
  assertEquals(await hasher.verify("correct horsf", enrolled.hash), false);
  assertEquals(await hasher.verify("", enrolled.hash), false);
  const again = await hasher.enroll("correct horse");
  assert(again.hash !== enrolled.hash && again.scramSha256 !== enrolled.scramSha256, "salts repeat");
});

Deno.test("an unknown user costs as long as a known one", async () => {
  await using hasher = createHasher(realWorld, { threads: 1 });
  const { hash } = await hasher.enroll("x");
  const time = async (stored: string | undefined) => {
    const start = performance.now();
    assertEquals(await hasher.verify("y", stored), false);
    return performance.now() - start;
  };
  // Both run one argon2id of the same parameters. The least disturbed of each is compared; a busy machine gets
  // more rounds, one that answers an unknown user at once never comes near.
  let known = Infinity, unknown = Infinity;
  for (let round = 0; round < 50; round++) {
    known = Math.min(known, await time(hash));
    unknown = Math.min(unknown, await time(undefined));
    if (round >= 4 && unknown > known / 2 && unknown < known * 2) return;
  }
  throw new Error(`known ${known} ms, unknown ${unknown} ms`);
});

Deno.test("beyond the queue the answer is busy, and what waited is still answered", async () => {
  await using hasher = createHasher(realWorld, { threads: 2, queue: 3 });
  const answers = Array.from({ length: 8 }, () => hasher.verify("x", undefined).catch((error) => error));
  assertEquals(hasher.pending, 5);
  const settled = await Promise.all(answers);
  assertEquals(settled.filter((answer) => answer === false).length, 5);
  assertEquals(settled.filter((answer) => answer instanceof HashBusy).length, 3);
  assertEquals(hasher.pending, 0);
});

Deno.test("suspects wait behind all others, the most suspect last, and give their places to them", async () => {
  await using hasher = createHasher(realWorld, { threads: 1, queue: 3, busyMs: 0, suspectRest: 0 });
  const ended: string[] = [];
  const ask = (name: string, suspicion: number) =>
    hasher.verify(name, "{PLAIN}x", () => suspicion).then(() => ended.push(name), (error) => {
      ended.push(`${name}: ${error.name}`);
    });
  const asked = [ask("runs", 0), ask("guesser", 9), ask("typo", 1), ask("worse guesser", 20)];
  // The queue is full: who is more suspect than all that wait is turned away, who is less so takes the worst one's place.
  asked.push(ask("worst guesser", 30), ask("owner", 0));
  await Promise.all(asked);
  assertEquals(ended, [
    "worst guesser: HashBusy",
    "worse guesser: HashBusy",
    "runs",
    "owner",
    "typo",
    "guesser",
  ]);
});

Deno.test("busy is not said at once: who asks again immediately is slowed down", async () => {
  await using hasher = createHasher(realWorld, { threads: 1, queue: 0, busyMs: 300 });
  const began = performance.now();
  await assertRejects(() => hasher.verify("x", undefined), HashBusy);
  assertGreaterOrEqual(performance.now() - began, 290);
});

Deno.test("whoever turns out wrong while waiting is a suspect from then on", async () => {
  await using hasher = createHasher(realWorld, { threads: 1, suspectRest: 0 });
  const ended: string[] = [];
  let wrong = 0;
  const first = hasher.verify("a", "{PLAIN}x", () => wrong).then(() => wrong++);
  const again = hasher.verify("b", "{PLAIN}x", () => wrong).then(() => ended.push("again"));
  const owner = hasher.verify("x", "{PLAIN}x").then(() => ended.push("owner"));
  wrong = 1;
  await Promise.all([first, again, owner]);
  assertEquals(ended, ["owner", "again"]);
});

Deno.test("after a suspect's hash suspects wait, and nobody else", async () => {
  // A clock by which each hash takes so long that the rest is the longest there is.
  let ms = 0;
  await using hasher = createHasher({ ...realWorld, ticks: () => ms += 100_000 }, { threads: 2 });
  let rested = false;
  assertEquals(await hasher.verify("a", "{PLAIN}x", () => 1), false);
  const suspect = hasher.verify("b", "{PLAIN}x", () => 1).then((right) => {
    rested = true;
    return right;
  });
  for (let i = 0; i < 3; i++) assertEquals(await hasher.verify("x", "{PLAIN}x"), true);
  assertEquals(rested, false);
  assertEquals(hasher.pending, 1);
  assertEquals(await suspect, false);
});

Deno.test("the thread that asks goes on while hashes run", async () => {
  await using hasher = createHasher(realWorld, { threads: 1 });
  await hasher.verify("x", undefined);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await hasher.verify("x", undefined);
  clearInterval(timer);
  assertGreaterOrEqual(turns, 5);
});

Deno.test("a hash that takes too long ends with its thread, and the next one works", async () => {
  await using hasher = createHasher(realWorld, { threads: 1, jobMs: 1000 });
  const slow = "$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuA";
  assert(parseStored(slow).ok);
  const first = assertRejects(() => hasher.verify("x", slow), HashBusy, "longer than 1000 ms");
  const second = hasher.verify("x", "{PLAIN}x");
  await first;
  assertEquals(await second, true);
});

Deno.test("a job that fills its thread's heap ends with the thread, and the next one works", async () => {
  await using hasher = createHasher(realWorld, { threads: 1, jobMs: 1000 });
  // No password that long gets here: whatever fills the heap, the thread goes and the process stays.
  const long = "x".repeat(100 << 20);
  await assertRejects(() => hasher.verify(long, "{PLAIN}x"), Error, "Cannot compute a password hash");
  assertEquals(await hasher.verify("x", "{PLAIN}x"), true);
});

Deno.test("closing rejects what waits", async () => {
  const hasher = createHasher(realWorld, { threads: 1 });
  const running = hasher.verify("x", undefined).catch((error: Error) => error.message);
  const waiting = hasher.verify("x", undefined).catch((error: Error) => error.message);
  await hasher[Symbol.asyncDispose]();
  assertEquals(await running, "Cannot compute a password hash: the hasher is closed");
  assertEquals(await waiting, "the hasher is closed");
  await assertRejects(() => hasher.verify("x", undefined), HashBusy);
});

import { assert, assertEquals, assertExists, assertRejects, assertThrows } from "@std/assert";
import type { World } from "../core/world.ts";
import { BoundedMap } from "./bounded_map.ts";
import type { ThrottleLimits } from "./limits.ts";
import { guesserOf, networkTest } from "./networks.ts";
import { Throttle, type ThrottleNote, type ThrottleOptions } from "./throttle.ts";
import { VerifyCache } from "./verify_cache.ts";

/** A clock that stands still until it is moved; what sleeps moves it. */
class Clock {
  ms = 1_000_000;
  readonly slept: number[] = [];
  readonly world: World = {
    now: () => this.ms,
    ticks: () => this.ms,
    random: (n) => new Uint8Array(n).fill(7),
  };
  readonly sleep = (ms: number) => {
    this.slept.push(ms);
    return Promise.resolve();
  };
}

function throttleOf(clock: Clock, options: Partial<ThrottleOptions> = {}): Throttle {
  return new Throttle({ world: clock.world, sleep: clock.sleep, ...options });
}

let guesses = 0;

/** Tries once; false when refused. */
async function attempt(
  throttle: Throttle,
  remote: string,
  user: string,
  outcome: "right" | "wrong" | "void",
  password = `guess ${++guesses}`,
): Promise<boolean> {
  const permit = await throttle.admit(remote, user, password);
  permit?.settle(outcome);
  return permit !== undefined;
}

async function wrongOnes(throttle: Throttle, count: number, remote: string, user: string): Promise<number> {
  let admitted = 0;
  for (let i = 0; i < count; i++) if (await attempt(throttle, remote, user, "wrong")) admitted++;
  return admitted;
}

const SLOW: Partial<ThrottleLimits> = { addressMinute: 1000, addressDay: 1000 };

Deno.test("an address may be wrong ten times a minute, whatever the names", async () => {
  const clock = new Clock(), throttle = throttleOf(clock);
  for (let i = 0; i < 10; i++) assert(await attempt(throttle, "192.0.2.1", `user${i}`, "wrong"));
  assertEquals(throttle.refuses("192.0.2.1"), true);
  assertEquals(await attempt(throttle, "192.0.2.1", "other", "right"), false);
  assertEquals(await attempt(throttle, "192.0.2.2", "other", "right"), true);
  clock.ms += 59_999;
  assertEquals(await attempt(throttle, "192.0.2.1", "other", "right"), false);
  clock.ms += 1;
  assertEquals(await attempt(throttle, "192.0.2.1", "other", "right"), true);
});

Deno.test("an address is the more suspect the more often it was wrong within a day; exempt ones never are", async () => {
  const clock = new Clock(), throttle = throttleOf(clock, { exempt: ["127.0.0.0/8"] });
  const waiting = await throttle.admit("192.0.2.1", "user", "p");
  assertEquals(waiting!.suspicion(), 0);
  await wrongOnes(throttle, 3, "192.0.2.1", "user");
  assertEquals(waiting!.suspicion(), 3);
  assertEquals((await throttle.admit("192.0.2.2", "other", "p"))!.suspicion(), 0);
  clock.ms += 86_400_000;
  assertEquals(waiting!.suspicion(), 0);
  waiting!.settle("void");
  await wrongOnes(throttle, 3, "127.0.0.1", "user");
  assertEquals((await throttle.admit("127.0.0.1", "user", "p"))!.suspicion(), -1);
});

Deno.test("strangers are suspect where an account is guessed at from many addresses; its owner's networks are not", async () => {
  const clock = new Clock(), throttle = throttleOf(clock);
  assertEquals(await attempt(throttle, "192.0.2.1", "user", "right"), true);
  const owner = (await throttle.admit("192.0.2.1", "user", "p"))!;
  // All at once, before anything is known of them: four could be the owner's devices in a new network.
  const strangers = await Promise.all(
    Array.from({ length: 7 }, (_, i) => throttle.admit(`198.51.${i}.1`, "user", `guess ${i}`)),
  );
  assertEquals(strangers.map((stranger) => stranger!.suspicion()), new Array(7).fill(3));
  assertEquals(owner.suspicion(), -1);
  assertEquals((await throttle.admit("203.0.113.1", "other", "p"))!.suspicion(), 0);
  for (const stranger of strangers) stranger!.settle("wrong");
  const late = (await throttle.admit("203.0.113.1", "user", "p"))!;
  assertEquals([late.suspicion(), owner.suspicion()], [7, -1]);
  clock.ms += 3_600_000;
  assertEquals(late.suspicion(), 0);
});

Deno.test("an address may be wrong fifty times a day", async () => {
  const clock = new Clock(), throttle = throttleOf(clock);
  let admitted = 0;
  for (let minute = 0; minute < 20; minute++) {
    admitted += await wrongOnes(throttle, 10, "192.0.2.1", `user${minute}`);
    clock.ms += 60_000;
  }
  assertEquals(admitted, 50);
  clock.ms += 86_400_000;
  assertEquals(await attempt(throttle, "192.0.2.1", "user", "right"), true);
});

Deno.test("right passwords and broken exchanges cost nothing", async () => {
  const throttle = throttleOf(new Clock());
  for (let i = 0; i < 100; i++) {
    assert(await attempt(throttle, "192.0.2.1", "jane", "right"));
    assert(await attempt(throttle, "192.0.2.1", "jane", "void"));
  }
});

Deno.test("a device with an old password uses up a minute, not the day of its network", async () => {
  const clock = new Clock(), throttle = throttleOf(clock);
  for (let i = 0; i < 300; i++) {
    assert(await attempt(throttle, "192.0.2.1", "jane", "wrong", "old password"), `attempt ${i}`);
    clock.ms += 10_000;
  }
  assertEquals(clock.slept, []);
  assertEquals(await wrongOnes(throttle, 20, "192.0.2.1", "jane"), 10);
});

Deno.test("attempts at the same time cannot be wrong more often than one after the other", async () => {
  const throttle = throttleOf(new Clock());
  const trials = Array.from({ length: 60 }, async (_, i) => {
    const permit = await throttle.admit("192.0.2.1", `user${i}`, `guess${i}`);
    await Promise.resolve();
    permit?.settle("wrong");
    return permit !== undefined;
  });
  assertEquals((await Promise.all(trials)).filter(Boolean).length, 10);
});

Deno.test("many at once who are right wait for one another and get in", async () => {
  const throttle = throttleOf(new Clock());
  const trials = Array.from({ length: 100 }, async (_, i) => {
    const permit = await throttle.admit("192.0.2.1", `user${i}`, "right");
    assertExists(permit);
    await Promise.resolve();
    permit.settle("right");
  });
  await Promise.all(trials);
});

Deno.test("more than may wait are refused", async () => {
  const throttle = throttleOf(new Clock(), { limits: { addressMinute: 2, addressWaiting: 3 } });
  const open = [await throttle.admit("192.0.2.1", "a", "x"), await throttle.admit("192.0.2.1", "a", "y")];
  const waiting = [1, 2, 3].map((i) => throttle.admit("192.0.2.1", "a", `${i}`));
  assertEquals(await throttle.admit("192.0.2.1", "a", "z"), undefined);
  for (const permit of open) permit!.settle("void");
  for (const one of waiting) (await one)!.settle("void");
});

Deno.test("an account that is guessed at gets slow for strangers, is never locked, and not slow for its owner", async () => {
  const clock = new Clock(), throttle = throttleOf(clock);
  assert(await attempt(throttle, "198.51.100.7", "jane", "right"));
  // Two guesses from each of ten addresses: no address stands out.
  for (let i = 0; i < 20; i++) await attempt(throttle, `192.0.2.${i >> 1}`, "jane", "wrong");
  assertEquals(clock.slept, []);
  for (let i = 20; i < 40; i++) assert(await attempt(throttle, `192.0.2.${i >> 1}`, "jane", "wrong"));
  assertEquals(clock.slept.slice(0, 3), [1000, 2000, 3000]);
  assertEquals(clock.slept[19], 15_000);
  clock.slept.length = 0;

  assert(await attempt(throttle, "198.51.100.7", "jane", "right"));
  assertEquals(clock.slept, []);
  assert(await attempt(throttle, "203.0.113.1", "jane", "right"), "the owner from elsewhere gets in");
  assertEquals(clock.slept, [15_000]);
  assert(await attempt(throttle, "203.0.113.1", "jane", "right"), "and is known from then on");
  assertEquals(clock.slept, [15_000]);
  assert(await attempt(throttle, "192.0.2.200", "john", "wrong"));
  assertEquals(clock.slept, [15_000]);
  clock.ms += 3_600_000;
  assert(await attempt(throttle, "203.0.113.9", "jane", "wrong"));
  assertEquals(clock.slept, [15_000]);
});

Deno.test("names that do not exist are slowed down like those that do", async () => {
  // The throttle is never told which names exist: the same history gives the same waits for any two names.
  const waits = async (user: string) => {
    const clock = new Clock(), throttle = throttleOf(clock, { limits: SLOW });
    await wrongOnes(throttle, 40, "192.0.2.1", user);
    return clock.slept;
  };
  assertEquals(await waits("jane@example.org"), await waits("nobody@example.org"));
});

Deno.test("few attempts for one account are held back at once", async () => {
  const clock = new Clock();
  const wake: (() => void)[] = [];
  const throttle = throttleOf(clock, {
    limits: SLOW,
    sleep: () => new Promise<void>((resolve) => wake.push(resolve)),
  });
  await wrongOnes(throttle, 20, "192.0.2.1", "jane");
  const held = [1, 2, 3, 4].map((i) => throttle.admit(`203.0.113.${i}`, "jane", "x"));
  await Promise.resolve();
  assertEquals(await throttle.admit("203.0.113.5", "jane", "x"), undefined);
  for (const one of wake.splice(0)) one();
  for (const one of held) (await one)!.settle("void");
});

Deno.test("exempt networks have no limit; IPv6 counts by /64", async () => {
  const throttle = throttleOf(new Clock(), { exempt: ["127.0.0.0/8", "2001:db8:1::/48"] });
  assertEquals(await wrongOnes(throttle, 60, "127.0.0.1", "jane"), 60);
  assertEquals(await wrongOnes(throttle, 60, "2001:db8:1::5", "jane"), 60);
  assertEquals(await wrongOnes(throttle, 6, "2001:db8:2:3::5", "jane"), 6);
  assertEquals(await wrongOnes(throttle, 6, "2001:db8:2:3:ffff::1", "jane"), 4);
  assertEquals(throttle.refuses("2001:db8:2:3::abcd"), true);
  assertEquals(throttle.refuses("2001:db8:2:4::abcd"), false);
  assertEquals(throttle.refuses("127.0.0.1"), false);
});

Deno.test("what one worker finds out, another one knows", async () => {
  const clock = new Clock();
  const heard: ThrottleNote[] = [];
  const other = throttleOf(clock);
  const one = throttleOf(clock, { share: (note) => (heard.push(note), other.hear(note)) });
  assert(await attempt(one, "198.51.100.7", "jane", "right"));
  await wrongOnes(one, 10, "192.0.2.1", "jane");
  assertEquals(heard.length, 11);
  assertEquals(structuredClone(heard), heard);
  assertEquals(other.refuses("192.0.2.1"), true);
  for (let i = 0; i < 10; i++) await attempt(other, "192.0.2.2", "jane", "wrong");
  await attempt(other, "198.51.100.7", "jane", "right");
  assertEquals(clock.slept, []);
  await attempt(other, "198.51.100.8", "jane", "right");
  assertEquals(clock.slept, [1000]);
});

Deno.test("memory is bounded: the guesser not seen for longest is forgotten", async () => {
  const throttle = throttleOf(new Clock(), { limits: { entries: 3 } });
  await wrongOnes(throttle, 10, "192.0.2.1", "jane");
  assertEquals(throttle.refuses("192.0.2.1"), true);
  for (const i of [2, 3, 4]) await wrongOnes(throttle, 1, `192.0.2.${i}`, "jane");
  assertEquals(throttle.refuses("192.0.2.1"), false);
});

Deno.test("networks: forms, families, and what is none", () => {
  assertEquals(guesserOf("192.0.2.1"), "192.0.2.1");
  assertEquals(guesserOf("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(guesserOf("2001:db8::1"), "2001:db8:0:0::/64");
  assertEquals(guesserOf("/run/lmtp"), "/run/lmtp");
  const inside = networkTest(["192.0.2.0/24", "2001:db8::1"]);
  assertEquals(["192.0.2.255", "192.0.3.0", "2001:db8::1", "2001:db8::2", "/run/x"].map(inside), [
    true,
    false,
    true,
    false,
    false,
  ]);
  assertThrows(() => networkTest(["localhost"]), TypeError, '"localhost"');
  assertThrows(() => networkTest(["192.0.2.0/33"]), TypeError, '"192.0.2.0/33"');
});

Deno.test("a bounded map forgets what was not used for longest", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  assertEquals(map.get("a"), 1);
  map.set("c", 3);
  assertEquals([map.get("a"), map.get("b"), map.get("c"), map.size], [1, undefined, 3, 2]);
  map.delete("a");
  assertEquals(map.size, 1);
});

Deno.test("a right password is remembered for minutes, for its stored form only", async () => {
  const clock = new Clock(), cache = new VerifyCache(clock.world, { entries: 2 });
  cache.add("hash1", "secret");
  assertEquals(await has(cache, "hash1", "secret"), true);
  assertEquals(await has(cache, "hash1", "secreT"), false);
  assertEquals(await has(cache, "hash2", "secret"), false, "a changed password finds nothing");
  clock.ms += 299_999;
  assertEquals(await has(cache, "hash1", "secret"), true);
  clock.ms += 1;
  assertEquals(await has(cache, "hash1", "secret"), false, "using it did not extend it");
  for (const password of ["a", "b", "c"]) cache.add("hash1", password);
  assertEquals(await Promise.all(["a", "b", "c"].map((password) => has(cache, "hash1", password))), [
    false,
    true,
    true,
  ]);
});

Deno.test("who asks for the same password while it is hashed waits for that hash; others, and failures, do not", async () => {
  const cache = new VerifyCache(new Clock().world, {});
  let hashes = 0;
  const verify = (right: boolean) => async () => {
    hashes++;
    await Promise.resolve();
    return right;
  };
  const many = (password: string, right: boolean) =>
    Promise.all([1, 2, 3].map(() => cache.check("hash1", password, verify(right))));
  assertEquals(await many("secret", true), [true, true, true]);
  assertEquals(await many("wrong", false), [false, false, false]);
  assertEquals(hashes, 2);
  assertEquals([await has(cache, "hash1", "secret"), await has(cache, "hash1", "wrong")], [true, false]);
  await cache.check("hash1", "wrong", verify(false));
  assertEquals(hashes, 3, "a wrong one is hashed again");
  const busy = () => Promise.reject(new Error("busy"));
  await assertRejects(() => cache.check("hash1", "other", busy), Error, "busy");
  assertEquals(await cache.check("hash1", "other", verify(true)), true);
});

/** Whether it is remembered: the hash would say no. */
function has(cache: VerifyCache, stored: string, password: string): Promise<boolean> {
  return cache.check(stored, password, () => Promise.resolve(false));
}

import { assert, assertEquals } from "@std/assert";
import { until } from "../../tests/net/support.ts";
import { Deadlines, TICK_MS, type Timed } from "./deadlines.ts";

/** Something that notes when it expired. */
class Alarm implements Timed {
  slot = -1;
  readonly fired: number[] = [];
  constructor(public due: number, readonly then: (alarm: Alarm, now: number) => void = () => {}) {}
  expired(now: number): void {
    this.fired.push(now);
    this.due = Infinity;
    this.then(this, now);
  }
}

/** Until a wheel holds nothing any more: how soon that is depends on how busy the machine is. */
function empty(wheel: Deadlines): Promise<void> {
  return until(() => wheel.size === 0, "the wheel is empty");
}

Deno.test("deadlines are kept in order, late by little and never early", async () => {
  const wheel = new Deadlines();
  const now = performance.now();
  const alarms = [30, 0, 150, 290, -50].map((ms) => new Alarm(now + ms));
  const dues = alarms.map((alarm) => alarm.due);
  for (const alarm of alarms) wheel.watch(alarm);
  await empty(wheel);
  alarms.forEach((alarm, i) => {
    assertEquals(alarm.fired.length, 1);
    const late = alarm.fired[0]! - Math.max(dues[i]!, now);
    assert(late >= 0 && late < 20 * TICK_MS, `${late} ms late`);
  });
});

Deno.test("putting a deadline off is a number, bringing it nearer moves it", async () => {
  const wheel = new Deadlines();
  const off = new Alarm(performance.now() + 50);
  const near = new Alarm(performance.now() + 60_000);
  wheel.watch(off);
  wheel.watch(near);
  off.due = performance.now() + 60_000;
  wheel.watch(off);
  near.due = performance.now() + 50;
  wheel.watch(near);
  await until(() => near.fired.length > 0, "the nearer one has expired");
  assertEquals([off.fired.length, near.fired.length], [0, 1]);
  wheel.forget(off);
  assertEquals(wheel.size, 0);
});

Deno.test("an alarm may set itself anew and take others out while the wheel turns", async () => {
  const wheel = new Deadlines();
  const due = performance.now() + 10;
  const victim = new Alarm(due);
  const again = new Alarm(due, (alarm, now) => {
    wheel.forget(victim);
    if (alarm.fired.length < 3) alarm.due = now + 1;
  });
  wheel.watch(again);
  wheel.watch(victim);
  await empty(wheel);
  assertEquals([again.fired.length, victim.fired.length, wheel.size], [3, 0, 0]);
});

Deno.test("the last one that is forgotten while the wheel turns does not stop those that follow", async () => {
  const wheel = new Deadlines();
  const due = performance.now() + 10;
  const second = new Alarm(Infinity);
  const first = new Alarm(due, () => {
    wheel.forget(first);
    second.due = performance.now() + 10;
    wheel.watch(second);
  });
  wheel.watch(first);
  await empty(wheel);
  assertEquals([first.fired.length, second.fired.length, wheel.size], [1, 1, 0]);
});

Deno.test("deadlines that were missed for a long time are all kept", async () => {
  const wheel = new Deadlines();
  const start = performance.now();
  const alarms = Array.from({ length: 50 }, (_, i) => new Alarm(start + i * 20));
  for (const alarm of alarms) wheel.watch(alarm);
  while (performance.now() < start + 1_000); // the thread is busy
  await empty(wheel);
  assertEquals(alarms.map((alarm) => alarm.fired.length), new Array(50).fill(1));
});

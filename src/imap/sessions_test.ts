import { assert, assertEquals } from "@std/assert";
import type { AccountId } from "../core/brands.ts";
import { enterSession } from "./sessions.ts";

Deno.test("one account has so many sessions from one address, and no more", () => {
  const one = 1 as AccountId, two = 2 as AccountId;
  const places = [enterSession(one, "192.0.2.1", 2), enterSession(one, "192.0.2.1", 2)];
  assert(places.every((place) => place !== undefined));
  assertEquals(enterSession(one, "192.0.2.1", 2), undefined);
  using elsewhere = enterSession(one, "192.0.2.2", 2);
  using other = enterSession(two, "192.0.2.1", 2);
  assert(elsewhere !== undefined && other !== undefined);
  places[0]![Symbol.dispose]();
  places[0]![Symbol.dispose]();
  using again = enterSession(one, "192.0.2.1", 2);
  assert(again !== undefined);
  assertEquals(enterSession(one, "192.0.2.1", 2), undefined);
  places[1]![Symbol.dispose]();
});

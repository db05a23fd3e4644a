import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { parseDate } from "./date.ts";

const iso = (text: string) => {
  const found = parseDate(text);
  return found === undefined ? undefined : `${new Date(found.epochMs).toISOString()} ${found.date}`;
};

Deno.test("date-time (RFC 5322 §3.3)", () => {
  assertEquals(iso("Fri, 21 Nov 1997 09:55:06 -0600"), "1997-11-21T15:55:06.000Z 1997-11-21");
  assertEquals(iso("1 Jan 2026 00:30 +0100"), "2025-12-31T23:30:00.000Z 2026-01-01");
  assertEquals(
    iso("Thu, 13 Feb 1969 23:32:54 -0330 (Newfoundland (time))"),
    "1969-02-14T03:02:54.000Z 1969-02-13",
  );
  assertEquals(iso("31 Dec 2016 23:59:60 +0000"), "2016-12-31T23:59:59.000Z 2016-12-31");
});

Deno.test("obsolete and foreign forms", () => {
  assertEquals(iso("21 Nov 97 09:55:06 GMT"), "1997-11-21T09:55:06.000Z 1997-11-21");
  assertEquals(iso("Fri, 21 Nov 1997 09(c):   55  :  06 -0600"), "1997-11-21T15:55:06.000Z 1997-11-21");
  assertEquals(iso("Thu, 10 Jul 1997 14:53:31 EST5EDT"), "1997-07-10T19:53:31.000Z 1997-07-10");
  assertEquals(iso("Wed, 11 Feb 98 11:51 CST"), "1998-02-11T17:51:00.000Z 1998-02-11");
  assertEquals(iso("3 Mar 126 10:00"), "2026-03-03T10:00:00.000Z 2026-03-03");
  assertEquals(iso("Mon Jan  2 15:04:05 2006"), "2006-01-02T15:04:05.000Z 2006-01-02");
  assertEquals(iso("Jan 2, 2006"), "2006-01-02T00:00:00.000Z 2006-01-02");
  assertEquals(iso("2006-01-02T15:04:05+02:00"), "2006-01-02T13:04:05.000Z 2006-01-02");
  assertEquals(iso("2006-01-02 15:04:05 Z"), "2006-01-02T15:04:05.000Z 2006-01-02");
  assertEquals(iso("2-Jan-2006 15:04"), "2006-01-02T15:04:00.000Z 2006-01-02");
});

Deno.test("no date can be made of these", () => {
  for (
    const text of ["", "yesterday", "32 Jan 2026", "30 Feb 2026", "1 Foo 2026", "(((", "Jan", "2026-13-01"]
  ) {
    assertEquals(parseDate(text), undefined, text);
  }
});

Deno.test("parseDate never throws and gives finite times", () => {
  const piece = fc.constantFrom(
    "1",
    "31",
    "2026",
    "Jan",
    "Feb",
    ":",
    "-",
    "+",
    " ",
    ",",
    "(",
    ")",
    "T",
    "GMT",
    "00",
  );
  fc.assert(
    fc.property(fc.array(piece), (list) => {
      const found = parseDate(list.join(""));
      return found === undefined || (Number.isFinite(found.epochMs) && found.date.length === 10);
    }),
    { numRuns: 3000 },
  );
});

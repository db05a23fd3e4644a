import { assertEquals } from "@std/assert";
import { sentDate, summarize } from "./summary.ts";

Deno.test("sentDate is what summarize says, with one Date, several, a bad one, none", () => {
  const one = "Date: Tue, 3 Nov 2026 23:59:59 -0800\r\n", two = "DATE : 1 Jan 2020 00:00:00 +0000\r\n";
  for (
    const dates of [one, one + two, two + one, "Date: nonsense\r\n", `Resent-Date: 1 Jan 2020\r\n${one}`, ""]
  ) {
    const header = new TextEncoder().encode(`From: a@b.test\r\n${dates}Subject: x\r\n\r\n`);
    assertEquals(sentDate(header), summarize(header).sent, dates);
  }
});

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Cursor } from "../../bytes/cursor.ts";
import { burl, mail, rcpt, withString } from "./commands.ts";
import { dateTime } from "./date_time.ts";
import { by, notify, originalRecipient, priority, solicit } from "./delivery_parameters.ts";
import { isFault } from "./fault.ts";
import { peer } from "./peer.ts";
import { toXtext, utf8Xtext, xtext } from "./xtext.ts";

Deno.test("date-time of RFC 3339 §5.6", () => {
  const iso = (text: string) => {
    const found = dateTime(text);
    return found === undefined ? undefined : new Date(found).toISOString();
  };
  assertEquals(iso("1985-04-12T23:20:50.52Z"), "1985-04-12T23:20:50.520Z");
  assertEquals(iso("1996-12-19T16:39:57-08:00"), "1996-12-20T00:39:57.000Z");
  assertEquals(iso("1990-12-31t23:59:60z"), "1991-01-01T00:00:00.000Z");
  assertEquals(iso("1937-01-01T12:00:27.87+00:20"), "1937-01-01T11:40:27.870Z");
  assertEquals(iso("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
  assertEquals(iso("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000Z");
  for (
    const bad of [
      "2023-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00",
      "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+0100",
      "2026-01-01 00:00:00Z",
      "2026-01-01T00:00Z",
      "2026-01-01T00:00:00.Z",
      "26-01-01T00:00:00Z",
      "\u0662026-01-01T00:00:00Z",
      "",
    ]
  ) assertEquals(iso(bad), undefined, bad);
});

Deno.test("values of parameters: what is no number, word or list is none", () => {
  assertEquals(notify("success,DELAY,Failure"), 7);
  assertEquals(notify("never"), 0);
  for (const bad of ["", ",", "NEVER,DELAY", "DELAY,DELAY", "SUCCES", "DELAY,", "a,b,c,d,e"]) {
    assertEquals(notify(bad), undefined, bad);
  }
  assertEquals([priority("0"), priority("9"), priority("-9")], [0, 9, -9]);
  for (const bad of ["", "-", "-0", "00", "10", "+1", "1.0", "x", "٣"]) {
    assertEquals(priority(bad), undefined, bad);
  }
  assertEquals(by("+120;R"), { seconds: 120, mode: "return", trace: false });
  for (const bad of ["", ";", "1;", "--1;N", "1;N;T", "1;TN", "1 ;N", "٣;N"]) {
    assertEquals(by(bad), undefined, bad);
  }
  assertEquals(solicit("a.b:C_d-e,F"), ["a.b:C_d-e", "F"]);
  // A letter whose code ends in that of an ASCII letter is none.
  for (const bad of ["", ",", "a,", "1a", "a b", "\u0141", "a\u0141", "a".repeat(1001)]) {
    assertEquals(solicit(bad), undefined, bad);
  }
  assertEquals(originalRecipient("RFC822;a@b+2Bc"), "rfc822;a@b+c");
  assertEquals(originalRecipient("utf-8;a\\x{10FFFF}b"), "utf-8;a\u{10ffff}b");
  for (
    const bad of [
      ";a",
      "rfc822",
      "rf c;a",
      "utf-8;\\x{110000}",
      "utf-8;\\x{D800}",
      "utf-8;\\x{2028}",
      "utf-8;\\x{41",
      "utf-8;\\y{41}",
      "utf-8;\\x{4}",
      `rfc822;${"x".repeat(500)}`,
    ]
  ) assertEquals(originalRecipient(bad), undefined, bad);
});

Deno.test("nothing that comes out of a command can break a line, whatever goes in", () => {
  const shown = (value: unknown) => {
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(String(value)), JSON.stringify(value));
  };
  const words = fc.constantFrom(
    ..." MAIL FROM:<a@b> RET= ENVID= ORCPT=rfc822; NOTIFY= HOLDUNTIL= BY= SOLICIT= \\x{0A} +0A +0D \r \n \0 \x7f é ü"
      .split(" "),
    ..."HELO= LOGIN= ADDR= NAME= LAST imap:// ; , = \u2028".split(" "),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 5 })), { maxLength: 8 }), (parts) => {
      const behind = (prefix: string) => new Cursor(new TextEncoder().encode(prefix + parts.join("")));
      const sent = mail(behind(" FROM:<a@b> "));
      if (!isFault(sent) && sent.name === "MAIL") {
        shown(sent.parameters.envid);
        sent.parameters.solicit.forEach(shown);
      }
      const to = rcpt(behind(" TO:<a@b> "));
      if (!isFault(to) && to.name === "RCPT") shown(to.parameters.originalRecipient);
      for (const name of ["XCLIENT", "XFORWARD"] as const) {
        const told = peer(name)(behind(" "));
        if (!isFault(told) && told.name === name) told.attributes.forEach(shown);
      }
      const url = burl(behind(" "));
      if (!isFault(url) && url.name === "BURL") shown(url.url);
      const results = [sent, to, url, withString("ETRN")(behind(" "))];
      for (const found of results) if (isFault(found)) assert(/^[ -~]+$/.test(found.text), found.text);
    }),
    { seed: 1, numRuns: 3000 },
  );
});

Deno.test("xtext comes back from where it went", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))),
      }),
      (text) => {
        assertEquals(xtext(toXtext(text)), text);
      },
    ),
    { seed: 1 },
  );
  assertEquals(utf8Xtext("a+b"), undefined);
});

import { assertEquals } from "@std/assert";
import { NO_PARAMETERS } from "./command.ts";
import { dateTime, protocolType } from "./trace.ts";
import type { Role, Transaction } from "./session.ts";

function type(
  role: Role,
  extended: boolean,
  secure: boolean,
  authenticated: boolean,
  smtputf8: boolean,
): string {
  const transaction: Transaction = {
    from: { address: undefined, utf8: false },
    parameters: { ...NO_PARAMETERS, smtputf8 },
    recipients: [],
    at: 0,
    use: undefined,
    chunking: false,
  };
  return protocolType({ role, hello: { name: "x", extended }, secure, authenticated, transaction });
}

Deno.test("protocol types of RFC 5321 §4.4, RFC 3848, RFC 6531 §4.3", () => {
  assertEquals(type("mx", false, false, false, false), "SMTP");
  assertEquals(type("mx", true, false, false, false), "ESMTP");
  assertEquals(type("mx", true, true, false, false), "ESMTPS");
  assertEquals(type("submission", true, false, true, false), "ESMTPA");
  assertEquals(type("submission", true, true, true, false), "ESMTPSA");
  assertEquals(type("mx", true, false, false, true), "UTF8SMTP");
  assertEquals(type("submission", true, true, true, true), "UTF8SMTPSA");
  assertEquals(type("lmtp", true, false, false, false), "LMTP");
  assertEquals(type("lmtp", true, true, false, false), "LMTPS");
  assertEquals(type("lmtp", true, true, false, true), "UTF8LMTPS");
});

Deno.test("date-time of RFC 5322 §3.3", () => {
  assertEquals(dateTime(0), "Thu, 1 Jan 1970 00:00:00 +0000");
  assertEquals(dateTime(Date.UTC(2026, 11, 31, 23, 59, 58)), "Thu, 31 Dec 2026 23:59:58 +0000");
});

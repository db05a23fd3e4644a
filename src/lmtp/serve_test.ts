import { assertEquals } from "@std/assert";
import { bench } from "../../tests/support/smtp_doubles.ts";
import { MemoryConn, octetsOf } from "../../tests/support/transcript.ts";
import { LMTP_LIMITS, serveLmtp } from "./mod.ts";

Deno.test("LMTP: as many messages on one connection as there are", async () => {
  const it = bench(LMTP_LIMITS);
  const conn = new MemoryConn();
  const served = serveLmtp(conn, it.services);
  conn.feed(octetsOf("LHLO c.example\\r\\n"));
  const one = "MAIL FROM:<>\\r\\nRCPT TO:<alice@example.test>\\r\\nBDAT 3 LAST\\r\\nhi\\n";
  for (let n = 0; n < 150; n++) conn.feed(octetsOf(one));
  conn.end();
  await served;
  assertEquals(it.store.delivered.length, 150);
});

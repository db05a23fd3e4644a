import { assertEquals, assertThrows } from "@std/assert";
import { canonicalAddress, formatAddress, groupOf, Networks, parseAddress } from "./address.ts";

Deno.test("parseAddress reads host:port, [v6]:port, every address and unix paths", () => {
  assertEquals(parseAddress("127.0.0.1:25"), { host: "127.0.0.1", port: 25 });
  assertEquals(parseAddress("mail.example.test:0"), { host: "mail.example.test", port: 0 });
  assertEquals(parseAddress("[::1]:993"), { host: "::1", port: 993 });
  assertEquals(parseAddress("*:25"), { host: "::", port: 25 });
  assertEquals(parseAddress("unix:/run/lmtp"), { path: "/run/lmtp" });
  for (
    const wrong of [
      "",
      "25",
      ":25",
      "a.test",
      "a.test:",
      "a.test:65536",
      "a.test:-1",
      "a.test:2x",
      "::1:25",
      "unix:",
    ]
  ) {
    assertThrows(() => parseAddress(wrong), TypeError, "Cannot use");
  }
});

Deno.test("formatAddress writes what parseAddress reads", () => {
  for (const text of ["127.0.0.1:25", "[2001:db8::1]:993", "unix:/run/lmtp"]) {
    const parsed = parseAddress(text);
    const end = "path" in parsed
      ? { address: parsed.path, port: 0 }
      : { address: parsed.host, port: parsed.port };
    assertEquals(formatAddress(end), text);
  }
});

Deno.test("canonicalAddress: mapped IPv4, RFC 5952, no zone, nothing else", () => {
  const cases: readonly [string, string | undefined][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["", undefined],
    ["1.2.3", undefined],
    ["01.2.3.4", undefined],
    ["256.1.1.1", undefined],
    ["0x7f.0.0.1", undefined],
    ["2001:db8::1::2", undefined],
    ["a.test", undefined],
    [":".repeat(10_000), undefined],
  ];
  for (const [text, want] of cases) assertEquals(canonicalAddress(text), want, text.slice(0, 50));
});

Deno.test("groupOf: the /24 and the /64", () => {
  assertEquals(groupOf("192.0.2.77"), "192.0.2.0/24");
  assertEquals(groupOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assertEquals(groupOf("2001:db8::1"), groupOf("2001:db8::ffff"));
});

Deno.test("Networks holds what lies in it, by value and not by text", () => {
  const networks = new Networks(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::ffff:172.16.0.0/108"]);
  for (const inside of ["10.255.0.1", "192.0.2.1", "2001:db8:ffff::1", "172.31.255.255"]) {
    assertEquals(networks.has(inside), true, inside);
  }
  for (
    const outside of ["11.0.0.1", "192.0.2.2", "2001:db9::1", "172.32.0.0", "no address", "/run/socket", ""]
  ) {
    assertEquals(networks.has(outside), false, outside);
  }
  assertThrows(() => new Networks(["10.0.0.0/33"]), TypeError, "Cannot use");
  assertThrows(() => new Networks(["localhost"]), TypeError, "Cannot use");
});

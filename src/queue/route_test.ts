import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Destination, OutboundEnvelope } from "../core/outbound.ts";
import { defaultTls, parseNextHop } from "./next_hop.ts";
import { PatternMap } from "./patterns.ts";
import { createRouter } from "./route.ts";

const from = (reversePath: string) => ({ reversePath }) as OutboundEnvelope;

Deno.test("next hops are read as they are written", () => {
  const hop = (text: string) => {
    const found = parseNextHop(text);
    if (found === undefined) return undefined;
    const { by } = found;
    return `${found.protocol}${found.implicitTls ? "+tls" : ""} ${
      by.kind === "host" ? `${by.host} ${by.port}` : by.kind === "unix" ? by.path : by.domain
    }`;
  };
  assertEquals(hop("smtp://127.0.0.1:12990"), "smtp 127.0.0.1 12990");
  assertEquals(hop("smtp://Relay.Example.Test"), "smtp relay.example.test 25");
  assertEquals(hop("smtps://[::1]:4650/"), "smtp+tls ::1 4650");
  assertEquals(hop("smtps://a"), "smtp+tls a 465");
  assertEquals(hop("lmtp://dovecot"), "lmtp dovecot 24");
  assertEquals(hop("unix:/run/lmtp"), "lmtp /run/lmtp");
  for (
    const bad of [
      "",
      "smtp://",
      "smtp://a:0",
      "smtp://a:65536",
      "smtp://u:p@a",
      "http://a",
      "unix:run",
      "smtp://a/b",
      "smtp://a b",
    ]
  ) {
    assertEquals(hop(bad), undefined, bad);
  }
});

Deno.test("TLS by default: with a password only to the host that was meant", () => {
  const of = (text: string, login: boolean) => defaultTls(parseNextHop(text)!, login);
  assertEquals(of("smtp://a", false), "may");
  assertEquals(of("smtp://a", true), "verify");
  assertEquals(of("smtps://a", false), "verify");
  assertEquals(of("unix:/a", false), "none");
});

Deno.test("the most special pattern wins", () => {
  const map = new PatternMap([
    ["*", "all"],
    [".b.test", "below b"],
    ["*.d.b.test", "below d"],
    ["b.test", "b"],
    ["x@b.test", "x"],
    ["B\u00fccher.test", "books"],
    ["b.test", "never"],
  ]);
  for (
    const [text, want] of [
      ["b.test", "b"],
      ["B.TEST.", "b"],
      ["y@b.test", "b"],
      ["X@b.test", "x"],
      ["a.b.test", "below b"],
      ["a.c.b.test", "below b"],
      ["a.d.b.test", "below d"],
      ["d.b.test", "below b"],
      ["ab.test", "all"],
      ["xn--bcher-kva.test", "books"],
      ["b\u00fccher.test", "books"],
      ["", "all"],
    ] as const
  ) assertEquals(map.find(text), want, text);
  assertEquals(new PatternMap([["b.test", 1]]).find("c.test"), undefined);
});

Deno.test("routes come before relays, relays before MX", () => {
  const router = createRouter({
    routes: [{ domain: "sink.test", to: "smtp://127.0.0.1:1" }],
    relay: [
      { sender: "boss@here.test", recipient: "*", to: "smtps://fine", user: "boss", password: "p" },
      { sender: "*", recipient: ".far.test", to: "smtp://far:26" },
      { sender: "", recipient: "bounces.test", to: "lmtp://l", tls: "none" },
    ],
    tlsPolicy: [{ domain: "bank.test", level: "dane" }],
  });
  const key = (sender: string, to: string) => (router.route(from(sender), to) as Destination).key;
  assertEquals(key("boss@here.test", "a@sink.test"), "smtp:127.0.0.1:1");
  assertEquals(key("boss@here.test", "a@b.test"), "smtps:boss@fine:465");
  assertEquals(key("x@here.test", "a@b.far.test"), "smtp:far:26");
  assertEquals(key("x@here.test", "a@far.test"), "mx:far.test");
  assertEquals(key("x@here.test", "a@B\u00fccher.test"), "mx:xn--bcher-kva.test");
  assertEquals(key("x@here.test", "a@[192.0.2.1]"), "mx:[192.0.2.1]");
  const bank = router.route(from("x@here.test"), "a@bank.test") as Destination;
  assertEquals([bank.tls, bank.login, bank.protocol], ["dane", undefined, "smtp"]);
  const boss = router.route(from("boss@here.test"), "a@b.test") as Destination;
  assertEquals([boss.tls, boss.implicitTls, boss.login], ["verify", true, { user: "boss", password: "p" }]);
});

Deno.test("an address whose domain cannot be fails for good", () => {
  const router = createRouter({ routes: [], relay: [], tlsPolicy: [] });
  for (
    const bad of [
      "a",
      "@b.test",
      "a@",
      "a@b..test",
      "a@-b.test",
      "a@b c",
      `a@${"x".repeat(64)}.test`,
      "a@b\n.test",
    ]
  ) {
    const found = router.route(from(""), bad);
    assert("outcome" in found, bad);
    assertEquals([found.outcome, found.reply.status], ["failed", "5.1.2"]);
  }
  assertThrows(
    () => createRouter({ routes: [{ domain: "a", to: "x" }], relay: [], tlsPolicy: [] }),
    TypeError,
  );
});

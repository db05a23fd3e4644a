import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { createResolver, type DnsLimits, parseResolvConf, type RecordType } from "../../src/dns/mod.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { type DnsRules, FakeDns } from "../support/dns.ts";

/** A resolver over a fake server of those rules, with a clock of its own. */
async function started(rules: DnsRules, limits: Partial<DnsLimits> = {}, trustAd = true) {
  const server = await FakeDns.start(rules);
  let ticks = 0;
  const dns = createResolver({
    servers: [{ host: "127.0.0.1", port: server.port }],
    trustAd,
    dial,
    world: { ...realWorld, ticks: () => ticks },
    limits: { timeout: 20_000, ...limits },
  });
  return {
    server,
    dns,
    wait: (seconds: number) => ticks += seconds * 1000,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

Deno.test("every type of record is read", async () => {
  await using at = await started({
    zone: {
      "A a.test": ["192.0.2.1", "192.0.2.2"],
      "AAAA a.test": ["2001:db8::1"],
      "MX a.test": [{ preference: 10, exchange: "MX.a.test" }, { preference: 0, exchange: "." }],
      "TXT a.test": [[Buffer.from("v=one "), Buffer.from("gr\u00fcn")], "two"],
      "PTR 1.2.0.192.in-addr.arpa": ["host.a.test"],
      "TLSA _25._tcp.a.test": [{
        usage: 3,
        selector: 1,
        matchingType: 1,
        certificate: Buffer.from([1, 2, 3]),
      }],
    },
    secure: true,
  });
  const records = async (name: string, type: RecordType) => {
    const answer = await at.dns.query(name, type);
    assert(answer.kind === "records", `${type}: ${JSON.stringify(answer)}`);
    assert(answer.secure);
    return answer.records as unknown;
  };
  assertEquals(await records("a.test", "A"), ["192.0.2.1", "192.0.2.2"]);
  assertEquals(await records("A.test.", "AAAA"), ["2001:db8::1"]);
  assertEquals(await records("a.test", "MX"), [{ preference: 10, exchange: "mx.a.test" }, {
    preference: 0,
    exchange: "",
  }]);
  assertEquals(await records("a.test", "TXT"), ["v=one gr\u00fcn", "two"]);
  assertEquals(await records("1.2.0.192.in-addr.arpa", "PTR"), ["host.a.test"]);
  assertEquals(await records("_25._tcp.a.test", "TLSA"), [
    { usage: 3, selector: 1, matchingType: 1, data: Uint8Array.of(1, 2, 3) },
  ]);
});

Deno.test("no name, no record and no answer are told apart", async () => {
  await using at = await started({
    zone: { "A a.test": ["192.0.2.1"], "MX bad.test": "SERVFAIL", "MX no.test": "REFUSED" },
  });
  assertEquals((await at.dns.query("b.test", "MX")).kind, "nxdomain");
  assertEquals((await at.dns.query("a.test", "MX")).kind, "nodata");
  for (const [name, said] of [["bad.test", /SERVFAIL/], ["no.test", /REFUSED/]] as const) {
    const answer = await at.dns.query(name, "MX");
    assert(answer.kind === "fault");
    assertMatch(answer.text, said);
  }
  for (const name of ["", ".", "a..test", "x".repeat(64) + ".test", "a b.test", `${"a.".repeat(130)}test`]) {
    assertEquals((await at.dns.query(name, "A")).kind, "nxdomain", name);
  }
});

Deno.test("silence is a fault after each round, and so is a server that is not there", async () => {
  await using at = await started({ zone: { "A a.test": "(silence)" } }, { timeout: 200 });
  assertEquals((await at.dns.query("a.test", "A")).kind, "fault");
  assertEquals(at.server.asked.length, 2);
});

Deno.test("a lost question is asked again; the next server is asked when one fails", async () => {
  await using good = await started({ zone: { "A a.test": ["192.0.2.1"] }, drop: 1 }, { timeout: 1_000 });
  assertEquals((await good.dns.query("a.test", "A")).kind, "records");
  await using bad = await started({ zone: { "A a.test": "SERVFAIL" } });
  const dns = createResolver({
    servers: [bad.server, good.server].map(({ port }) => ({ host: "127.0.0.1", port })),
    trustAd: true,
    dial,
    world: realWorld,
  });
  assertEquals((await dns.query("a.test", "A")).kind, "records");
});

Deno.test("AD counts only where the servers are trusted", async () => {
  const rules = { zone: { "A a.test": ["192.0.2.1"], "A b.test": ["192.0.2.1"] }, secure: ["a.test"] };
  for (const trustAd of [true, false]) {
    await using at = await started(rules, {}, trustAd);
    const a = await at.dns.query("a.test", "A");
    const b = await at.dns.query("b.test", "A");
    assert(a.kind === "records" && b.kind === "records");
    assertEquals([a.secure, b.secure], [trustAd, false]);
  }
});

Deno.test("what does not fit comes by TCP", async () => {
  const many = Array.from({ length: 200 }, (_, i) => `192.0.2.${i}`);
  await using at = await started({ zone: { "A a.test": many }, truncate: true });
  const answer = await at.dns.query("a.test", "A");
  assert(answer.kind === "records");
  assertEquals(answer.records, many);
  assertEquals(at.server.asked, ["udp A a.test", "tcp A a.test"]);
});

Deno.test("answers to other questions are not taken", async () => {
  const evil = (answer: object) => ({
    ...answer,
    answers: [{ type: "A", name: "a.test", ttl: 9, data: "203.0.113.66" }],
  });
  await using at = await started({
    zone: { "A a.test": ["192.0.2.1"] },
    spoof: (answer) =>
      [
        { ...evil(answer), id: answer.id! ^ 1 },
        { ...evil(answer), questions: [{ type: "A", name: "other.test" }] },
        { ...evil(answer), questions: [{ type: "MX", name: answer.questions![0]!.name }] },
        { ...evil(answer), questions: [] },
        { ...evil(answer), type: "query" },
      ] as never,
  });
  const answer = await at.dns.query("a.test", "A");
  assert(answer.kind === "records");
  assertEquals(answer.records, ["192.0.2.1"]);
});

Deno.test("letters are mixed; a server that does not repeat them is asked by TCP", async () => {
  await using at = await started({ zone: { "A aaaaaaaaaaaaaaaaaaaaaaaa.test": ["192.0.2.1"] }, fold: true });
  assertEquals((await at.dns.query("aaaaaaaaaaaaaaaaaaaaaaaa.test", "A")).kind, "records");
  assertEquals(at.server.asked.map((line) => line.slice(0, 3)), ["udp", "tcp"]);
  assert([...at.server.names].some((name) => /[A-Z]/.test(name)), [...at.server.names].join());
});

Deno.test("aliases are followed, so far and no farther", async () => {
  const chain = (length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, i) => [`CNAME a${i}.test`, [`a${i + 1}.test`]]),
    );
  await using at = await started({
    zone: {
      ...chain(8),
      "A a8.test": ["192.0.2.1"],
      "CNAME long.test": ["a0.test"],
      "CNAME ring.test": ["ring2.test"],
      "CNAME ring2.test": ["ring.test"],
      "CNAME dead.test": ["nowhere.test"],
    },
  });
  const good = await at.dns.query("a0.test", "A");
  assert(good.kind === "records");
  assertEquals(good.name, "a8.test");
  assertEquals((await at.dns.query("long.test", "A")).kind, "fault");
  assertEquals((await at.dns.query("ring.test", "A")).kind, "fault");
  assertEquals((await at.dns.query("dead.test", "A")).kind, "nxdomain");
});

Deno.test("answers are remembered for their time, and so is their absence", async () => {
  await using at = await started({ zone: { "A a.test": ["192.0.2.1"], "A bad.test": "SERVFAIL" }, ttl: 100 });
  const count = async (name: string) => {
    const before = at.server.asked.length;
    await Promise.all([at.dns.query(name, "A"), at.dns.query(name, "A"), at.dns.query(name, "A")]);
    return at.server.asked.length - before;
  };
  assertEquals(await count("a.test"), 1);
  assertEquals(await count("none.test"), 1);
  assertEquals(await count("bad.test"), 2, "two rounds");
  at.wait(6);
  assertEquals(await count("bad.test"), 2);
  at.wait(50);
  assertEquals([await count("a.test"), await count("none.test")], [0, 0]);
  at.wait(50);
  assertEquals([await count("a.test"), await count("none.test")], [1, 1]);
});

Deno.test("the cache is bounded", async () => {
  await using at = await started({ zone: { "A a.test": ["192.0.2.1"] } }, { cached: 2 });
  for (const name of ["a.test", "b.test", "c.test", "a.test"]) await at.dns.query(name, "A");
  assertEquals(at.server.asked.length, 4);
});

Deno.test("resolv.conf is read", () => {
  assertEquals(
    parseResolvConf(
      "# x\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\nsearch a\noptions edns0 trust-ad\nnameserver 3\nnameserver 4",
    ),
    { servers: ["192.0.2.1", "2001:db8::1", "3"], trustAd: true },
  );
  assertEquals(parseResolvConf(""), { servers: [], trustAd: false });
});

import { assert, assertEquals } from "@std/assert";
import { realWorld } from "../../src/core/world.ts";
import { createResolver } from "../../src/dns/mod.ts";
import { dial, listen, TlsContextHolder } from "../../src/net/mod.ts";
import { parseHttpAnswer } from "../../src/trust/http_answer.ts";
import { MtaSts } from "../../src/trust/mta_sts.ts";
import { PgPolicies, PgReports } from "../../src/trust/pg.ts";
import { listsHost, parseStsPolicy, stsId } from "../../src/trust/sts_policy.ts";
import { reportJson, type TlsNote, TlsReporter } from "../../src/trust/tls_report.ts";
import { TestAuthority } from "../support/certificates.ts";
import { testDatabase } from "../support/database.ts";
import { FakeDns } from "../support/dns.ts";

const POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.a.test\r\nmx: *.b.test\r\nmax_age: 1000\r\n";
const OK = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

Deno.test("TXT records give an id, or none", () => {
  for (
    const [records, want] of [
      [["v=STSv1; id=20260101T000000Z;"], "20260101T000000Z"],
      [["other", "v=STSv1;id=a"], "a"],
      [["v=STSv1; x=y; id = b"], "b"],
      [["v=STSv1; id=a", "v=STSv1; id=b"], undefined],
      [["v=STSv1;"], undefined],
      [["v=STSv1; id=a-b"], undefined],
      [[`v=STSv1; id=${"a".repeat(33)}`], undefined],
      [["v=STSv2; id=a"], undefined],
      [[" v=STSv1; id=a"], undefined],
      [[], undefined],
    ] as const
  ) assertEquals(stsId(records), want, JSON.stringify(records));
});

Deno.test("policies are read, and hosts are held against them", () => {
  assertEquals(parseStsPolicy(POLICY), { mode: "enforce", mx: ["mx.a.test", "*.b.test"], maxAge: 1000 });
  assertEquals(parseStsPolicy("version: STSv1\nmode: none\nmax_age: 1\nnew: x\n"), {
    mode: "none",
    mx: [],
    maxAge: 1,
  });
  assertEquals(
    parseStsPolicy("version: STSv1\nmode: testing\nmax_age: 99999999999\nmx: a\n")?.maxAge,
    undefined,
  );
  assertEquals(
    parseStsPolicy("version: STSv1\nmode: testing\nmax_age: 9999999999\nmx: a\n")?.maxAge,
    31_557_600,
  );
  for (
    const bad of [
      "",
      "version: STSv2\nmode: none\nmax_age: 1",
      "mode: none\nmax_age: 1",
      "version: STSv1\nmode: enforce\nmax_age: 1",
      "version: STSv1\nmode: strict\nmx: a\nmax_age: 1",
      "version: STSv1\nmode: enforce\nmx: a",
      "version: STSv1\nmode: enforce\nmx: *.*.a\nmax_age: 1",
      "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1",
      `version: STSv1\nmode: enforce\nmax_age: 1\n${"mx: a.test\n".repeat(101)}`,
    ]
  ) assertEquals(parseStsPolicy(bad), undefined, bad);
  const policy = parseStsPolicy(POLICY)!;
  for (
    const [host, want] of [
      ["mx.a.test", true],
      ["x.mx.a.test", false],
      ["a.b.test", true],
      ["b.test", false],
      ["a.a.b.test", false],
    ] as const
  ) assertEquals(listsHost(policy, host), want, host);
});

Deno.test("HTTP answers are read whole, or not at all", () => {
  const read = (text: string) => parseHttpAnswer(new TextEncoder().encode(text))?.body;
  assertEquals(read(OK("hello")), "hello");
  assertEquals(read("HTTP/1.0 200\r\n\r\nto the end"), "to the end");
  assertEquals(
    read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"),
    "abcde",
  );
  for (
    const bad of [
      "",
      "HTTP/1.1 200 OK\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    ]
  ) assertEquals(read(bad), undefined, bad);
});

const authority = await TestAuthority.make("web authority");
const right = new TlsContextHolder([await authority.issue("mta-sts.a.test")]);
const wrong = new TlsContextHolder([await authority.issue("www.a.test")]);

/** A web server that gives that answer over TLS. */
async function web(answer: () => string, certificates = right) {
  const requests: string[] = [];
  const listener = await listen({
    address: "127.0.0.1:0",
    tls: "implicit",
    certificates,
    exempt: ["127.0.0.0/8"],
    handler: async (conn) => {
      const chunk = await conn.read(20_000).catch(() => null);
      if (chunk !== null) {
        requests.push(new TextDecoder().decode(chunk));
        await conn.write(new TextEncoder().encode(answer())).catch(() => {});
      }
      await conn.close();
    },
  });
  return {
    requests,
    port: listener.address.port,
    async [Symbol.asyncDispose]() {
      await listener.close();
      listener.destroy();
      await listener.drained();
    },
  };
}

Deno.test("a policy is fetched once, kept over restarts, changed by its id, and outlives faults", async () => {
  await using db = await testDatabase();
  let answer = OK(POLICY);
  await using server = await web(() => answer);
  const zone: Record<string, string[] | "SERVFAIL"> = { "TXT _mta-sts.a.test": ["v=STSv1; id=1;"] };
  await using names = await FakeDns.start({ zone, ttl: 1 });
  let now = Date.now();
  const world = { ...realWorld, now: () => now, ticks: () => now };
  /** A node that was just started, or whose memory is old. */
  const node = () =>
    new MtaSts({
      dns: createResolver({
        servers: [{ host: "127.0.0.1", port: names.port }],
        trustAd: false,
        dial,
        world,
      }),
      fetch: { dial, addresses: () => Promise.resolve(["127.0.0.1"]), port: server.port, ca: authority.pem },
      store: new PgPolicies(db.database),
      world,
    });
  const sts = node();
  const [one, two] = await Promise.all([sts.policy("a.test"), sts.policy("a.test")]);
  assertEquals(one.policy?.mode, "enforce");
  assertEquals(two, one);
  assertEquals(server.requests.length, 1);
  assert(server.requests[0]!.startsWith("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.a.test\r\n"));
  assertEquals((await node().policy("a.test")).policy?.mx, ["mx.a.test", "*.b.test"]);
  assertEquals(server.requests.length, 1, "from the database");

  zone["TXT _mta-sts.a.test"] = ["v=STSv1; id=2;"];
  answer = "HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\n\r\n";
  const held = await node().policy("a.test");
  assertEquals([held.policy?.mode, held.fault?.type], ["enforce", "sts-policy-fetch-error"]);
  zone["TXT _mta-sts.a.test"] = "SERVFAIL";
  assertEquals(await node().policy("a.test"), { policy: one.policy, fault: undefined });
  delete zone["TXT _mta-sts.a.test"];
  assertEquals(
    (await node().policy("a.test")).policy?.mode,
    "enforce",
    "a record that went away ends nothing",
  );

  zone["TXT _mta-sts.a.test"] = ["v=STSv1; id=3;"];
  answer = OK("version: STSv1\nmode: none\nmax_age: 5\n");
  assertEquals((await node().policy("a.test")).policy?.mode, "none");
  now += 6_000;
  delete zone["TXT _mta-sts.a.test"];
  assertEquals((await node().policy("a.test")).policy, undefined, "run out");
  assertEquals((await node().policy("b.test")).policy, undefined);
  await new PgPolicies(db.database).sweep(now);
  assertEquals((await db.database.selectFrom("mta_sts_policy").selectAll().execute()).length, 0);
});

for (
  const [what, type, answer, certificates] of [
    ["a certificate of another name", "sts-webpki-invalid", OK(POLICY), wrong],
    ["404", "sts-policy-fetch-error", "HTTP/1.1 404 Not Found\r\n\r\n", right],
    ["HTML", "sts-policy-fetch-error", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nx", right],
    ["nonsense", "sts-policy-fetch-error", "hello", right],
    ["a policy that is none", "sts-policy-invalid", OK("version: STSv9\n"), right],
    ["far too much", "sts-policy-fetch-error", OK("x".repeat(100_000)), right],
  ] as const
) {
  Deno.test(`no policy comes of ${what}, and it is not asked for again at once`, async () => {
    await using server = await web(() => answer, certificates);
    await using names = await FakeDns.start({ zone: { "TXT _mta-sts.a.test": ["v=STSv1; id=1"] } });
    let ticks = 0;
    const world = { ...realWorld, ticks: () => ticks };
    const sts = new MtaSts({
      dns: createResolver({
        servers: [{ host: "127.0.0.1", port: names.port }],
        trustAd: false,
        dial,
        world,
      }),
      fetch: { dial, addresses: () => Promise.resolve(["127.0.0.1"]), port: server.port, ca: authority.pem },
      store: { load: () => Promise.resolve(undefined), save: () => Promise.reject(new Error("saved")) },
      world,
    });
    const first = await sts.policy("a.test");
    assertEquals([first.policy, first.fault?.type], [undefined, type]);
    const asked = server.requests.length;
    ticks += 61_000;
    assertEquals((await sts.policy("a.test")).fault?.type, type);
    assertEquals(server.requests.length, asked);
  });
}

Deno.test("TLS sessions are counted per day, and make a report", async () => {
  await using db = await testDatabase();
  const store = new PgReports(db.database);
  let now = Date.parse("2026-11-28T10:00:00Z");
  const world = { ...realWorld, now: () => now };
  const note = (own: Partial<TlsNote> = {}): TlsNote => ({
    domain: "a.test",
    policyType: "sts",
    policy: ["version: STSv1", "mode: enforce"],
    mx: ["*.a.test"],
    host: "mx.a.test",
    result: "success",
    ...own,
  });
  for (let round = 0; round < 2; round++) {
    await using reporter = new TlsReporter(store, world, () => {});
    for (let i = 0; i < 3; i++) reporter.note(note());
    reporter.note(note({ result: "certificate-expired" }));
    reporter.note(note({ policyType: "no-policy-found", policy: [], mx: [], domain: "b.test", host: "" }));
  }
  now += 86_400_000;
  await using reporter = new TlsReporter(store, world, () => {});
  reporter.note(note());
  await reporter.flush();
  const rows = await store.day("2026-11-28", "a.test");
  assertEquals(rows.map(({ result, sessions }) => [result, sessions]), [["certificate-expired", 2], [
    "success",
    6,
  ]]);
  assertEquals((await store.day("2026-11-29")).length, 1);
  assertEquals(
    reportJson(rows, {
      day: "2026-11-28",
      domain: "a.test",
      organization: "mail.example.test",
      contact: "p@x",
    }),
    {
      "organization-name": "mail.example.test",
      "date-range": { "start-datetime": "2026-11-28T00:00:00Z", "end-datetime": "2026-11-28T23:59:59Z" },
      "contact-info": "p@x",
      "report-id": "2026-11-28_a.test@mail.example.test",
      policies: [{
        policy: {
          "policy-type": "sts",
          "policy-string": ["version: STSv1", "mode: enforce"],
          "policy-domain": "a.test",
          "mx-host": ["*.a.test"],
        },
        summary: { "total-successful-session-count": 6, "total-failure-session-count": 2 },
        "failure-details": [{
          "result-type": "certificate-expired",
          "receiving-mx-hostname": "mx.a.test",
          "failed-session-count": 2,
        }],
      }],
    },
  );
  await store.sweep(now + 40 * 86_400_000);
  assertEquals((await store.day("2026-11-29")).length, 0);
});

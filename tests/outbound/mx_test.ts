import { assert, assertEquals } from "@std/assert";
import type { Destination } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { createResolver } from "../../src/dns/mod.ts";
import { dial, TlsContextHolder } from "../../src/net/mod.ts";
import { isPublic, literalAddress } from "../../src/queue/addresses.ts";
import type { MxWays } from "../../src/queue/mx_candidates.ts";
import { createReacher } from "../../src/queue/reach.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import type { StsPolicy } from "../../src/trust/sts_policy.ts";
import type { TlsNote } from "../../src/trust/tls_report.ts";
import { TestAuthority, tlsa } from "../support/certificates.ts";
import { type DnsRules, FakeDns, type Zone } from "../support/dns.ts";
import { type HopRules, NextHop } from "../support/next_hop.ts";

const authority = await TestAuthority.make("test authority");
const certificates = new TlsContextHolder([await authority.issue("mx.a.test")]);
const TLS: HopRules = { offers: ["STARTTLS", "REQUIRETLS"], certificates };

/** Reaches a domain through a made-up DNS; the hop is at 127.0.0.1, nobody at 127.0.0.9. */
async function reach(
  domain: string,
  zone: Zone,
  own: {
    readonly hop?: HopRules;
    readonly dns?: Partial<DnsRules>;
    readonly ways?: Partial<MxWays>;
    readonly sts?: StsPolicy;
    readonly tls?: Destination["tls"];
    readonly requireTls?: boolean;
    readonly tlsOptional?: boolean;
  } = {},
) {
  await using hop = await NextHop.start(own.hop);
  await using server = await FakeDns.start({ zone, ...own.dns });
  const notes: TlsNote[] = [];
  const dns = createResolver({
    servers: [{ host: "127.0.0.1", port: server.port }],
    trustAd: true,
    dial,
    world: realWorld,
  });
  const reacher = createReacher({
    dial,
    hostname: "mail.example.test",
    world: realWorld,
    client: CLIENT_LIMITS,
    ca: authority.pem,
    mx: {
      dns,
      hostname: "mail.example.test",
      isOurs: () => false,
      ipv6: true,
      privateAddresses: true,
      random: realWorld.random,
      hosts: 10,
      port: hop.port,
      dane: true,
      sts: own.sts && { policy: () => Promise.resolve({ policy: own.sts, fault: undefined }) },
      report: (note) => notes.push(note),
      now: Date.now,
      ...own.ways,
    },
  });
  const reached = await reacher.reach({
    key: `mx:${domain}`,
    protocol: "smtp",
    by: { kind: "mx", domain },
    tls: own.tls ?? "may",
    implicitTls: false,
    login: undefined,
  }, {
    requireTls: own.requireTls ?? false,
    tlsOptional: own.tlsOptional ?? false,
    signal: new AbortController().signal,
  });
  if (reached.ok) await reached.connection[Symbol.asyncDispose]();
  const said = reached.ok
    ? `${reached.connection.host} ${reached.connection.security?.split(", ")[1] ?? "plain"}`
    : `${reached.result.outcome} ${reached.result.step} ${reached.result.reply.status}`;
  return {
    said,
    notes: notes.map(({ policyType, result }) => `${policyType} ${result}`),
    asked: server.asked,
    hop,
  };
}

const A = { "A mx.a.test": ["127.0.0.1"] };
const MX = { "MX a.test": [{ preference: 10, exchange: "mx.a.test" }], ...A };
const mx = (...hosts: readonly (readonly [number, string])[]) => ({
  "MX a.test": hosts.map(([preference, exchange]) => ({ preference, exchange })),
});

const CASES:
  readonly (readonly [what: string, want: string, zone: Zone, own?: Parameters<typeof reach>[2]])[] = [
    ["the host of its MX record", "mx.a.test plain", MX],
    ["the domain itself where it has none", "a.test plain", { "A a.test": ["127.0.0.1"] }],
    ["nobody where it does not exist", "failed dns 5.1.2", {}],
    ["nobody with a null MX", "failed dns 5.1.10", { ...mx([0, "."]), "A a.test": ["127.0.0.1"] }],
    ["the other host where one of two is the root", "mx.a.test plain", {
      ...A,
      ...mx([0, "."], [5, "mx.a.test"]),
    }],
    ["nobody yet while DNS is out of order", "deferred dns 4.4.3", { "MX a.test": "SERVFAIL" }],
    ["nobody yet while the host's name is", "deferred dns 4.4.3", {
      ...mx([1, "mx.a.test"]),
      "A mx.a.test": "SERVFAIL",
      "AAAA mx.a.test": "SERVFAIL",
    }],
    ["nobody where the host has no address", "failed dns 5.4.4", mx([1, "mx.a.test"])],
    ["nobody where the host is an address", "failed dns 5.4.4", mx([1, "192.0.2.1"])],
    ["the host with an address where another has none", "mx.a.test plain", {
      ...A,
      ...mx([1, "no.a.test"], [2, "mx.a.test"]),
    }],
    ["later where hope is left at one host, though another has none", "deferred connect 4.4.1", {
      ...mx([1, "dead.a.test"], [2, "no.a.test"]),
      "A dead.a.test": ["127.0.0.9"],
    }],
    ["the second address of a host", "mx.a.test plain", {
      ...mx([1, "mx.a.test"]),
      "AAAA mx.a.test": ["::9"],
      "A mx.a.test": ["127.0.0.1"],
    }],
    ["the next host where one is down", "mx.a.test plain", {
      ...A,
      ...mx([1, "dead.a.test"], [2, "mx.a.test"]),
      "A dead.a.test": ["127.0.0.9"],
    }],
    ["the end of an alias", "mx.a.test plain", {
      ...mx([1, "mx.a.test"]),
      "CNAME mx.a.test": ["real.test"],
      "A real.test": ["127.0.0.1"],
    }],
    ["an alias of the domain", "mx.b.test plain", {
      "CNAME a.test": ["b.test"],
      "MX b.test": [{ preference: 1, exchange: "mx.b.test" }],
      "A mx.b.test": ["127.0.0.1"],
    }],
    ["nobody where the best host is ourselves", "failed dns 5.4.6", {
      ...A,
      ...mx([1, "mail.example.test"], [2, "mx.a.test"]),
    }],
    ["the better host where ourselves come behind it", "mx.a.test plain", {
      ...A,
      ...mx([5, "mail.example.test"], [2, "mx.a.test"]),
    }],
    ["later where the better host is down, and never the worse than ourselves", "deferred connect 4.4.1", {
      ...A,
      ...mx([5, "mail.example.test"], [2, "dead.a.test"], [9, "mx.a.test"]),
      "A dead.a.test": ["127.0.0.9"],
    }],
    ["nobody where the host has our address", "failed dns 5.4.6", MX, {
      ways: { isOurs: (address) => address === "127.0.0.1" },
    }],
    ["nobody where DNS points into a private network", "failed dns 5.4.4", MX, {
      ways: { privateAddresses: false },
    }],
    ["IPv4 only where IPv6 is off", "failed dns 5.4.4", {
      ...mx([1, "mx.a.test"]),
      "AAAA mx.a.test": ["::1"],
    }, { ways: { ipv6: false } }],
    ["never where every host says so", "failed greeting 5.7.1", MX, {
      hop: { act: (verb) => verb === "GREETING" ? "554 5.7.1 no\r\n" : undefined },
    }],
  ];
for (const [what, want, zone, own] of CASES) {
  Deno.test(`mail for a domain goes to ${what}`, async () => {
    assertEquals((await reach("a.test", zone, own)).said, want);
  });
}

Deno.test("hosts of one preference take turns", async () => {
  const zone = {
    ...mx([1, "one.a.test"], [1, "two.a.test"]),
    "A one.a.test": ["127.0.0.1"],
    "A two.a.test": ["127.0.0.1"],
  };
  const met = new Set<string>();
  for (let i = 0; i < 60 && met.size < 2; i++) met.add((await reach("a.test", zone)).said);
  assertEquals([...met].sort(), ["one.a.test plain", "two.a.test plain"]);
});

Deno.test("an address literal is its own host, and no way into a private network", async () => {
  assertEquals((await reach("[127.0.0.1]", {})).said, "127.0.0.1 plain");
  assertEquals(
    (await reach("[127.0.0.1]", {}, { ways: { privateAddresses: false } })).said,
    "failed dns 5.4.4",
  );
  assertEquals(literalAddress("[IPv6:2001:db8::1]"), "2001:db8::1");
  assertEquals(literalAddress("[::ffff:127.0.0.1]"), "127.0.0.1");
  assertEquals(literalAddress("[1.2.3]"), undefined);
});

Deno.test("what is public, and what is not", () => {
  for (const address of ["8.8.8.8", "2606:4700::1111", "172.32.0.1", "100.128.0.1"]) {
    assert(isPublic(address), address);
  }
  for (
    const address of [
      "127.0.0.1",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "192.0.2.1",
      "::1",
      "::",
      "fe80::1",
      "fc00::1",
      "ff02::1",
      "2001:db8::1",
      "::ffff:10.0.0.1",
      "64:ff9b::a00:1",
      "2002:a00:1::1",
    ]
  ) assert(!isPublic(address), address);
});

const own = await authority.issue("mx.a.test");
const wrongName = new TlsContextHolder([await authority.issue("other.test")]);
const right = new TlsContextHolder([own]);
const old = await authority.issue("mx.a.test", { expired: true });
const outdated = new TlsContextHolder([old]);
const stranger = new TlsContextHolder([await (await TestAuthority.make("stranger")).issue("mx.a.test")]);
const at = (pair: TlsContextHolder): HopRules => ({ offers: ["STARTTLS", "REQUIRETLS"], certificates: pair });
const record = (usage: number, selector: number, matching: number, pem = own.cert) => ({
  "TLSA _PORT._tcp.mx.a.test": [tlsa(pem, usage, selector, matching)],
});

const DANE: readonly (readonly [
  what: string,
  want: string,
  note: string,
  zone: Zone,
  own: Parameters<typeof reach>[2],
])[] = [
  ["3 1 1", "mx.a.test dane", "tlsa success", record(3, 1, 1), { hop: at(right) }],
  ["3 0 2", "mx.a.test dane", "tlsa success", record(3, 0, 2), { hop: at(right) }],
  ["3 1 0", "mx.a.test dane", "tlsa success", record(3, 1, 0), { hop: at(right) }],
  ["3 1 1 of another key", "deferred starttls 4.7.5", "tlsa validation-failure", record(3, 1, 1), {
    hop: at(stranger),
  }],
  ["2 0 1 of the authority", "mx.a.test dane", "tlsa success", record(2, 0, 1, authority.pem), {
    hop: at(right),
  }],
  [
    "2 1 2 of the authority, the name being wrong",
    "deferred starttls 4.7.5",
    "tlsa validation-failure",
    record(2, 1, 2, authority.pem),
    { hop: at(wrongName) },
  ],
  [
    "2 0 1 of the authority, out of date",
    "deferred starttls 4.7.5",
    "tlsa validation-failure",
    record(2, 0, 1, authority.pem),
    { hop: at(outdated) },
  ],
  [
    "2 0 0 of another authority",
    "deferred starttls 4.7.5",
    "tlsa validation-failure",
    record(2, 0, 0, authority.pem),
    { hop: at(stranger) },
  ],
  ["3 1 1, out of date, which does not matter", "mx.a.test dane", "tlsa success", record(3, 1, 1, old.cert), {
    hop: at(outdated),
  }],
  [
    "records, and no STARTTLS",
    "deferred starttls 4.7.4",
    "tlsa starttls-not-supported",
    record(3, 1, 1),
    {},
  ],
  [
    "records of a kind that does not count, and no STARTTLS",
    "deferred starttls 4.7.4",
    "no-policy-found starttls-not-supported",
    record(1, 1, 1),
    {},
  ],
  [
    "records of a kind that does not count",
    "mx.a.test not verified",
    "no-policy-found success",
    record(1, 1, 1),
    { hop: at(stranger) },
  ],
  [
    "records that DNSSEC does not protect",
    "mx.a.test not verified",
    "no-policy-found success",
    record(3, 1, 1),
    { hop: at(stranger), dns: { secure: ["a.test", "mx.a.test"] } },
  ],
  [
    "records, and an MX that DNSSEC does not protect",
    "mx.a.test not verified",
    "no-policy-found success",
    record(3, 1, 1),
    { hop: at(stranger), dns: { secure: ["mx.a.test"] } },
  ],
  ["records, and DANE off", "mx.a.test not verified", "no-policy-found success", record(3, 1, 1), {
    hop: at(stranger),
    ways: { dane: false },
  }],
  ["records that cannot be looked up", "deferred dns 4.7.5", "tlsa dnssec-invalid", {
    "TLSA _PORT._tcp.mx.a.test": "SERVFAIL",
  }, { hop: at(right) }],
  ["none, which our policy asks for", "deferred dns 4.7.5", "tlsa dane-required", {}, {
    hop: at(right),
    tls: "dane",
  }],
];
for (const [what, want, note, records, rules] of DANE) {
  Deno.test(`DANE with ${what}`, async () => {
    // The port stands in the record's name, and is free only once the hop listens.
    await using probe = await NextHop.start();
    const port = probe.port;
    await probe[Symbol.asyncDispose]();
    const zone = Object.fromEntries(
      Object.entries({ ...MX, ...records }).map(([key, value]) => [key.replace("_PORT", `_${port}`), value]),
    );
    const hop = { ...rules?.hop, address: `127.0.0.1:${port}` };
    const { said, notes } = await reach("a.test", zone, { dns: { secure: true }, ...rules, hop });
    assertEquals([said, notes], [want, [note]]);
  });
}

const policy = (mode: StsPolicy["mode"], ...hosts: string[]): StsPolicy => ({
  mode,
  mx: hosts,
  maxAge: 86_400,
});
const STS: readonly (readonly [
  what: string,
  want: string,
  notes: readonly string[],
  own: Parameters<typeof reach>[2],
])[] = [
  ["enforced, and all well", "mx.a.test mta-sts", ["sts success"], {
    sts: policy("enforce", "*.a.test"),
    hop: TLS,
  }],
  ["enforced, the host not listed", "deferred dns 4.7.5", ["sts validation-failure"], {
    sts: policy("enforce", "a.test"),
    hop: TLS,
  }],
  ["enforced, no STARTTLS", "deferred starttls 4.7.4", ["sts starttls-not-supported"], {
    sts: policy("enforce", "mx.a.test"),
  }],
  ["enforced, another name", "deferred starttls 4.7.5", ["sts certificate-host-mismatch"], {
    sts: policy("enforce", "mx.a.test"),
    hop: at(wrongName),
  }],
  ["enforced, out of date", "deferred starttls 4.7.5", ["sts certificate-expired"], {
    sts: policy("enforce", "mx.a.test"),
    hop: at(outdated),
  }],
  ["enforced, a stranger's authority", "deferred starttls 4.7.5", ["sts certificate-not-trusted"], {
    sts: policy("enforce", "mx.a.test"),
    hop: at(stranger),
  }],
  ["tested, another name", "mx.a.test not verified", ["sts certificate-host-mismatch"], {
    sts: policy("testing", "mx.a.test"),
    hop: at(wrongName),
  }],
  ["tested, the host not listed", "mx.a.test not verified", ["sts validation-failure"], {
    sts: policy("testing", "x.test"),
    hop: TLS,
  }],
  ["tested, no STARTTLS", "mx.a.test plain", ["sts starttls-not-supported"], {
    sts: policy("testing", "mx.a.test"),
  }],
  ["none", "mx.a.test not verified", ["no-policy-found success"], {
    sts: policy("none"),
    hop: at(stranger),
  }],
  ["none, our own being verify", "deferred starttls 4.7.5", ["no-policy-found certificate-not-trusted"], {
    hop: at(stranger),
    tls: "verify",
  }],
  ["REQUIRETLS with a policy", "mx.a.test mta-sts", ["sts success"], {
    sts: policy("enforce", "mx.a.test"),
    hop: TLS,
    requireTls: true,
  }],
  ["REQUIRETLS with DNSSEC", "mx.a.test verified", ["no-policy-found success"], {
    dns: { secure: ["a.test"] },
    hop: TLS,
    requireTls: true,
  }],
  ["enforced, and TLS is optional to the sender", "mx.a.test not verified", ["no-policy-found success"], {
    sts: policy("enforce", "x.test"),
    hop: at(stranger),
    tls: "verify",
    tlsOptional: true,
  }],
  ["REQUIRETLS with neither", "failed dns 5.7.10", [], { hop: TLS, requireTls: true }],
  ["REQUIRETLS, a host without it", "failed ehlo 5.7.30", [], {
    sts: policy("enforce", "mx.a.test"),
    hop: { ...TLS, offers: ["STARTTLS"] },
    requireTls: true,
  }],
];
for (const [what, want, notes, rules] of STS) {
  Deno.test(`MTA-STS: ${what}`, async () => {
    const found = await reach("a.test", MX, rules);
    assertEquals([found.said, found.notes], [want, notes]);
    if (!want.startsWith("mx.")) assert(!found.hop.commands.some((line) => line.startsWith("MAIL")));
  });
}

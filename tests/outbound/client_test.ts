import { assert, assertEquals, assertMatch } from "@std/assert";
import { Notify, type OutboundMessage } from "../../src/core/outbound.ts";
import { selfSigned, TlsContextHolder } from "../../src/net/mod.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import { type HopRules, NextHop } from "../support/next_hop.ts";
import { message, reachPort, recipient } from "../support/outbound.ts";

const FULL = ["PIPELINING", "SIZE 1000000", "8BITMIME", "DSN", "SMTPUTF8"];
const TEXT = "Subject: x\r\n\r\n.dot\r\nend\r\n";

/** Sends messages over one connection with a hop of those rules. */
async function send(rules: HopRules, ...messages: readonly OutboundMessage[]) {
  const hop = await NextHop.start(rules);
  try {
    const reached = await reachPort(hop.port, { protocol: rules.lmtp === true ? "lmtp" : "smtp" });
    if (!reached.ok) return { hop, results: [[reached.result]], usable: false };
    await using connection = reached.connection;
    const results = [];
    for (const one of messages) results.push(await connection.send(one));
    return { hop, results, usable: connection.usable };
  } finally {
    await hop[Symbol.asyncDispose]();
  }
}

for (const offers of [[], FULL, [...FULL, "CHUNKING"]]) {
  Deno.test(`a message goes out, dots and all, to a host that offers ${offers.join(", ") || "nothing"}`, async () => {
    const { hop, results, usable } = await send(
      { offers },
      message(TEXT, { piece: 3 }),
      message("second\r\n"),
    );
    assertEquals(
      results.map(([one]) => one!.outcome),
      offers.includes("DSN") ? ["delivered", "delivered"] : ["relayed", "relayed"],
    );
    assertEquals(results[0]![0]!.reply, { code: 250, status: "2.0.0", text: "taken" });
    assertEquals(results[0]![0]!.step, "end");
    assert(usable);
    assertEquals(
      hop.taken.map(({ via }) => via),
      Array(2).fill(offers.includes("CHUNKING") ? "BDAT" : "DATA"),
    );
    assertEquals(
      hop.taken[0]!.octets,
      offers.includes("CHUNKING") ? TEXT : "Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n",
    );
    assertEquals(hop.taken[0]!.rcpt, ["RCPT TO:<b@sink.test>"]);
    assertEquals(hop.commands[0], "EHLO mail.example.test");
    assertEquals(hop.connections, 1);
  });
}

Deno.test("everything the sender asked for goes on to a host that offers it", async () => {
  const { hop } = await send(
    {
      offers: [
        ...FULL,
        "CHUNKING",
        "BINARYMIME",
        "REQUIRETLS",
        "MT-PRIORITY",
        "DELIVERBY",
        "FUTURERELEASE 1 2",
        "NO-SOLICITING",
      ],
    },
    message("\0", {
      envelope: {
        reversePath: "j\u00f6rg@b\u00fccher.test",
        body: "BINARYMIME",
        smtputf8: true,
        requireTls: true,
        ret: "headers",
        envid: "a+b=c d",
        priority: -3,
        solicit: ["net.example:ADV", "org.example:ADV"],
        deliverBy: { at: Date.now() + 100_900, mode: "return", trace: true },
        holdUntil: Date.UTC(2999, 0, 1),
      },
      to: [
        recipient("b\u00e4r@b\u00fccher.test", {
          notify: Notify.Success | Notify.Delay,
          originalRecipient: "rfc822;x=y@z",
        }),
        recipient("c@d.test", { notify: 0 }),
      ],
    }),
  );
  assertMatch(
    new TextDecoder().decode(Uint8Array.from(hop.taken[0]!.mail, (c) => c.charCodeAt(0))),
    /^MAIL FROM:<j\u00f6rg@b\u00fccher\.test> SIZE=1 BODY=BINARYMIME SMTPUTF8 RET=HDRS ENVID=a\+2Bb\+3Dc\+20d REQUIRETLS MT-PRIORITY=-3 BY=100;RT SOLICIT=net\.example:ADV,org\.example:ADV HOLDUNTIL=2999-01-01T00:00:00Z$/,
  );
  assertMatch(hop.taken[0]!.rcpt[0]!, / NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x\+3Dy@z$/);
  assertEquals(hop.taken[0]!.rcpt[1], "RCPT TO:<c@d.test> NOTIFY=NEVER");
});

Deno.test("what a host does not offer is not said to it, and domains have A-labels", async () => {
  const { hop } = await send(
    {},
    message(TEXT, {
      envelope: { reversePath: "", ret: "full", envid: "e", priority: 2, body: "8BITMIME" },
      to: [recipient("b@b\u00fccher.test", { notify: Notify.Success, originalRecipient: "rfc822;q@z" })],
    }),
  );
  assertEquals(hop.taken[0]!.mail, "MAIL FROM:<>");
  assertEquals(hop.taken[0]!.rcpt, ["RCPT TO:<b@xn--bcher-kva.test>"]);
});

const NEVER: readonly (readonly [what: string, status: string, rules: HopRules, one: OutboundMessage])[] = [
  ["SMTPUTF8 without it", "5.6.7", { offers: ["8BITMIME"] }, message("a", { envelope: { smtputf8: true } })],
  [
    "a local part of UTF-8 without it",
    "5.6.7",
    { offers: ["SMTPUTF8"] },
    message("a", { to: ["b\u00e4r@c.test"] }),
  ],
  ["8-bit text without 8BITMIME", "5.6.3", {}, message("\xe4\r\n", { envelope: { body: "8BITMIME" } })],
  [
    "binary without BINARYMIME",
    "5.6.1",
    { offers: ["CHUNKING"] },
    message("a\0", { envelope: { body: "BINARYMIME" } }),
  ],
  ["a bare LF declared as binary", "5.6.1", {}, message("a\nb", { envelope: { body: "BINARYMIME" } })],
  ["REQUIRETLS without it", "5.7.30", { offers: FULL }, message("a", { envelope: { requireTls: true } })],
  ["more than SIZE", "5.3.4", { offers: ["SIZE 10"] }, message("12345678901")],
  [
    "DELIVERBY in mode return without it",
    "5.3.3",
    { offers: FULL },
    message("a", { envelope: { deliverBy: { at: Date.now() + 1e6, mode: "return", trace: false } } }),
  ],
];
for (const [what, status, rules, one] of NEVER) {
  Deno.test(`${what} fails for good with ${status}, and nothing is sent`, async () => {
    const { hop, results, usable } = await send(rules, one);
    assertEquals(results[0]!.map(({ outcome, reply }) => [outcome, reply.status]), [["failed", status]]);
    assertEquals(hop.commands.filter((line) => /^(MAIL|DATA|BDAT)/.test(line)), []);
    assert(usable);
  });
}

Deno.test("what was only declared to be 8-bit or binary goes to a host without either", async () => {
  const { hop, results } = await send(
    {},
    message("a\r\n", { envelope: { body: "8BITMIME" } }),
    message("a\r\n", { envelope: { body: "BINARYMIME" } }),
  );
  assertEquals(results.map(([one]) => one!.outcome), ["relayed", "relayed"]);
  assertEquals(hop.taken.map(({ mail }) => mail), Array(2).fill("MAIL FROM:<a@example.test>"));
});

for (const offers of [[], FULL, [...FULL, "CHUNKING"]]) {
  for (const verb of ["MAIL", "RCPT", offers.includes("CHUNKING") ? "BDAT" : "DATA", "END"]) {
    for (
      const [reply, outcome] of [["450 4.2.1 later", "deferred"], ["550 5.7.1 never", "failed"]] as const
    ) {
      if (verb === "BDAT") continue;
      Deno.test(`${reply} at ${verb} is ${outcome}, then RSET, then the next message (${offers.length})`, async () => {
        let first = true;
        const { hop, results, usable } = await send(
          {
            offers,
            act: (at) => {
              if (at !== verb || !first) return undefined;
              first = false;
              return `${reply}\r\n`;
            },
          },
          message(TEXT),
          message("second\r\n"),
        );
        assertEquals(results[0]!.map((one) => [one.outcome, one.step, one.reply.status]), [
          [outcome, verb.toLowerCase(), reply.slice(4, 9)],
        ]);
        assert(["relayed", "delivered"].includes(results[1]![0]!.outcome));
        assertEquals(hop.commands.includes("RSET"), verb !== "END");
        assert(usable);
      });
    }
  }
}

for (const offers of [[], FULL]) {
  Deno.test(`each recipient gets its own answer (${offers.length})`, async () => {
    const { results, hop } = await send(
      {
        offers,
        act: (_, line) =>
          line.startsWith("RCPT TO:<x")
            ? "550 5.1.1 who\r\n"
            : line.startsWith("RCPT TO:<full")
            ? "552 5.2.2 full\r\n"
            : undefined,
      },
      message(TEXT, { to: ["x@sink.test", "b@sink.test", "full@sink.test", "c@sink.test"] }),
    );
    const good = offers.length > 0 ? "delivered" : "relayed";
    assertEquals(results[0]!.map(({ outcome, step }) => `${outcome} ${step}`), [
      "failed rcpt",
      `${good} end`,
      "deferred rcpt",
      `${good} end`,
    ]);
    assertEquals(hop.taken[0]!.rcpt.length, 2);
  });
}

Deno.test("a host that wants the message for nobody gets an empty one", async () => {
  const { hop, results } = await send(
    {
      offers: FULL,
      act: (verb) => verb === "RCPT" ? "550 5.1.1 no\r\n" : verb === "DATA" ? "354 go\r\n" : undefined,
    },
    message(TEXT),
  );
  assertEquals(results[0]!.map(({ outcome, step }) => [outcome, step]), [["failed", "rcpt"]]);
  assertEquals(hop.taken, []);
  assert(hop.commands.includes("."), hop.commands.join());
});

Deno.test("LMTP answers for each recipient", async () => {
  let count = 0;
  const { results, usable } = await send(
    {
      lmtp: true,
      offers: FULL,
      act: (verb) => verb === "END" && ++count === 2 ? "452 4.2.2 full\r\n" : undefined,
    },
    message(TEXT, { to: ["a@s.test", "b@s.test", "c@s.test"] }),
  );
  assertEquals(results[0]!.map(({ outcome }) => outcome), ["delivered", "deferred", "delivered"]);
  assert(usable);
});

Deno.test("LIMITS splits recipients, and counts messages", async () => {
  const { hop, results, usable } = await send(
    { offers: ["LIMITS MAILMAX=3 RCPTMAX=2 RCPTDOMAINMAX=1", ...FULL] },
    message(TEXT, { to: ["a@s.test", "b@s.test", "c@s.test", "d@t.test"] }),
  );
  assertEquals(hop.taken.map(({ rcpt }) => rcpt.length), [2, 1, 1]);
  assertEquals(results[0]!.length, 4);
  assert(!usable);
});

Deno.test("a big message goes in chunks, octet for octet, and a refused chunk ends it", async () => {
  const text = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(i * 31 & 255)).join("");
  const limits = { ...CLIENT_LIMITS, chunk: 65_536 };
  for (const refuse of [false, true]) {
    const hop = await NextHop.start({
      offers: [...FULL, "CHUNKING", "BINARYMIME"],
      act: (verb) => refuse && verb === "BDAT" ? "552 5.3.4 too big\r\n" : undefined,
    });
    const reached = await reachPort(hop.port, { limits });
    assert(reached.ok);
    const [result] = await reached.connection.send(
      message(text, { piece: 10_000, envelope: { body: "BINARYMIME" } }),
    );
    assertEquals(result!.outcome, refuse ? "failed" : "delivered");
    assertEquals(result!.step, refuse ? "data" : "end");
    if (!refuse) assertEquals(hop.taken[0]!.octets === text, true);
    await reached.connection[Symbol.asyncDispose]();
    await hop[Symbol.asyncDispose]();
  }
});

const HANGS: readonly (readonly [verb: string, step: string])[] = [
  ["GREETING", "greeting"],
  ["EHLO", "ehlo"],
  ["MAIL", "mail"],
  ["RCPT", "rcpt"],
  ["DATA", "data"],
  ["END", "end"],
];
const SHORT = { greeting: 300, hello: 300, mail: 300, rcpt: 300, data: 300, dataEnd: 300, reset: 300 };
for (const [verb, step] of HANGS) {
  for (
    const act of [
      "(silence)",
      "(close)",
      "(endless)",
      "garbage\r\n",
      "421 4.3.2 going down\r\n",
      "250-a\r\n550 b\r\n",
    ] as const
  ) {
    Deno.test(`${JSON.stringify(act)} at ${verb} is for later, and ends the connection`, async () => {
      const hop = await NextHop.start({
        offers: verb === "RCPT" ? FULL : [],
        act: (at) => at === verb ? act : undefined,
      });
      // Only silence is waited for; on a busy machine a reply may take longer than that.
      const limits = act === "(silence)" ? { ...CLIENT_LIMITS, ...SHORT } : CLIENT_LIMITS;
      const reached = await reachPort(hop.port, { limits });
      const result = reached.ok ? (await reached.connection.send(message(TEXT)))[0]! : reached.result;
      assertEquals([result.outcome, result.step], ["deferred", step]);
      assertEquals(result.reply.code, act.startsWith("421") ? 421 : 0);
      if (reached.ok) {
        assert(!reached.connection.usable);
        const again = await reached.connection.send(message(TEXT));
        assertEquals(again[0]!.outcome, "deferred");
        await reached.connection[Symbol.asyncDispose]();
      }
      await hop[Symbol.asyncDispose]();
    });
  }
}

Deno.test("replies that nobody asked for are not taken for the reply to the message", async () => {
  const { hop, results, usable } = await send(
    { act: (verb) => verb === "DATA" ? "354 go\r\n250 2.0.0 taken\r\n" : undefined },
    message(TEXT),
  );
  assertEquals(results[0]!.map(({ outcome, step }) => [outcome, step]), [["deferred", "data"]]);
  assertEquals(hop.taken, []);
  assert(!usable);
});

Deno.test("HELO where EHLO is not known; then no parameter is sent", async () => {
  const { hop, results } = await send(
    { act: (verb) => verb === "EHLO" ? "502 5.5.1 what\r\n" : verb === "HELO" ? "250 hop\r\n" : undefined },
    message(TEXT),
  );
  assertEquals(hop.commands.slice(0, 3), [
    "EHLO mail.example.test",
    "HELO mail.example.test",
    "MAIL FROM:<a@example.test>",
  ]);
  assertEquals(results[0]![0]!.outcome, "relayed");
});

Deno.test("a message that cannot be read leaves no half of it behind", async () => {
  const hop = await NextHop.start();
  const reached = await reachPort(hop.port);
  assert(reached.ok);
  const broken: OutboundMessage = {
    ...message(TEXT),
    async *octets() {
      yield new TextEncoder().encode("half of it\r\n");
      throw new Error("the blob is gone");
    },
  };
  const error = await reached.connection.send(broken).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  assertEquals(error, "the blob is gone");
  assert(!reached.connection.usable);
  await reached.connection[Symbol.asyncDispose]();
  await hop[Symbol.asyncDispose]();
  assertEquals(hop.taken, []);
});

const pair = await selfSigned("hop.test");
const certificates = new TlsContextHolder([pair]);
const TRUST = { verify: true, ca: pair.cert, serverName: "hop.test" };

Deno.test("STARTTLS: what was offered before is forgotten, and the security is named", async () => {
  await using hop = await NextHop.start({ certificates, offers: ["STARTTLS", "DSN"] });
  const reached = await reachPort(hop.port, { tls: "required", trust: "verified" }, TRUST);
  assert(reached.ok);
  assertMatch(reached.connection.security!, /^TLSv1\.3 TLS_\w+, verified$/);
  assertEquals((await reached.connection.send(message(TEXT)))[0]!.outcome, "delivered");
  assertEquals(hop.commands.slice(0, 3), ["EHLO mail.example.test", "STARTTLS", "EHLO mail.example.test"]);
  await reached.connection[Symbol.asyncDispose]();
});

Deno.test("implicit TLS comes before the greeting", async () => {
  await using hop = await NextHop.start({ certificates, implicit: true });
  const reached = await reachPort(hop.port, { tls: "implicit", trust: "verified" }, TRUST);
  assert(reached.ok);
  assertEquals(hop.commands, ["EHLO mail.example.test"]);
  await reached.connection[Symbol.asyncDispose]();
});

Deno.test("TLS that is asked for and not to be had is for later, and no octet of mail goes", async () => {
  for (
    const [rules, trust] of [
      [{}, TRUST],
      [{
        offers: ["STARTTLS"],
        certificates,
        act: (verb: string) => verb === "STARTTLS" ? "550 5.7.0 no\r\n" : undefined,
      }, TRUST],
      [{
        offers: ["STARTTLS"],
        certificates,
        act: (verb: string) => verb === "STARTTLS" ? "220 go\r\n250 injected\r\n" : undefined,
      }, TRUST],
      [{ offers: ["STARTTLS"], certificates }, { ...TRUST, serverName: "other.test" }],
    ] as const
  ) {
    await using hop = await NextHop.start(rules);
    const reached = await reachPort(hop.port, { tls: "required" }, trust);
    assert(!reached.ok);
    assertEquals([reached.result.outcome, reached.result.step], ["deferred", "starttls"]);
    assert(!hop.commands.some((line) => line.startsWith("MAIL")));
  }
});

Deno.test("a host that offers STARTTLS and then declines is spoken to without, where that is allowed", async () => {
  await using hop = await NextHop.start({
    offers: ["STARTTLS"],
    certificates,
    act: (verb) => verb === "STARTTLS" ? "454 4.7.0 not now\r\n" : undefined,
  });
  const reached = await reachPort(hop.port, { tls: "wanted" });
  assert(reached.ok);
  assertEquals(reached.connection.security, undefined);
  await reached.connection[Symbol.asyncDispose]();
});

Deno.test("passwords do not go without TLS, and a refused login is for later", async () => {
  const login = { user: "u", password: "secret" };
  for (const offers of [["AUTH PLAIN LOGIN"], ["AUTH GSSAPI"], []]) {
    await using hop = await NextHop.start({ offers });
    const reached = await reachPort(hop.port, { login });
    assert(!reached.ok);
    assertEquals([reached.result.outcome, reached.result.step], ["deferred", "auth"]);
    assert(!hop.commands.some((line) => line.startsWith("AUTH")));
  }
  await using hop = await NextHop.start({
    offers: ["AUTH PLAIN"],
    act: (verb) => verb === "AUTH" ? "535 5.7.8 wrong\r\n" : undefined,
  });
  const reached = await reachPort(hop.port, { login, plainLogin: true });
  assert(!reached.ok);
  assertEquals([reached.result.outcome, reached.result.reply.code], ["deferred", 535]);
  assertEquals(hop.commands[1], `AUTH PLAIN ${btoa("\0u\0secret")}`);
});

Deno.test("LOGIN answers prompts", async () => {
  await using hop = await NextHop.start({
    offers: ["AUTH=LOGIN"],
    act: (verb) =>
      verb === "AUTH"
        ? "334 UGFzc3dvcmQ6\r\n"
        : verb === btoa("p").toUpperCase()
        ? "235 2.7.0 in\r\n"
        : undefined,
  });
  const reached = await reachPort(hop.port, { login: { user: "u", password: "p" }, plainLogin: true });
  assert(reached.ok, JSON.stringify(reached));
  assertEquals(hop.commands.slice(1), [`AUTH LOGIN ${btoa("u")}`, btoa("p")]);
  await reached.connection[Symbol.asyncDispose]();
});

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createClient } from "./client.ts";
import type { SaslClientOptions } from "./client_step.ts";
import type { MechanismName } from "./mechanisms.ts";
import { textOf, utf8 } from "./octets.ts";
import { deriveScramKeys, fakeScramKeys, type ScramKeys } from "./scram_keys.ts";
import { createNonce, createServer, type SaslServerOptions } from "./server.ts";
import type { SaslServer, SaslStep } from "./step.ts";

const RFC_5802 = {
  mechanism: "SCRAM-SHA-1",
  clientNonce: "fyko+d2lbbFgONRv9qkxdawL",
  serverNonce: "3rfcNHYJY1ZVvWVs7j",
  salt: "QSXCR+Q6sek8bf92",
  serverFirst: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
  clientFinal: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
  serverFinal: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
} as const;

const RFC_7677 = {
  mechanism: "SCRAM-SHA-256",
  clientNonce: "rOprNGfwEbeRWgbNEkqO",
  serverNonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal:
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
} as const;

const PLAIN_LINE: SaslServerOptions = { nonce: "srv", bindings: {}, plusOffered: false };
const KEYS = {
  "SHA-1": derive("pencil", "SHA-1"),
  "SHA-256": derive("pencil", "SHA-256"),
};

function derive(password: string, hash: "SHA-1" | "SHA-256"): ScramKeys {
  return deriveScramKeys(password, utf8("a salt of some"), 4096, hash)!;
}

function challengeText(step: SaslStep): string {
  assertEquals(step.kind, "challenge", JSON.stringify(step));
  return step.kind === "challenge" ? textOf(step.octets)! : "";
}

function assertFailed(step: SaslStep, reason: string, includes = ""): void {
  assertEquals(step.kind, "failed", JSON.stringify(step));
  if (step.kind !== "failed") return;
  assertEquals(step.reason, reason);
  assertStringIncludes(step.text, includes);
}

/** Brings an exchange to where the client's final message is due. */
function untilFinal(
  first: string,
  options = PLAIN_LINE,
  mechanism: MechanismName = "SCRAM-SHA-256",
): SaslServer {
  const server = createServer(mechanism, options);
  const step = server.respond(utf8(first));
  assertEquals(step.kind, "need-scram", JSON.stringify(step));
  server.provide({ kind: "scram", keys: KEYS[mechanism.startsWith("SCRAM-SHA-256") ? "SHA-256" : "SHA-1"] });
  return server;
}

for (const vector of [RFC_5802, RFC_7677]) {
  Deno.test(`${vector.mechanism}: both sides speak the example of the RFC`, () => {
    const client = createClient(vector.mechanism, {
      user: "user",
      password: "pencil",
      nonce: vector.clientNonce,
    });
    const server = createServer(vector.mechanism, { ...PLAIN_LINE, nonce: vector.serverNonce });
    const hash = vector.mechanism === "SCRAM-SHA-1" ? "SHA-1" : "SHA-256";
    const keys = deriveScramKeys("pencil", Uint8Array.fromBase64(vector.salt), 4096, hash)!;

    const initial = client.start();
    assert(initial.kind === "response");
    assertEquals(textOf(initial.octets), `n,,n=user,r=${vector.clientNonce}`);
    assertEquals(server.respond(initial.octets), {
      kind: "need-scram",
      user: "user",
      hash,
      authzid: undefined,
    });
    const first = challengeText(server.provide({ kind: "scram", keys }));
    assertEquals(first, vector.serverFirst);
    const answer = client.respond(utf8(first));
    assert(answer.kind === "response");
    assertEquals(textOf(answer.octets), vector.clientFinal);
    const final = challengeText(server.respond(answer.octets));
    assertEquals(final, vector.serverFinal);
    assert(!client.complete);
    const last = client.respond(utf8(final));
    assert(last.kind === "response" && last.octets.length === 0);
    assert(client.complete);
    assertEquals(server.respond(last.octets), { kind: "done", user: "user", authzid: undefined });
  });
}

Deno.test("SCRAM asks with an empty challenge when there was no initial response", () => {
  const server = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertEquals(challengeText(server.respond(undefined)), "");
  assertEquals(server.respond(utf8("n,,n=user,r=abc")).kind, "need-scram");
  const silent = createServer("SCRAM-SHA-256", PLAIN_LINE);
  silent.respond(undefined);
  assertFailed(silent.respond(undefined), "malformed");
});

Deno.test("SCRAM refuses first messages that do not fit the grammar", () => {
  const wrong = [
    "",
    "*",
    "n",
    "n,",
    "n,,",
    "n,,n=user",
    "n,,r=abc,n=user",
    "n,,n=,r=abc",
    "n,,n=user,r=",
    "n,,n=user,r=a b",
    "n,,n=us=er,r=abc",
    "n,,n=us=2cer,r=abc",
    "n,,n=user=,r=abc",
    "n,,n=us\0er,r=abc",
    "n,a=,n=user,r=abc",
    "n,b=admin,n=user,r=abc",
    "x,,n=user,r=abc",
    "N,,n=user,r=abc",
    "p,,n=user,r=abc",
    "p=,,n=user,r=abc",
    "p=tls unique,,n=user,r=abc",
    "n,,m=ext,n=user,r=abc",
    "n,,n=user,r=abc,m=ext",
    "n,,n=user,r=abc,",
    "n,,n=user,r=abc,x",
    "n,,n=user,r=abc,1=x",
    "n=user,r=abc",
  ];
  for (const text of wrong) {
    assertFailed(createServer("SCRAM-SHA-256", PLAIN_LINE).respond(utf8(text)), "malformed");
  }
  const invalid = Uint8Array.of(...utf8("n,,n="), 0xff, ...utf8(",r=abc"));
  assertFailed(createServer("SCRAM-SHA-256", PLAIN_LINE).respond(invalid), "malformed");
});

Deno.test("SCRAM decodes =2C and =3D in names, folds their case, and ignores unknown extensions", () => {
  const server = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertEquals(server.respond(utf8("n,a=B=3D=2C,n=A=2CB=3Dc,r=abc,x=later")), {
    kind: "need-scram",
    user: "a,b=c",
    hash: "SHA-256",
    authzid: "b=,",
  });
});

Deno.test("SCRAM bounds the response and the name", () => {
  const long = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertFailed(long.respond(new Uint8Array(12_289)), "malformed", "too long");
  const atBorder = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertEquals(atBorder.respond(utf8(`n,,n=${"u".repeat(255)},r=abc`)).kind, "need-scram");
  const overBorder = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertFailed(overBorder.respond(utf8(`n,,n=${"u".repeat(256)},r=abc`)), "malformed", "too long");
});

Deno.test("SCRAM gives a name that cannot be prepared the answer of a wrong one", () => {
  const server = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertFailed(server.respond(utf8("n,,n=\u212Aate,r=abc")), "credentials");
  const authzid = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertFailed(authzid.respond(utf8("n,a=\u212Aate,n=kate,r=abc")), "authzid");
});

Deno.test("the flag y fails where -PLUS was announced, and passes where it was not (RFC 5802 §6)", () => {
  const offered = createServer("SCRAM-SHA-256", { ...PLAIN_LINE, plusOffered: true });
  assertFailed(offered.respond(utf8("y,,n=user,r=abc")), "malformed", "channel binding");
  const plain = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertEquals(plain.respond(utf8("y,,n=user,r=abc")).kind, "need-scram");
  const cannot = createServer("SCRAM-SHA-256", { ...PLAIN_LINE, plusOffered: true });
  assertEquals(cannot.respond(utf8("n,,n=user,r=abc")).kind, "need-scram");
});

Deno.test("-PLUS wants p, a type that the connection has, and the other mechanism wants no p", () => {
  const bindings = { "tls-exporter": new Uint8Array(32).fill(7) };
  const options = { ...PLAIN_LINE, bindings, plusOffered: true };
  for (const flag of ["n", "y", "p=tls-unique", "p=tls-server-end-point", "p=constructor", "p=__proto__"]) {
    assertFailed(
      createServer("SCRAM-SHA-256-PLUS", options).respond(utf8(`${flag},,n=u,r=abc`)),
      "malformed",
    );
  }
  assertFailed(
    createServer("SCRAM-SHA-256", options).respond(utf8("p=tls-exporter,,n=u,r=abc")),
    "malformed",
  );
});

Deno.test("SCRAM checks binding, nonce and proof of the final message", () => {
  const first = "n,,n=user,r=abc";
  const proof = (octets: number) => new Uint8Array(octets).toBase64();
  const cases: readonly [string, string][] = [
    [`c=biws,r=abcsrv,p=${proof(32)}`, "credentials"],
    [`c=biws,r=abcsrv,p=${proof(31)}`, "malformed"],
    [`c=biws,r=abcsrv,p=${proof(33)}`, "malformed"],
    [`c=biws,r=abc,p=${proof(32)}`, "malformed"],
    [`c=biws,r=abcsrvx,p=${proof(32)}`, "malformed"],
    [`c=biws,r=xbcsrv,p=${proof(32)}`, "malformed"],
    [`c=eSws,r=abcsrv,p=${proof(32)}`, "malformed"],
    [`c=biwsAAAA,r=abcsrv,p=${proof(32)}`, "malformed"],
    [`c=,r=abcsrv,p=${proof(32)}`, "malformed"],
    [`r=abcsrv,p=${proof(32)}`, "malformed"],
    [`c=biws,p=${proof(32)}`, "malformed"],
    [`c=biws,r=abcsrv`, "malformed"],
    [`c=biws,r=abcsrv,p=`, "malformed"],
    [`c=biws,r=abcsrv,p=!!!!`, "malformed"],
    [`c=biws,r=abcsrv,m=x,p=${proof(32)}`, "malformed"],
    ["", "malformed"],
  ];
  for (const [final, reason] of cases) assertFailed(untilFinal(first).respond(utf8(final)), reason);
  assertFailed(untilFinal(first).respond(undefined), "malformed");
});

Deno.test("a proof is good for one exchange only", () => {
  const client = createClient("SCRAM-SHA-256", { user: "user", password: "pencil", nonce: "abc" });
  const initial = client.start();
  assert(initial.kind === "response");
  const server = createServer("SCRAM-SHA-256", { ...PLAIN_LINE, nonce: "one" });
  server.respond(initial.octets);
  const step = server.provide({ kind: "scram", keys: KEYS["SHA-256"] });
  assert(step.kind === "challenge");
  const final = client.respond(step.octets);
  assert(final.kind === "response");
  assertEquals(server.respond(final.octets).kind, "challenge");

  const replayed = createServer("SCRAM-SHA-256", { ...PLAIN_LINE, nonce: "two" });
  replayed.respond(initial.octets);
  replayed.provide({ kind: "scram", keys: KEYS["SHA-256"] });
  assertFailed(replayed.respond(final.octets), "malformed", "nonce");
});

Deno.test("an exchange that is over stays over, and `done` waits for the empty acknowledgement", () => {
  const server = untilFinal("n,,n=user,r=abc");
  assertFailed(server.respond(utf8("rubbish")), "malformed");
  assertFailed(server.respond(utf8("c=biws,r=abcsrv,p=AAAA")), "malformed", "over");

  const { server: good, client } = exchange("SCRAM-SHA-256", {
    user: "user",
    password: "pencil",
    nonce: "abc",
  });
  assert(client.complete);
  assertFailed(good.respond(utf8("=")), "malformed");
  assertFailed(good.respond(new Uint8Array(0)), "malformed", "over");
});

Deno.test("provide throws when something else was asked for: a bug of the caller", () => {
  const server = createServer("SCRAM-SHA-256", PLAIN_LINE);
  assertThrows(() => server.provide({ kind: "scram", keys: KEYS["SHA-256"] }), TypeError);
  server.respond(utf8("n,,n=user,r=abc"));
  assertThrows(() => server.provide({ kind: "password", right: true }), TypeError);
  assertThrows(() => server.provide({ kind: "scram", keys: KEYS["SHA-1"] }), TypeError);
});

Deno.test("fake keys: same salt for the same name, others for others, and no password fits", () => {
  const secret = utf8("of the installation");
  const a = fakeScramKeys(secret, "ghost", 4096, "SHA-256");
  assertEquals(fakeScramKeys(secret, "ghost", 4096, "SHA-256"), a);
  assert(fakeScramKeys(secret, "ghost2", 4096, "SHA-256").salt.toHex() !== a.salt.toHex());
  assert(fakeScramKeys(utf8("other"), "ghost", 4096, "SHA-256").salt.toHex() !== a.salt.toHex());
  assert(fakeScramKeys(secret, "ghost", 4096, "SHA-1").salt.toHex() !== a.salt.toHex());
  assertEquals(a.salt.length, 16);
  assertEquals(a.storedKey.length, 32);
  assertEquals(fakeScramKeys(secret, "ghost", 4096, "SHA-1").storedKey.length, 20);

  const { step } = exchange("SCRAM-SHA-256", { user: "ghost", password: "pencil", nonce: "abc" }, a);
  assertFailed(step, "credentials");
});

Deno.test("channel binding: both types and both hashes go through, other data does not", () => {
  const data = new Uint8Array(32).fill(9);
  for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"] as const) {
    for (const name of ["tls-server-end-point", "tls-exporter"] as const) {
      const options = { ...PLAIN_LINE, bindings: { [name]: data }, plusOffered: true };
      const client = { user: "user", password: "pencil", nonce: "abc", binding: { name, data } };
      const good = exchange(mechanism, client, undefined, options);
      assertEquals(good.step.kind, "challenge", JSON.stringify(good.step));
      const between = { ...client, binding: { name, data: new Uint8Array(32).fill(8) } };
      assertFailed(exchange(mechanism, between, undefined, options).step, "malformed", "bindings");
    }
  }
});

Deno.test("the client refuses servers that do not prove themselves", () => {
  const start = () => {
    const client = createClient("SCRAM-SHA-256", { user: "user", password: "pencil", nonce: "abc" });
    client.start();
    return client;
  };
  const salt = utf8("a salt of some").toBase64();
  for (
    const first of [
      "",
      `r=abc,s=${salt},i=4096`,
      `r=xyz,s=${salt},i=4096`,
      `r=abcx,s=${salt},i=4095`,
      `r=abcx,s=${salt},i=1000001`,
      `r=abcx,s=${salt},i=0`,
      `r=abcx,s=${salt},i=04096`,
      `r=abcx,s=${salt},i=9999999999`,
      `r=abcx,s=,i=4096`,
      `m=x,r=abcx,s=${salt},i=4096`,
      `s=${salt},r=abcx,i=4096`,
    ]
  ) assertEquals(start().respond(utf8(first)).kind, "failed", first);

  for (const final of ["", "e=other-error", "v=AAAA", `v=${new Uint8Array(32).toBase64()}`, "e=", "x=1"]) {
    const client = start();
    assertEquals(client.respond(utf8(`r=abcx,s=${salt},i=4096`)).kind, "response");
    assertEquals(client.respond(utf8(final)).kind, "failed", final);
    assert(!client.complete);
  }
  assertThrows(
    () => createClient("SCRAM-SHA-256-PLUS", { user: "u", password: "p", nonce: "n" }),
    TypeError,
  );
});

Deno.test("property: any name and password that can be prepared log in, any other password does not", () => {
  const name = fc.stringMatching(/^[a-z,=.@+-]{1,40}$/);
  const password = fc.string({ minLength: 1, maxLength: 40 }).filter((p) =>
    deriveScramKeys(p, utf8("salt"), 1, "SHA-256") !== undefined
  );
  fc.assert(
    fc.property(name, password, (user, secret) => {
      const keys = deriveScramKeys(secret, utf8("salt"), 4096, "SHA-256")!;
      const good = exchange("SCRAM-SHA-256", { user, password: secret, nonce: "abc" }, keys);
      assert(good.client.complete);
      assertEquals(good.server.respond(new Uint8Array(0)), { kind: "done", user, authzid: undefined });
      const bad = exchange("SCRAM-SHA-256", { user, password: `${secret}x`, nonce: "abc" }, keys);
      assertFailed(bad.step, "credentials");
    }),
    { numRuns: 60, seed: 5802 },
  );
});

Deno.test("property: no octets make the server throw", () => {
  const octets = fc.uint8Array({ maxLength: 80 });
  const likely = fc.stringMatching(/^[ny],(a=[a=2C]{0,4})?,(n=[a=2C3D]{0,6},)?r=[a-c,=]{0,5}$/).map(utf8);
  fc.assert(
    fc.property(fc.oneof(octets, likely), fc.oneof(octets, likely), (first, second) => {
      const server = createServer("SCRAM-SHA-1", PLAIN_LINE);
      const step = server.respond(first);
      if (step.kind === "need-scram") server.provide({ kind: "scram", keys: KEYS["SHA-1"] });
      assert(server.respond(second).kind === "failed");
    }),
    { numRuns: 2000, seed: 7677 },
  );
});

Deno.test("a nonce is 24 characters of base64 of what the random source gives", () => {
  assertEquals(createNonce((n) => new Uint8Array(n)), "A".repeat(24));
});

/** Plays an exchange up to the server's answer to the final message, and the client's check of it. */
function exchange(
  mechanism: MechanismName,
  options: SaslClientOptions,
  keys?: ScramKeys,
  serverOptions = PLAIN_LINE,
) {
  const client = createClient(mechanism, options);
  const server = createServer(mechanism, serverOptions);
  const initial = client.start();
  assert(initial.kind === "response");
  const asked = server.respond(initial.octets);
  assert(asked.kind === "need-scram", JSON.stringify(asked));
  const first = server.provide({ kind: "scram", keys: keys ?? KEYS[asked.hash] });
  assert(first.kind === "challenge");
  const final = client.respond(first.octets);
  assert(final.kind === "response", JSON.stringify(final));
  const step = server.respond(final.octets);
  if (step.kind === "challenge") client.respond(step.octets);
  return { client, server, step };
}

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createClient } from "./client.ts";
import { mechanismNamed, mechanismsFor, PASSWORD_MECHANISMS } from "./mechanisms.ts";
import { decodeBase64, encodeBase64, sameOctets, textOf, utf8 } from "./octets.ts";
import { createServer } from "./server.ts";
import type { SaslStep } from "./step.ts";

const OPTIONS = { nonce: "", bindings: {}, plusOffered: false };

function plain(response: Uint8Array | string | undefined): SaslStep {
  return createServer("PLAIN", OPTIONS).respond(typeof response === "string" ? utf8(response) : response);
}

function reasonOf(step: SaslStep): string {
  return step.kind === "failed" ? step.reason : step.kind;
}

Deno.test("PLAIN asks for the password to be checked, with the texts prepared", () => {
  assertEquals(plain("\0Tim@Example.TEST\0tanstaaftanstaaf"), {
    kind: "need-password",
    user: "tim@example.test",
    password: "tanstaaftanstaaf",
    authzid: undefined,
  });
  assertEquals(plain("Ursel\0Kurt\0xipj3plmq"), {
    kind: "need-password",
    user: "kurt",
    password: "xipj3plmq",
    authzid: "ursel",
  });
});

Deno.test("PLAIN asks with an empty challenge once when there was no initial response", () => {
  const server = createServer("PLAIN", OPTIONS);
  const step = server.respond(undefined);
  assert(step.kind === "challenge" && step.octets.length === 0);
  assertEquals(server.respond(utf8("\0u\0p")).kind, "need-password");
  const silent = createServer("PLAIN", OPTIONS);
  silent.respond(undefined);
  assertEquals(reasonOf(silent.respond(undefined)), "malformed");
});

Deno.test("PLAIN refuses what does not fit its grammar", () => {
  for (
    const text of [
      "",
      "*",
      "=",
      "\0",
      "\0\0",
      "\0u\0",
      "\0\0p",
      "u\0p",
      "u",
      "a\0u\0p\0",
      "\0u\0p\0x",
      "\0\0\0",
    ]
  ) {
    assertEquals(reasonOf(plain(text)), "malformed", JSON.stringify(text));
  }
  assertEquals(reasonOf(plain(Uint8Array.of(0, 0x75, 0, 0xff))), "malformed");
  assertEquals(reasonOf(plain(Uint8Array.of(0, 0xc3, 0, 0x70))), "malformed");
  assertEquals(reasonOf(plain(Uint8Array.of(0xff, 0, 0x75, 0, 0x70))), "malformed");
});

Deno.test("PLAIN bounds names, password and response at their borders", () => {
  assertEquals(reasonOf(plain(`\0${"u".repeat(255)}\0p`)), "need-password");
  assertEquals(reasonOf(plain(`\0${"u".repeat(256)}\0p`)), "malformed");
  assertEquals(reasonOf(plain(`${"a".repeat(256)}\0u\0p`)), "malformed");
  assertEquals(reasonOf(plain(`\0u\0${"p".repeat(1024)}`)), "need-password");
  assertEquals(reasonOf(plain(`\0u\0${"p".repeat(1025)}`)), "malformed");
  assertEquals(reasonOf(plain(new Uint8Array(12_289))), "malformed");
});

Deno.test("a text that cannot be prepared gets the answer of a wrong one", () => {
  assertEquals(reasonOf(plain("\0\u212Aate\0pw")), "credentials");
  assertEquals(reasonOf(plain("\0ka te\0pw")), "credentials");
  assertEquals(reasonOf(plain("\0kate\0p\x07w")), "credentials");
  assertEquals(reasonOf(plain("\u212Aate\0kate\0pw")), "authzid");
});

Deno.test("provide ends PLAIN and LOGIN, and afterwards they are over", () => {
  for (const right of [true, false]) {
    const server = createServer("PLAIN", OPTIONS);
    server.respond(utf8("\0u\0p"));
    const end = server.provide({ kind: "password", right });
    assertEquals(reasonOf(end), right ? "done" : "credentials");
    assertEquals(reasonOf(server.respond(utf8("\0u\0p"))), "malformed");
    assertThrows(() => server.provide({ kind: "password", right: true }), TypeError);
  }
});

Deno.test("LOGIN prompts for both, or takes the name as initial response", () => {
  const prompted = createServer("LOGIN", OPTIONS);
  assertEquals(promptOf(prompted.respond(undefined)), "Username:");
  assertEquals(promptOf(prompted.respond(utf8("Kate"))), "Password:");
  assertEquals(prompted.respond(utf8("pw")), {
    kind: "need-password",
    user: "kate",
    password: "pw",
    authzid: undefined,
  });
  assertEquals(prompted.provide({ kind: "password", right: true }), {
    kind: "done",
    user: "kate",
    authzid: undefined,
  });

  const initial = createServer("LOGIN", OPTIONS);
  assertEquals(promptOf(initial.respond(utf8("kate"))), "Password:");
  assertEquals(initial.respond(utf8("pw")).kind, "need-password");
});

Deno.test("LOGIN refuses empty, oversized, broken and NUL-holding answers", () => {
  const bad = [new Uint8Array(0), undefined, Uint8Array.of(0xff), utf8("a\0b"), new Uint8Array(12_289)];
  for (const answer of bad) {
    const named = createServer("LOGIN", OPTIONS);
    named.respond(undefined);
    assertEquals(reasonOf(named.respond(answer)), "malformed");
    const password = createServer("LOGIN", OPTIONS);
    password.respond(utf8("kate"));
    assertEquals(reasonOf(password.respond(answer)), "malformed");
    assertEquals(reasonOf(password.respond(utf8("pw"))), "malformed");
  }
});

Deno.test("the clients say what the servers understand", () => {
  const client = createClient("PLAIN", { user: "kate", password: "pw", authzid: "kate", nonce: "" });
  assert(!client.complete);
  const start = client.start();
  assert(start.kind === "response" && client.complete);
  assertEquals(textOf(start.octets), "kate\0kate\0pw");
  assertEquals(client.respond(utf8("")).kind, "failed");

  const login = createClient("LOGIN", { user: "kate", password: "pw", nonce: "" });
  const user = login.respond(utf8("User Name\0"));
  assert(user.kind === "response" && !login.complete);
  assertEquals(textOf(user.octets), "kate");
  const password = login.respond(utf8("Password:"));
  assert(password.kind === "response" && login.complete);
  assertEquals(textOf(password.octets), "pw");
  assertEquals(login.respond(utf8("more")).kind, "failed");
});

Deno.test("mechanisms: names in any case, none of Object's, and what a connection can be asked for", () => {
  assertEquals(mechanismNamed("scram-sha-256-plus"), "SCRAM-SHA-256-PLUS");
  for (
    const name of [
      "",
      "constructor",
      "__proto__",
      "toString",
      "CRAM-MD5",
      "PLAIN ",
      "pla\u0131n",
      "\u017Fcram-sha-1",
    ]
  ) {
    assertEquals(mechanismNamed(name), undefined);
  }
  const none = { allowPlaintext: false };
  assertEquals(mechanismsFor(undefined, none), ["SCRAM-SHA-256", "SCRAM-SHA-1"]);
  assertEquals(mechanismsFor(undefined, { allowPlaintext: true }), PASSWORD_MECHANISMS.slice(2));
  const tls = {
    version: "TLSv1.3",
    cipher: "x",
    serverName: undefined,
    protocol: undefined,
    serverEndPoint: undefined,
    exporter: undefined,
  };
  assertEquals(mechanismsFor(tls, none), PASSWORD_MECHANISMS.slice(2));
  assertEquals(
    mechanismsFor({ ...tls, serverEndPoint: new Uint8Array(32) }, none),
    PASSWORD_MECHANISMS.slice(2),
  );
  assertEquals(mechanismsFor({ ...tls, exporter: new Uint8Array(32) }, none), PASSWORD_MECHANISMS);
});

Deno.test("base64 is canonical or nothing", () => {
  for (
    const bad of [
      "A",
      "AA",
      "AAA",
      "AAAA=",
      "=AAA",
      "AA=A",
      "AB==",
      "AAB=",
      "A AA",
      "AAA\n",
      "AA\n==",
      "AA-_",
      "*",
    ]
  ) {
    assertEquals(decodeBase64(bad), undefined, JSON.stringify(bad));
  }
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    assertEquals(decodeBase64(encodeBase64(octets)), new Uint8Array(octets));
  }));
});

Deno.test("sameOctets compares length and content", () => {
  assert(sameOctets(utf8("abc"), utf8("abc")));
  assert(!sameOctets(utf8("abc"), utf8("abd")));
  assert(!sameOctets(utf8("abc"), utf8("ab")));
});

Deno.test("property: PLAIN never throws, and takes exactly what its grammar allows", () => {
  const part = fc.uint8Array({ maxLength: 6 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const message: number[] = [];
      parts.forEach((octets, i) => message.push(...(i === 0 ? [] : [0]), ...octets));
      const step = plain(Uint8Array.from(message));
      const nuls = message.filter((octet) => octet === 0).length;
      if (step.kind === "need-password") assertEquals(nuls, 2);
      else assertEquals(step.kind, "failed");
    }),
    { numRuns: 2000, seed: 4616 },
  );
});

function promptOf(step: SaslStep): string | undefined {
  return step.kind === "challenge" ? textOf(step.octets) : undefined;
}

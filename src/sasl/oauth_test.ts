import { assertEquals, assertThrows } from "@std/assert";
import type { TlsInfo } from "../core/conn.ts";
import { mechanismsFor } from "./mechanisms.ts";
import { textOf, utf8 } from "./octets.ts";
import { createServer } from "./server.ts";
import type { SaslStep } from "./step.ts";

const OPTIONS = { nonce: "", bindings: {}, plusOffered: false };
const begin = (name: "OAUTHBEARER" | "XOAUTH2" | "EXTERNAL") => createServer(name, OPTIONS);

/** What an initial response asks for, in short. */
function asked(name: "OAUTHBEARER" | "XOAUTH2" | "EXTERNAL", text: string): string {
  const step: SaslStep = begin(name).respond(utf8(text));
  if (step.kind === "need-token") return `${step.token} of ${step.user}`;
  if (step.kind === "need-certificate") return `certificate of ${step.authzid}`;
  return step.kind === "failed" ? step.reason : step.kind;
}

Deno.test("OAUTHBEARER: the token and the user that the client names", () => {
  assertEquals(
    asked("OAUTHBEARER", "n,a=Jane@Example.org,\x01host=x\x01port=143\x01auth=Bearer vF9d=\x01\x01"),
    "vF9d= of jane@example.org",
  );
  assertEquals(
    asked("OAUTHBEARER", "y,,\x01AUTH=bearer  a.b-c_d~e+f/g\x01\x01"),
    "a.b-c_d~e+f/g of undefined",
  );
  assertEquals(asked("OAUTHBEARER", "n,a=j=2Co=3De@x.org,\x01auth=Bearer t\x01\x01"), "t of j,o=e@x.org");
  for (
    const bad of [
      "",
      "\x01",
      "n,,",
      "n,,\x01\x01",
      "n,,\x01auth=Bearer t\x01",
      "n,,\x01auth=Bearer t",
      "n,,\x01auth=Basic t\x01\x01",
      "n,,\x01auth=Bearer \x01\x01",
      "n,,\x01auth=Bearer a b\x01\x01",
      "n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01",
      "n,,\x01auth=Bearer a\x01broken\x01\x01",
      "p=tls-exporter,,\x01auth=Bearer t\x01\x01",
      "n,a=j=2co,\x01auth=Bearer t\x01\x01",
      "n,a=,\x01auth=Bearer t\x01\x01",
      "user=x\x01auth=Bearer t\x01\x01",
      "n,,\x01auth=Bearer t\u00e9\x01\x01",
      "n,,\x01auth=Bearer " + "t".repeat(12_300) + "\x01\x01",
    ]
  ) assertEquals(asked("OAUTHBEARER", bad), "malformed", JSON.stringify(bad.slice(0, 40)));
});

Deno.test("XOAUTH2: the form that was there before", () => {
  assertEquals(
    asked("XOAUTH2", "user=Jane@Example.org\x01auth=Bearer ya29\x01\x01"),
    "ya29 of jane@example.org",
  );
  assertEquals(asked("XOAUTH2", "user=\x01auth=Bearer ya29\x01\x01"), "ya29 of undefined");
  for (
    const bad of [
      "",
      "user=x",
      "user=x\x01\x01",
      "user=x\x01auth=Bearer t\x01",
      "n,,\x01auth=Bearer t\x01\x01",
    ]
  ) {
    assertEquals(asked("XOAUTH2", bad), "malformed", JSON.stringify(bad));
  }
});

Deno.test("a token that is refused: a challenge says why, and whatever follows ends it", () => {
  for (const name of ["OAUTHBEARER", "XOAUTH2"] as const) {
    const server = begin(name);
    assertEquals(server.respond(undefined), { kind: "challenge", octets: new Uint8Array(0) });
    const response = name === "XOAUTH2"
      ? "user=j@x\x01auth=Bearer t\x01\x01"
      : "n,a=j@x,\x01auth=Bearer t\x01\x01";
    assertEquals(server.respond(utf8(response)).kind, "need-token");
    assertThrows(() => server.provide({ kind: "password", right: true }), TypeError);
    const told = server.provide({ kind: "token", user: undefined, hint: { scope: "mail" } });
    assertEquals(
      told.kind === "challenge" && JSON.parse(textOf(told.octets)!),
      { status: name === "XOAUTH2" ? "401" : "invalid_token", schemes: "bearer", scope: "mail" },
    );
    const end = server.respond(utf8("\x01"));
    assertEquals(end.kind === "failed" && end.reason, "credentials");
    const again = server.respond(utf8(response));
    assertEquals(again.kind === "failed" && again.reason, "malformed");
  }
  const good = begin("OAUTHBEARER");
  good.respond(utf8("n,a=j@x,\x01auth=Bearer t\x01\x01"));
  assertEquals(good.provide({ kind: "token", user: "k@x" }), { kind: "done", user: "k@x", authzid: "j@x" });
  assertThrows(() => good.provide({ kind: "token", user: "k@x" }), TypeError);
});

Deno.test("EXTERNAL: the certificate's user, or one that the client names", () => {
  assertEquals(asked("EXTERNAL", ""), "certificate of undefined");
  assertEquals(asked("EXTERNAL", "Jane@Example.org"), "certificate of jane@example.org");
  assertEquals(asked("EXTERNAL", "a\0b"), "malformed");
  assertEquals(asked("EXTERNAL", "x".repeat(256)), "malformed");
  const server = begin("EXTERNAL");
  assertEquals(server.respond(undefined).kind, "challenge");
  const silent = server.respond(undefined);
  assertEquals(silent.kind === "failed" && silent.reason, "malformed");
  const wrong = begin("EXTERNAL");
  wrong.respond(utf8(""));
  const end = wrong.provide({ kind: "certificate", user: undefined });
  assertEquals(end.kind === "failed" && end.reason, "credentials");
});

Deno.test("tokens only under TLS and where somebody issues them, EXTERNAL only for a known certificate", () => {
  const tls: TlsInfo = {
    version: "TLSv1.3",
    cipher: "x",
    serverName: undefined,
    protocol: undefined,
    serverEndPoint: undefined,
    exporter: undefined,
  };
  const has = (name: string, info: TlsInfo | undefined, tokens: boolean) =>
    (mechanismsFor(info, { allowPlaintext: true, tokens }) as readonly string[]).includes(name);
  for (const name of ["OAUTHBEARER", "XOAUTH2"]) {
    assertEquals([has(name, undefined, true), has(name, tls, false), has(name, tls, true)], [
      false,
      false,
      true,
    ]);
  }
  assertEquals(has("EXTERNAL", tls, true), false);
  assertEquals(has("EXTERNAL", { ...tls, clientAddresses: [] }, true), false);
  assertEquals(has("EXTERNAL", { ...tls, clientAddresses: ["a@x"] }, true), true);
});

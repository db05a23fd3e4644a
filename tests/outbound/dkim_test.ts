import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import type { AccountId } from "../../src/core/brands.ts";
import { realWorld } from "../../src/core/world.ts";
import { RelaxedBody } from "../../src/trust/dkim_body.ts";
import { type DkimKey, dkimRecord, makeDkimKey, SigningKeys } from "../../src/trust/dkim_keys.ts";
import { createSigner } from "../../src/trust/signer.ts";
import { message } from "../support/outbound.ts";

const now = Date.now();
const KEYS = [
  await makeDkimKey("rsa-sha256", "r1", "signing"),
  await makeDkimKey("ed25519-sha256", "e1", "signing"),
];
const submitter = 1 as AccountId;
const latin1 = (octets: Uint8Array) => Buffer.from(octets).toString("latin1");

function signer(keys: readonly DkimKey[] = KEYS, domain = "example.test") {
  const store = { signing: (asked: string) => Promise.resolve(asked === domain ? keys : []) };
  return createSigner(new SigningKeys(store, realWorld), () => now);
}

/** Results of a verifier that others wrote, by algorithm. */
async function verified(text: string, ascii = "example.test"): Promise<Record<string, string>> {
  const { results } = await dkimVerify(Buffer.from(text, "latin1"), {
    resolver: (name: string) => {
      const record = KEYS.map((key) => dkimRecord(key, ascii)).find((one) => one.name === name);
      return record === undefined
        ? Promise.reject(Object.assign(new Error("none"), { code: "ENOTFOUND" }))
        : Promise.resolve([[record.text]]);
    },
  } as never);
  return Object.fromEntries(
    (results as { algo?: string; status: { result: string } }[]).map((one) => [one.algo, one.status.result]),
  );
}

const BOTH = { "rsa-sha256": "pass", "ed25519-sha256": "pass" };
const HEADER =
  "From: A <a@example.test>\r\nTo: b@sink.test\r\nSubject: hello\r\n\tfolded  twice \r\nMessage-ID: <1@x>\r\n";

const MESSAGES: readonly (readonly [what: string, text: string])[] = [
  ["a usual one", `${HEADER}\r\nHello.\r\n`],
  ["one without a body", `${HEADER}\r\n`],
  ["one with nothing but empty lines", `${HEADER}\r\n\r\n\r\n`],
  ["one with white space everywhere", `${HEADER}\r\n \r\n  a \t b\t\r\n\t\r\n\r\nc  \r\n\r\n \r\n`],
  ["one that does not end with CRLF", `${HEADER}\r\nno end`],
  [
    "one with octets of every kind",
    `${HEADER}\r\n${
      Array.from({ length: 256 }, (_, i) => i === 13 || i === 10 ? "" : String.fromCharCode(i)).join("")
    }\r\n`,
  ],
  ["one with a field twice", `To: c@sink.test\r\n${HEADER}\r\nx\r\n`],
  ["one with long lines", `${HEADER}\r\n${"x ".repeat(40_000)}\r\n`],
];
for (const [what, text] of MESSAGES) {
  Deno.test(`a verifier that others wrote accepts both signatures of ${what}, however it is cut`, async () => {
    const whole = await signer().sign(message(text, { envelope: { submitter } }));
    assertEquals(await verified(latin1(whole) + text), BOTH);
    for (const line of latin1(whole).split("\r\n")) assert(line.length <= 100, line);
    const bodyHash = /bh=([^;]+)/.exec(latin1(whole))![1];
    for (const piece of [1, 2, 7, 1000]) {
      if (piece === 1 && text.length > 10_000) continue;
      const cut = await signer().sign(message(text, { envelope: { submitter }, piece }));
      assertEquals(/bh=([^;]+)/.exec(latin1(cut))![1], bodyHash);
      // Ed25519 signs the same octets to the same signature.
      assertEquals(latin1(cut).slice(-100), latin1(whole).slice(-100));
    }
  });
}

Deno.test("what is added or changed later breaks the signature", async () => {
  const text = `${HEADER}\r\nHello.\r\n`;
  const signed = latin1(await signer().sign(message(text, { envelope: { submitter } })));
  for (const name of ["From", "Subject", "Reply-To", "Cc", "Content-Type", "Date"]) {
    for (const value of Object.values(await verified(`${signed}${name}: x@y.test\r\n${text}`))) {
      assert(value !== "pass", `${name}: ${value}`);
    }
  }
  assert(!Object.values(await verified(`${signed}${text}more\r\n`)).includes("pass"));
  assertEquals(
    await verified(`Received: from x\r\nSender: list@y.test\r\nList-Id: <y>\r\n${signed}${text}`),
    BOTH,
  );
});

Deno.test("only what was submitted here is signed, and only for a From of ours", async () => {
  const sign = async (text: string, own = {}) =>
    latin1(await signer().sign(message(text, { envelope: { submitter, ...own } })));
  assertEquals(await sign(`${HEADER}\r\nx\r\n`, { submitter: undefined }), "");
  assertEquals(await sign("From: a@other.test\r\n\r\nx\r\n"), "");
  assertEquals(await sign("Subject: nobody\r\n\r\nx\r\n"), "");
  assertEquals(await sign("From: a@example.test\r\nFrom: b@example.test\r\n\r\nx\r\n"), "");
  assertEquals(await sign(`From: a@example.test\r\nX: ${"y".repeat(1_100_000)}\r\n\r\nx\r\n`), "");
  assertMatch(
    await sign('FROM :\r\n "A, B" <a@Example.TEST>\r\n\r\nx\r\n'),
    /^DKIM-Signature: v=1; a=rsa-sha256; .* d=example\.test; s=r1;/,
  );
});

Deno.test("a domain of U-labels signs under its A-labels", async () => {
  const domain = "b\u00fccher.test";
  for (const from of ["a@xn--bcher-kva.test", latin1(new TextEncoder().encode(`a@${domain}`))]) {
    const text = `From: ${from}\r\n\r\nx\r\n`;
    const signed = latin1(await signer(KEYS, domain).sign(message(text, { envelope: { submitter } })));
    assertMatch(signed, /d=xn--bcher-kva\.test;/);
    assertEquals(await verified(signed + text, "xn--bcher-kva.test"), BOTH);
  }
});

Deno.test("a big message is hashed in constant memory", () => {
  const piece = new Uint8Array(65_536).fill(0x61);
  const hash = createHash("sha256");
  let most = 0;
  const body = new RelaxedBody((octets) => {
    most = Math.max(most, octets.length);
    hash.update(octets);
  });
  for (let i = 0; i < 300; i++) body.push(piece);
  body.finish();
  assert(most <= 65_536);
  const want = createHash("sha256");
  for (let i = 0; i < 300; i++) want.update(piece);
  assertEquals(hash.digest("hex"), want.update("\r\n").digest("hex"));
});

Deno.test("a million empty lines at the end cost nothing, in the middle they are kept", () => {
  const text = (parts: readonly string[]) => {
    let out = 0;
    const body = new RelaxedBody((octets) => out += octets.length);
    for (const part of parts) body.push(new TextEncoder().encode(part));
    body.finish();
    return out;
  };
  const lines = "\r\n".repeat(1_000_000);
  assertEquals(text(["a", lines]), 3);
  assertEquals(text(["a", lines, "b"]), 2_000_004);
});

/** Next hops that take 7-bit text only (RFC 6152 §3, RFC 3030 §3): converted, then signed; or failed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import type { AccountId } from "../../src/core/brands.ts";
import type { OutboundEnvelope, Router } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { createReacher } from "../../src/queue/reach.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import { dkimRecord, makeDkimKey, SigningKeys } from "../../src/trust/dkim_keys.ts";
import { createSigner } from "../../src/trust/signer.ts";
import { bench } from "../store/support.ts";
import { NextHop } from "../support/next_hop.ts";
import { drained, enqueue, Hops, outbound, scheduler } from "./support.ts";

const KEY = await makeDkimKey("ed25519-sha256", "e1", "signing");
const signer = createSigner(
  new SigningKeys({ signing: () => Promise.resolve([KEY]) }, realWorld),
  Date.now,
);
const encoder = new TextEncoder();

/** Sends a message by way of a hop that offers that; gives what the hop took, and what became of the recipient. */
async function send(offers: readonly string[], text: Uint8Array, envelope: Partial<OutboundEnvelope>) {
  await using t = await bench();
  await using hop = await NextHop.start({ offers });
  const router: Router = {
    route: () => ({
      key: "k",
      protocol: "smtp",
      by: { kind: "host", host: "127.0.0.1", port: hop.port },
      tls: "none",
      implicitTls: false,
      login: undefined,
    }),
  };
  const reacher = createReacher({
    dial,
    hostname: "mail.example.test",
    world: realWorld,
    client: CLIENT_LIMITS,
    mx: undefined,
  });
  await enqueue(t.store, outbound(["b@sink.test"], { submitter: 1 as AccountId, ...envelope }), text);
  {
    await using _ = scheduler(t, new Hops(), {}, { router, reacher, signer });
    await drained(t.db.database);
  }
  const row = await t.db.database.selectFrom("queue_recipient").selectAll().executeTakeFirstOrThrow();
  const [taken] = hop.taken;
  // Without the dots and the end that DATA needs.
  const octets = taken?.via === "DATA"
    ? taken.octets.replace(/\r\n\.\r\n$/, "\r\n").replace(/^\./gm, "")
    : taken?.octets;
  return { row, mail: taken?.mail, octets };
}

async function verified(text: string): Promise<readonly string[]> {
  const record = dkimRecord(KEY, "example.test");
  const { results } = await dkimVerify(Buffer.from(text, "latin1"), {
    resolver: () => Promise.resolve([[record.text]]),
  } as never);
  return (results as { status: { result: string } }[]).map(({ status }) => status.result);
}

const WIDE = encoder.encode(
  "From: a@example.test\r\nTo: b@sink.test\r\nSubject: s\r\nMessage-ID: <1@example.test>\r\n" +
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
    ".dot\r\nStra\u00dfe, Gr\u00fc\u00dfe, and the rest of a line\r\n",
);

Deno.test("8-bit text is converted for a host without 8BITMIME, and our signature is over what goes out", async () => {
  const { row, mail, octets } = await send(["SIZE 100000"], WIDE, { body: "8BITMIME" });
  assertEquals([row.state, row.reply_code], ["relayed", 250]);
  assertMatch(octets!, /\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=2Edot\r\nStra=C3=9Fe, /);
  assertEquals(mail, `MAIL FROM:<ann@example.test> SIZE=${octets!.length}`);
  assertEquals(await verified(octets!), ["pass"]);
});

Deno.test("a host with 8BITMIME gets it as it is", async () => {
  const { mail, octets } = await send(["8BITMIME"], WIDE, { body: "8BITMIME" });
  assertEquals(mail, "MAIL FROM:<ann@example.test> BODY=8BITMIME");
  assert(octets!.endsWith(Buffer.from(WIDE).toString("latin1")), octets);
  assertEquals(await verified(octets!), ["pass"]);
});

Deno.test("binary octets are converted for a host without BINARYMIME, and 8-bit text is not for their sake", async () => {
  const head = "From: a@example.test\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n";
  const binary = Uint8Array.from([
    ...encoder.encode(`${head}Content-Transfer-Encoding: binary\r\n\r\n`),
    0,
    10,
    13,
    200,
  ]);
  const one = await send(["8BITMIME", "CHUNKING"], binary, { body: "BINARYMIME" });
  assertMatch(one.octets!, /Content-Transfer-Encoding: base64\r\n\r\nAAoNyA==\r\n$/);
  assertEquals(one.mail, "MAIL FROM:<ann@example.test>");
  assertEquals(await verified(one.octets!), ["pass"]);
  const two = await send(["8BITMIME", "CHUNKING"], WIDE, { body: "BINARYMIME" });
  assertEquals(two.mail, "MAIL FROM:<ann@example.test> BODY=8BITMIME");
  assert(two.octets!.endsWith(Buffer.from(WIDE).toString("latin1")));
});

Deno.test("what somebody else signed is not touched: it fails with 5.6.3, and its sender hears of it", async () => {
  const signed = Uint8Array.from([...encoder.encode("DKIM-Signature: v=1; d=x\r\n"), ...WIDE]);
  const { row, octets } = await send([], signed, { body: "8BITMIME", submitter: undefined });
  assertEquals(octets, undefined);
  assertEquals([row.state, row.reply_status, row.notice], ["failed", "5.6.3", "failure"]);
});

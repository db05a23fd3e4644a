/** SCRAM (RFC 5802, RFC 7677) with next hops, whose side is written here anew, and with a server of ours. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { PASSWORD, startServer } from "../support/server.ts";
import { type HopRules, NextHop } from "../support/next_hop.ts";
import { message, reachPort } from "../support/outbound.ts";

const SALT = new TextEncoder().encode("a salt of sixteen");

/** What the server does wrong. */
interface Wrongs {
  readonly nonce?: boolean;
  readonly iterations?: number;
  readonly signature?: string;
  /** In place of its first message. */
  readonly first?: string;
}

/** A server's side of SCRAM without channel binding: replies to AUTH and to the lines behind it. */
function scramServer(
  hash: "sha1" | "sha256",
  password: string,
  wrongs: Wrongs = {},
): NonNullable<HopRules["act"]> {
  const iterations = wrongs.iterations ?? 4096;
  const length = hash === "sha1" ? 20 : 32;
  const hmac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  let clientFirst = "", serverFirst = "", proven = false;
  return (verb, line) => {
    if (verb === "AUTH") {
      clientFirst = atob(line.split(" ")[2]!).replace(/^[ny],,/, "");
      const nonce = /,r=([^,]*)$/.exec(clientFirst)![1]!;
      serverFirst = `r=${wrongs.nonce ? "other" : nonce}more,s=${SALT.toBase64()},i=${iterations}`;
      return `334 ${btoa(wrongs.first ?? serverFirst)}\r\n`;
    }
    if (proven && line === "") return "235 2.7.0 in\r\n";
    if (line === "*") return "501 5.7.0 cancelled\r\n";
    const last = /^[A-Za-z0-9+/=]+$/.test(line) ? atob(line) : "";
    const match = /^(c=[^,]*,r=[^,]*),p=(.*)$/.exec(last);
    if (match === null) return undefined;
    const salted = pbkdf2Sync(password, SALT, iterations, length, hash);
    const text = `${clientFirst},${serverFirst},${match[1]}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash(hash).update(clientKey).digest(), text);
    const proof = Uint8Array.fromBase64(match[2]!);
    if (!timingSafeEqual(proof.map((octet, i) => octet ^ signature[i]!), clientKey)) {
      return "535 5.7.8 wrong\r\n";
    }
    proven = true;
    const verifier = wrongs.signature ?? hmac(hmac(salted, "Server Key"), text).toString("base64");
    return `334 ${btoa(`v=${verifier}`)}\r\n`;
  };
}

async function logIn(offers: string, act: NonNullable<HopRules["act"]>, password = "pencil") {
  await using hop = await NextHop.start({ offers: [offers], act });
  const reached = await reachPort(hop.port, { login: { user: "us,er=", password }, tls: "none" });
  if (!reached.ok) return { hop, result: reached.result, sent: [] };
  await using connection = reached.connection;
  return { hop, result: undefined, sent: await connection.send(message("Subject: x\r\n\r\nx\r\n")) };
}

for (const [name, hash] of [["SCRAM-SHA-256", "sha256"], ["SCRAM-SHA-1", "sha1"]] as const) {
  Deno.test(`${name} logs in without TLS, and the password is not sent`, async () => {
    const { hop, sent } = await logIn(`AUTH PLAIN LOGIN ${name}`, scramServer(hash, "pencil"));
    assertEquals(sent.map(({ outcome }) => outcome), ["relayed"]);
    const auth = hop.commands.find((line) => line.startsWith("AUTH "))!;
    assertMatch(auth, new RegExp(`^AUTH ${name} `));
    assertMatch(atob(auth.split(" ")[2]!), /^n,,n=us=2Cer=3D,r=/);
    assert(!hop.commands.some((line) => line.includes(btoa("pencil").slice(0, 6))));
    assertEquals(hop.taken.length, 1);
  });
}

const WRONG: readonly (readonly [what: string, wrongs: Wrongs, text: RegExp])[] = [
  ["does not know the password", { signature: btoa("x".repeat(32)) }, /does not know the password/],
  ["has a nonce of its own", { nonce: true }, /nonce/],
  ["wants too much work", { iterations: 100_000_000 }, /iterations/],
  ["wants next to no work", { iterations: 1 }, /iterations/],
  ["speaks nonsense", { first: "hello" }, /grammar/],
  ["says an error", { first: "e=other-error" }, /grammar/],
];
for (const [what, wrongs, text] of WRONG) {
  Deno.test(`a next hop that ${what} gets no mail, and the mail waits`, async () => {
    const { hop, result } = await logIn("AUTH SCRAM-SHA-256", scramServer("sha256", "pencil", wrongs));
    assertEquals([result?.outcome, result?.step], ["deferred", "auth"]);
    assertMatch(result!.reply.text, text);
    assertEquals(hop.taken, []);
    assert(!hop.commands.some((line) => line.startsWith("MAIL")));
  });
}

Deno.test("a wrong password is for later", async () => {
  const { result } = await logIn("AUTH SCRAM-SHA-256", scramServer("sha256", "pencil"), "pen");
  assertEquals([result?.outcome, result?.reply.code, result?.reply.status], ["deferred", 535, "5.7.8"]);
});

Deno.test("with a server of ours, under TLS", async () => {
  const user = "relay@example.test";
  await using server = await startServer({ accounts: [user] });
  for (const password of [PASSWORD, "wrong"]) {
    const reached = await reachPort(server.ports.submission, { login: { user, password }, tls: "required" });
    assertEquals(reached.ok, password === PASSWORD, JSON.stringify(reached));
    if (!reached.ok) {
      assertEquals([reached.result.step, reached.result.reply.status], ["auth", "5.7.8"]);
      continue;
    }
    await using connection = reached.connection;
    const [result] = await connection.send(
      message(`From: ${user}\r\n\r\nx\r\n`, { envelope: { reversePath: user }, to: [user] }),
    );
    assertEquals(result!.outcome, "delivered", JSON.stringify(result));
  }
  assertMatch(server.output(), /"auth.ok".*"mechanism":"SCRAM-SHA-256/);
});

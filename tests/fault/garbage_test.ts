import { assertEquals, assertMatch } from "@std/assert";
import { startServer, type TestServer } from "../support/server.ts";
import { events, get, messages, runs, send } from "../node/support.ts";

const you = "you@example.test";

/** Octets that a seed gives: a failing run can be tried again. */
function garbage(seed: number, size: number): Uint8Array {
  let state = seed * 2_654_435_761 >>> 0 || 1;
  return Uint8Array.from({ length: size }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

/** What a hostile or broken client may send: chance, or what looks like the protocol for a while. */
function nonsense(seed: number): Uint8Array {
  const chance = garbage(seed, 1 + seed * 37 % 9000);
  const openings = [
    "",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<you@example.test>\r\nDATA\r\n",
    "EHLO x\r\nBDAT 99999999999999999999\r\n",
    "LHLO x\r\nMAIL FROM:<> SMTPUTF8 BODY=BINARYMIME\r\n",
    "a LOGIN {4294967295}\r\n",
    "a APPEND INBOX {10+}\r\n",
    "a AUTHENTICATE PLAIN =\r\nb FETCH 1:* (BODY[",
    "USER you@example.test\r\nPASS ",
    "AUTH SCRAM-SHA-256 biws\r\n",
    "STARTTLS\r\n",
    "STLS\r\n",
    "a STARTTLS\r\n",
    "PROXY TCP4 1.2.3.4",
    "GET /metrics HTTP/1.1\r\nHost: ",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
  ];
  const opening = Uint8Array.from(openings[seed % openings.length]!, (char) => char.charCodeAt(0));
  const whole = new Uint8Array(opening.length + chance.length);
  whole.set(opening);
  whole.set(chance, opening.length);
  return whole;
}

/** Sends, and goes in one of four ways. */
async function annoy(port: number, seed: number): Promise<void> {
  try {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const octets = nonsense(seed);
    for (let at = 0; at < octets.length;) at += await conn.write(octets.subarray(at));
    if (seed % 4 === 0) return;
    if (seed % 4 === 1) await conn.closeWrite();
    const buffer = new Uint8Array(4096);
    const late = setTimeout(() => conn.close(), seed % 4 === 2 ? 50 : 1_000);
    while (await conn.read(buffer).catch(() => null) !== null);
    clearTimeout(late);
  } catch { /* a server that hangs up first is right to */ }
}

async function flood(server: TestServer, seeds: readonly number[]): Promise<void> {
  const ports = Object.values(server.ports);
  await Promise.all(seeds.flatMap((seed) => ports.map((port) => annoy(port, seed))));
}

Deno.test("garbage on every port by 200 connections at a time: the server lives, and finds no bug in itself", async () => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]"],
    accounts: [you],
  });
  // 9 ports, 22 connections on each.
  for (let round = 0; round < 3; round++) {
    await flood(server, Array.from({ length: 22 }, (_, i) => round * 22 + i + 1));
  }
  assertEquals(runs(server.pid), true);
  assertEquals(events(server).filter(({ event }) => event === "bug" || event === "node.worker.died"), []);
  assertEquals(await get(server, "/healthz"), [200, "ok\n"]);
  assertMatch(await send(server, you), /^250 /);
  assertEquals(await messages(server, you), 1);
  assertEquals(await server.stop(), 0);
});

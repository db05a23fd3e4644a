import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createHash, X509Certificate } from "node:crypto";
import { createConnection } from "node:net";
import { connect } from "node:tls";
import { type Conn, ConnError } from "../../src/core/conn.ts";
import { type CertificatePair, dial, selfSigned, TlsContextHolder } from "../../src/net/mod.ts";
import { authority } from "../support/authority.ts";
import { capture, drain, octets, pair, readText, sleep, until } from "./support.ts";

const FIRST = await selfSigned("a.test");
const SECOND = await selfSigned("b.test");
const WILD = await selfSigned("*.c.test");

/** What a client sees of a server's certificate. */
function fingerprint(pair: CertificatePair): string {
  return new X509Certificate(pair.cert).fingerprint256;
}

/** A handshake of the runtime's own client against an implicit TLS listener; the certificate it is shown. */
function shown(port: number, servername: string | undefined, ALPNProtocols?: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      ...(servername === undefined ? {} : { servername }),
      ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
    }, () => {
      const certificate = socket.getPeerX509Certificate()!.fingerprint256;
      resolve(`${certificate}|${socket.alpnProtocol || "none"}`);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

async function tlsReason(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (thrown) => thrown);
  assert(error instanceof ConnError, `wanted a ConnError, got ${error}`);
  return error.reason;
}

Deno.test("a client's certificate counts where an authority of ours vouches for it, and only there", async () => {
  const ours = await authority("ours"), theirs = await authority("ours");
  const certificates = new TlsContextHolder([{ ...FIRST, clientCa: ours.pem }]);
  const { listener, accepted } = await capture({ tls: "implicit", certificates, askClient: true });
  const { port } = listener.address;
  const names = async (
    shown: { cert: string; key: string } | undefined,
    maxVersion: "TLSv1.2" | "TLSv1.3",
  ) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, maxVersion, ...shown });
    socket.on("error", () => {});
    const server = await accepted();
    const found = server.tls!.clientAddresses;
    await server.write(octets("220 hello\r\n"));
    socket.destroy();
    server.destroy();
    return found;
  };
  const jane = { addresses: ["jane@example.org", "j,email:x@example.org"] };
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    assertEquals(await names(await ours.issue(jane), version), jane.addresses, version);
    assertEquals(await names(undefined, version), [], `${version}: none`);
    assertEquals(
      await names(await theirs.issue(jane), version),
      [],
      `${version}: a stranger of the same name`,
    );
    assertEquals(await names(await ours.issue({ ...jane, days: -1 }), version), [], `${version}: over`);
    assertEquals(
      await names(await ours.issue({ ...jane, use: "server" }), version),
      [],
      `${version}: a server's`,
    );
    assertEquals(await names({ cert: FIRST.cert, key: FIRST.key }, version), [], `${version}: of its own`);
  }
  await listener.close();

  const shy = await capture({ tls: "implicit", certificates });
  const socket = connect({ host: "127.0.0.1", port: shy.listener.address.port, rejectUnauthorized: false });
  socket.on("error", () => {});
  const server = await shy.accepted();
  assertEquals(server.tls!.clientAddresses, undefined, "who does not ask is not told");
  socket.destroy();
  server.destroy();
  await shy.listener.close();
});

for (const mode of ["starttls", "implicit"] as const) {
  Deno.test(`${mode}: both ends agree on what TLS is, octets go both ways, close is in order`, async () => {
    const { listener, accepted } = await capture({ tls: mode, certificates: new TlsContextHolder([FIRST]) });
    const client = await dial({ host: "localhost", port: listener.address.port }, {
      tls: { serverName: "a.test", ca: FIRST.cert, verify: true },
    });
    let server: Conn;
    if (mode === "starttls") {
      server = await accepted();
      await client.write(octets("STARTTLS\r\n"));
      assertEquals(await readText(server, 10), "STARTTLS\r\n");
      assertEquals(server.buffered, 0);
      await server.write(octets("220 go\r\n"));
      const upgrade = server.startTls();
      assertEquals(await readText(client, 8), "220 go\r\n");
      await Promise.all([upgrade, client.startTls()]);
    } else {
      await client.startTls();
      server = await accepted();
    }
    assertEquals(server.tls?.version, "TLSv1.3");
    assertEquals(server.tls?.serverName, "a.test");
    assertEquals(server.tls?.cipher, client.tls?.cipher);
    const want = new Uint8Array(createHash("sha256").update(new X509Certificate(FIRST.cert).raw).digest());
    assertEquals(server.tls?.serverEndPoint, want);
    assertEquals(client.tls?.serverEndPoint, want);
    assertEquals(await tlsReason(server.startTls()), "tls", "TLS twice");

    const big = "0123456789".repeat(100_000);
    const writing = client.write(octets(big));
    assertEquals(await readText(server, big.length), big);
    await writing;
    const answering = server.write([octets(big), octets("\r\n")]);
    assertEquals(await readText(client, big.length + 2), big + "\r\n");
    await answering;
    const closing = client.close();
    assertEquals(await server.read(1_000), null);
    await server.close();
    await closing;
    await listener[Symbol.asyncDispose]();
  });
}

Deno.test("SNI picks the certificate; the first is the default", async () => {
  const certificates = new TlsContextHolder([FIRST, SECOND, WILD]);
  const { listener } = await capture({ tls: "implicit", certificates });
  const { port } = listener.address;
  const seen = async (name?: string) => (await shown(port, name)).split("|")[0];
  assertEquals(await seen("a.test"), fingerprint(FIRST));
  assertEquals(await seen("B.test"), fingerprint(SECOND));
  assertEquals(await seen("mail.c.test"), fingerprint(WILD));
  assertEquals(await seen("deep.mail.c.test"), fingerprint(FIRST));
  assertEquals(await seen("elsewhere.test"), fingerprint(FIRST));
  assertEquals(await seen(), fingerprint(FIRST));
  await listener[Symbol.asyncDispose]();
});

Deno.test("the channel binding is that of the certificate that was shown", async () => {
  const certificates = new TlsContextHolder([FIRST, SECOND]);
  await using ends = await pair({ tls: "starttls", certificates }, {
    tls: { serverName: "b.test", verify: false },
  });
  await Promise.all([ends.client.startTls(), ends.server.startTls()]);
  assertEquals(ends.server.tls?.serverEndPoint, certificates.pairs[1]!.serverEndPoint);
  assertEquals(ends.client.tls?.serverEndPoint, certificates.pairs[1]!.serverEndPoint);
});

Deno.test("ALPN: agreed on, refused when the client offers only others, left out", async () => {
  const listener = await drain({
    tls: "implicit",
    certificates: new TlsContextHolder([FIRST]),
    alpn: ["imap"],
  });
  const { port } = listener.address;
  assertEquals((await shown(port, "a.test", ["http/1.1", "imap"])).split("|")[1], "imap");
  assertEquals((await shown(port, "a.test")).split("|")[1], "none");
  await assertRejects(() => shown(port, "a.test", ["http/1.1"]));
  await until(() => listener.connections === 0, "no connection is left");
  await listener[Symbol.asyncDispose]();
});

/** A ClientHello that offers TLS 1.1 at most, as a client of 2010 sent it. */
function hello11(): Uint8Array {
  const suites = [0xc0, 0x09, 0xc0, 0x13, 0x00, 0x2f, 0x00, 0x35];
  const body = [3, 2, ...new Uint8Array(32).fill(7), 0, 0, suites.length, ...suites, 1, 0];
  // signature_algorithms: ecdsa_secp256r1_sha256, so that the version is all that is wrong.
  body.push(0, 8, 0, 13, 0, 4, 0, 2, 4, 3);
  const handshake = [1, 0, 0, body.length, ...body];
  return new Uint8Array([22, 3, 1, 0, handshake.length, ...handshake]);
}

Deno.test("TLS 1.1 is refused with an alert, and the socket goes", async () => {
  const failures: string[] = [];
  const { listener } = await capture({
    tls: "implicit",
    certificates: new TlsContextHolder([FIRST]),
    emit: (name, fields) => {
      if (name === "net.tls.failed") failures.push((fields as { error: string }).error);
    },
  });
  const client = await dial({ host: "127.0.0.1", port: listener.address.port });
  await client.write(hello11());
  const answer = await client.read(2_000);
  // Alert (21), fatal (2), protocol_version (70): RFC 8446 §6.2.
  assertEquals([answer?.[0], answer?.[5], answer?.[6]], [21, 2, 70]);
  assertEquals(await client.read(2_000), null);
  await client.close();
  await until(() => listener.connections === 0, "the socket is gone");
  assertEquals(failures.length, 1);
  await listener[Symbol.asyncDispose]();
});

Deno.test("TLS 1.2 is taken, with a name for the cipher and no exporter", async () => {
  const { listener, accepted } = await capture({
    tls: "implicit",
    certificates: new TlsContextHolder([FIRST]),
  });
  const client = connect({
    host: "127.0.0.1",
    port: listener.address.port,
    maxVersion: "TLSv1.2",
    servername: "a.test",
    rejectUnauthorized: false,
  });
  client.on("error", () => {});
  const { tls } = await accepted();
  assertEquals([tls?.version, tls?.serverName, tls?.exporter], ["TLSv1.2", "a.test", undefined]);
  assert(tls?.cipher.startsWith("TLS_ECDHE_ECDSA_"), tls?.cipher);
  client.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("plaintext behind STARTTLS is seen in buffered, and never read as if it came by TLS", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  const { listener, accepted } = await capture({ tls: "starttls", certificates });
  const client = createConnection(listener.address.port, "127.0.0.1");
  client.on("error", () => {});
  client.resume();
  const server = await accepted();
  client.write("STARTTLS\r\n");
  assertEquals(await readText(server, 10), "STARTTLS\r\n");
  client.write("MAIL FROM:<evil@a.test>\r\n");
  await until(() => server.buffered > 0, "the injected command is there");
  assertEquals(server.buffered, 25);
  // A caller that does not look: the octets go to TLS, which ends the connection.
  assertEquals(await tlsReason(server.startTls()), "tls");
  assertEquals(await server.read(100).catch((error) => error.reason), "closed");
  await listener[Symbol.asyncDispose]();
  client.destroy();
});

Deno.test("a ClientHello that was read ahead is not lost", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  await using ends = await pair({ tls: "starttls", certificates }, { tls: { verify: false } });
  await ends.client.write(octets("STARTTLS\r\n"));
  assertEquals(await readText(ends.server, 10), "STARTTLS\r\n");
  const upgrade = ends.client.startTls();
  await until(() => ends.server.buffered > 0, "the ClientHello is there");
  await ends.server.startTls();
  await upgrade;
  await ends.client.write(octets("EHLO a.test\r\n"));
  assertEquals(await readText(ends.server, 13), "EHLO a.test\r\n");
});

Deno.test("reload: new handshakes see the new certificate, open connections go on", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  const { listener, accepted } = await capture({ tls: "implicit", certificates });
  const { port } = listener.address;
  const client = await dial({ host: "127.0.0.1", port }, { tls: { verify: false } });
  await client.startTls();
  const server = await accepted();
  certificates.reload([SECOND]);
  assertEquals((await shown(port, "a.test")).split("|")[0], fingerprint(SECOND));
  await client.write(octets("still here"));
  assertEquals(await readText(server, 10), "still here");
  client.destroy();
  await listener[Symbol.asyncDispose]();
});

Deno.test("100 reloads while clients come: no handshake fails", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  const { listener } = await capture({ tls: "implicit", certificates, exempt: ["127.0.0.1"] });
  const { port } = listener.address;
  let shakes = 0;
  const clients = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 25; i++) {
      await shown(port, "a.test");
      shakes++;
    }
  });
  for (let i = 0; i < 100; i++) {
    certificates.reload([i % 2 === 0 ? SECOND : FIRST]);
    await sleep(1);
  }
  await Promise.all(clients);
  assertEquals(shakes, 100);
  await listener[Symbol.asyncDispose]();
});

Deno.test("reload keeps the old certificate when the new one cannot be used", () => {
  const certificates = new TlsContextHolder([FIRST]);
  const before = certificates.pairs[0];
  assertThrows(
    () => certificates.reload([{ cert: SECOND.cert, key: FIRST.key }]),
    Error,
    "the key is not its key",
  );
  assertThrows(
    () => certificates.reload([SECOND, { cert: "no PEM", key: FIRST.key }]),
    Error,
    "certificate 2",
  );
  assertThrows(
    () => certificates.reload([{ cert: FIRST.cert, key: "no PEM" }]),
    Error,
    "the key of certificate 1",
  );
  assertThrows(() => certificates.reload([]), Error, "no certificate");
  assertEquals(certificates.pairs[0], before);
});

Deno.test("a handshake that takes too long ends the connection", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  await using ends = await pair({ tls: "starttls", certificates, limits: { handshakeMs: 100 } });
  const start = performance.now();
  assertEquals(await tlsReason(ends.server.startTls()), "tls");
  assert(performance.now() - start < 5_000);
  assertEquals(await ends.client.read(1_000).catch(() => null), null);
  await until(() => ends.listener.connections === 0, "the socket is gone");
});

Deno.test("disconnects and rubbish in the middle of a handshake leave no socket behind", async () => {
  const listener = await drain({
    tls: "implicit",
    certificates: new TlsContextHolder([FIRST]),
    exempt: ["127.0.0.1"],
  });
  const { port } = listener.address;
  const openings = [
    new Uint8Array(0),
    hello11().subarray(0, 20),
    octets("GET / HTTP/1.0\r\n\r\n"),
    new Uint8Array([22, 3, 1, 255, 255, 1]),
  ];
  for (let i = 0; i < 40; i++) {
    const client = await dial({ host: "127.0.0.1", port });
    const opening = openings[i % openings.length]!;
    if (opening.length > 0) await client.write(opening);
    if (i % 3 === 0) await sleep(5);
    if (i % 2 === 0) client.destroy();
    else await client.close();
  }
  await until(() => listener.connections === 0, "no socket is left");
  assertEquals((await shown(port, "a.test")).split("|")[0], fingerprint(FIRST));
  await listener[Symbol.asyncDispose]();
});

Deno.test("a client refuses a certificate that it does not trust or that is not the host's", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  const { listener } = await capture({ tls: "implicit", certificates });
  const to = { host: "127.0.0.1", port: listener.address.port };
  const outcome = async (tls: { serverName?: string; ca?: string; verify: boolean }) => {
    const client = await dial(to, { tls });
    const reason = await client.startTls().then(() => "up", (error) => error.reason);
    client.destroy();
    return reason;
  };
  assertEquals(await outcome({ serverName: "a.test", verify: true }), "tls", "nobody trusts it");
  assertEquals(
    await outcome({ serverName: "b.test", ca: FIRST.cert, verify: true }),
    "tls",
    "another's name",
  );
  assertEquals(await outcome({ serverName: "a.test", ca: FIRST.cert, verify: true }), "up");
  assertEquals(await outcome({ ca: FIRST.cert, verify: true }), "up", "by its address, 127.0.0.1");
  assertEquals(await outcome({ verify: false }), "up");
  await listener[Symbol.asyncDispose]();
});

Deno.test("without certificates there is no TLS", async () => {
  await using ends = await pair();
  assertEquals(await tlsReason(ends.server.startTls()), "tls");
  await assertRejects(() => capture({ tls: "implicit" }), TypeError);
});

Deno.test("a TLS peer that goes without close_notify: the stream ends or breaks, nothing hangs", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  await using ends = await pair({ tls: "starttls", certificates }, { tls: { verify: false } });
  await Promise.all([ends.client.startTls(), ends.server.startTls()]);
  await ends.client.write(octets("last words"));
  assertEquals(await readText(ends.server, 10), "last words");
  const waiting = ends.server.read(5_000).catch((error) => error.reason);
  ends.client.destroy();
  assert([null, "reset"].includes(await waiting));
});

Deno.test("TLS: a client that never reads stalls", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  await using ends = await pair(
    { tls: "starttls", certificates, limits: { writeStallMs: 300 } },
    { tls: { verify: false } },
  );
  await Promise.all([ends.client.startTls(), ends.server.startTls()]);
  const chunk = new Uint8Array(100_000);
  let error: unknown;
  for (let i = 0; i < 1_000 && error === undefined; i++) {
    await ends.server.write(chunk).catch((thrown) => error = thrown);
  }
  assert(error instanceof ConnError && error.reason === "stalled", `got ${error}`);
});

Deno.test("TLS: all that was sent before the end arrives, also with a pause in between", async () => {
  const certificates = new TlsContextHolder([FIRST]);
  await using ends = await pair({ tls: "starttls", certificates }, { tls: { verify: false } });
  await Promise.all([ends.client.startTls(), ends.server.startTls()]);
  const closing = ends.client.write(new Uint8Array(3_000_000)).then(() => ends.client.close());
  let got = (await ends.server.read(1_000))!.length;
  await sleep(200);
  for (let chunk; (chunk = await ends.server.read(2_000)) !== null;) got += chunk.length;
  assertEquals(got, 3_000_000);
  await ends.server.close();
  await closing;
});

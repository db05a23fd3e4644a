import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, run, startServer, type TestServer } from "../support/server.ts";

const PLAIN = ["auth.allow_plaintext=true"];

/** Sends one message by LMTP. */
async function deliver(server: TestServer, subject: string): Promise<void> {
  await using lmtp = await LineClient.connect(server.ports.lmtp);
  await lmtp.line(/^220 /);
  await lmtp.exchange("LHLO here.test", /^250 /);
  await lmtp.exchange("MAIL FROM:<a@sender.test>", /^250 /);
  await lmtp.exchange("RCPT TO:<you@example.test>", /^250 /);
  await lmtp.exchange("DATA", /^354 /);
  await lmtp.exchange(`Subject: ${subject}\r\n\r\nHello.\r\n.`, /^250 /);
}

/** Tries to; gives the code of the refusal, or of the end. */
async function attempt(server: TestServer): Promise<string> {
  await using lmtp = await LineClient.connect(server.ports.lmtp);
  await lmtp.line(/^220 /);
  await lmtp.exchange("LHLO here.test", /^250 /);
  await lmtp.exchange("MAIL FROM:<a@sender.test>", /^250 /);
  for (const line of ["RCPT TO:<you@example.test>", "DATA", "Subject: tried\r\n\r\nHello.\r\n."]) {
    const code = (await lmtp.exchange(line, /^\d{3} /)).slice(0, 3);
    if (!/^[23]/.test(code) || line.startsWith("Subject")) return code;
  }
  throw new Error("unreachable");
}

async function login(server: TestServer): Promise<LineClient> {
  const imap = await LineClient.connect(server.ports.imap);
  await imap.line(/^\* OK/);
  await imap.exchange(`a LOGIN you@example.test ${PASSWORD}`, /^a OK/);
  return imap;
}

async function messages(server: TestServer): Promise<number> {
  await using imap = await login(server);
  const line = await imap.exchange("s STATUS INBOX (MESSAGES)", /^\* STATUS/);
  return Number(/MESSAGES (\d+)/.exec(line)![1]);
}

async function health(server: TestServer): Promise<readonly [number, string]> {
  const response = await fetch(`http://${server.host}:${server.ports.http}/healthz`);
  return [response.status, await response.text()];
}

Deno.test("a second start finds all that the first one made; one beside a running one changes nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-life-" });
  let certificate: string;
  {
    await using first = await startServer({ folder, settings: PLAIN, accounts: ["you@example.test"] });
    await deliver(first, "first");
    certificate = await Deno.readTextFile(join(folder, "self-signed.pem"));
    const beside = await run(["task", "-q", "serve", "--set", `data=${folder}`]);
    assertEquals(beside.code, 1);
    assertStringIncludes(beside.stderr, "already works on");
    assertEquals(await messages(first), 1);
    assertEquals(await first.stop(), 0);
    assertStringIncludes(await Deno.readTextFile(join(folder, "postgres", "postgres.log")), "is shut down");
  }
  {
    await using second = await startServer({ folder, settings: PLAIN });
    assertEquals(await messages(second), 1);
    assertEquals(await Deno.readTextFile(join(folder, "self-signed.pem")), certificate);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("killed at once with all its workers: the next start serves what was acknowledged", async () => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-life-" });
  {
    await using first = await startServer({ folder, settings: PLAIN, accounts: ["you@example.test"] });
    for (let i = 0; i < 5; i++) await deliver(first, `message ${i}`);
    Deno.kill(await serverProcess(first.pid), "SIGKILL");
    await first.stop();
  }
  {
    await using second = await startServer({ folder, settings: PLAIN });
    assertEquals(await messages(second), 5);
    await deliver(second, "after");
    assertEquals(await messages(second), 6);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the database is killed: temporary answers, then all goes on by itself, with what was acknowledged", async () => {
  await using server = await startServer({ settings: PLAIN, accounts: ["you@example.test"] });
  await deliver(server, "before");
  const pidFile = join(server.folder, "postgres", "data", "postmaster.pid");
  const postmaster = Number((await Deno.readTextFile(pidFile)).split("\n")[0]);
  Deno.kill(postmaster, "SIGKILL");
  const deadline = performance.now() + 30_000;
  const answers: string[] = [];
  for (;;) {
    answers.push(await attempt(server));
    if (answers.at(-1) === "250") break;
    assert(performance.now() < deadline, `no recovery: ${answers.join(" ")}`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
  assert(answers.length > 1 && answers.slice(0, -1).every((code) => code === "451"), answers.join(" "));
  assertEquals(await messages(server), 2);
  assert(!server.output().includes('"event":"bug"'), server.output());
});

Deno.test("SIGTERM: sessions are told, what runs is finished, exit 0 within ten seconds", async () => {
  await using server = await startServer({ settings: PLAIN, accounts: ["you@example.test"] });
  assertEquals(await health(server), [200, "ok\n"]);
  await using smtp = await LineClient.connect(server.ports.smtp);
  await smtp.line(/^220 /);
  const idle = await Promise.all(Array.from({ length: 20 }, () => login(server)));
  await idle[0]!.exchange("b SELECT INBOX", /^b OK/);
  await idle[0]!.exchange("c IDLE", /^\+/);
  await using lmtp = await LineClient.connect(server.ports.lmtp);
  await lmtp.line(/^220 /);
  await lmtp.exchange("LHLO here.test", /^250 /);
  await lmtp.exchange("MAIL FROM:<a@sender.test>", /^250 /);
  await lmtp.exchange("RCPT TO:<you@example.test>", /^250 /);
  await lmtp.exchange("DATA", /^354 /);
  const began = performance.now();
  server.signal("SIGTERM");
  await smtp.line(/^421 4\.3\.2 /);
  for (const imap of idle) {
    await imap.line(/^\* BYE/);
    await imap[Symbol.asyncDispose]();
  }
  // The message whose DATA had begun is still taken, and acknowledged only when it is on disk.
  await lmtp.exchange("Subject: late\r\n\r\nHello.\r\n.", /^250 /);
  assertEquals(await server.stop(), 0);
  assert(performance.now() - began < 10_000, `${performance.now() - began} ms`);
});

Deno.test("SIGHUP: a new certificate for new handshakes, broken ones change nothing, sessions go on", async () => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-life-" });
  const { selfSigned } = await import("../../src/net/mod.ts");
  const write = async (name: string) => {
    const { cert, key } = await selfSigned(name, Date.now());
    await Deno.writeTextFile(join(folder, "cert.pem"), cert);
    await Deno.writeTextFile(join(folder, "key.pem"), key);
    return cert;
  };
  await write("one.test");
  const settings = [`tls.certificate=${folder}/cert.pem`, `tls.key=${folder}/key.pem`, ...PLAIN];
  {
    await using server = await startServer({ settings, accounts: ["you@example.test"] });
    await using session = await login(server);
    const second = await write("two.test");
    server.signal("SIGHUP");
    await until(() => server.output().includes("node.reload"));
    await using tls = await Deno.connectTls({
      hostname: "two.test",
      port: server.ports.imaps,
      caCerts: [second],
    })
      .catch(() =>
        Deno.connect({ hostname: "127.0.0.1", port: server.ports.imaps }).then((conn) =>
          Deno.startTls(conn as Deno.TcpConn, { hostname: "two.test", caCerts: [second] })
        )
      ) as Deno.TlsConn & AsyncDisposable;
    await tls.handshake();
    tls.close();
    await Deno.writeTextFile(join(folder, "key.pem"), "no key");
    server.signal("SIGHUP");
    await until(() => server.output().includes("node.reload.failed"));
    await session.exchange("z NOOP", /^z OK/);
    assertEquals(await health(server), [200, "ok\n"]);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a port that is taken: one sentence with its address, exit 1, and nothing is left running", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const folder = await Deno.makeTempDir({ prefix: "malleposte-life-" });
  const { port } = taken.addr as Deno.NetAddr;
  const others = ["smtp", "submission", "submissions", "lmtp", "imaps", "pop3", "pop3s", "http"]
    .flatMap((name) => ["--set", `listeners.${name}.address=127.0.0.1:0`]);
  const result = await run([
    ...["task", "-q", "serve", "--set", `data=${folder}`, ...others],
    ...["--set", `listeners.imap.address=127.0.0.1:${port}`],
  ]);
  taken.close();
  assertEquals(result.code, 1);
  assertMatch(result.stderr.trim().split("\n").at(-1)!, new RegExp(`127\\.0\\.0\\.1:${port}`));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("figures are Prometheus's, and no password is in them, nor in the log", async () => {
  await using server = await startServer({ settings: PLAIN, accounts: ["you@example.test"] });
  await deliver(server, "counted");
  await using _imap = await login(server);
  const text = await (await fetch(`http://${server.host}:${server.ports.http}/metrics`)).text();
  assertStringIncludes(text, 'malleposte_connections{protocol="imap"} 1');
  assertMatch(text, /^malleposte_events_total\{[^}]*event="smtp.message.accepted"[^}]*\} 1$/m);
  for (const line of text.split("\n")) {
    assertMatch(
      line,
      /^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? -?[\d.e+-]+|[a-zA-Z_:][\w:]*(\{.*\})? (NaN|[+-]Inf)|)$/,
    );
  }
  assert(!text.includes(PASSWORD) && !server.output().includes(PASSWORD));
  for (const line of server.output().split("\n").filter((line) => line.startsWith("{"))) JSON.parse(line);
});

/** The server itself below the `deno task` that was started. */
async function serverProcess(task: number): Promise<number> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-P", String(task)] }).output();
  return Number(new TextDecoder().decode(stdout).trim().split("\n")[0]) || task;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    assert(performance.now() < deadline, "it does not happen");
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

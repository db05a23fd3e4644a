import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { connect } from "node:tls";
import { selfSigned } from "../../src/net/mod.ts";
import { LineClient } from "../support/line_client.ts";
import { run, startServer, type TestServer } from "../support/server.ts";
import { events, imap, smtp, until } from "./support.ts";

const you = "you@example.test";

/** The common name of the certificate that a TLS listener shows. */
function shown(port: number, servername?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      ...(servername && { servername }),
    });
    socket.once("secureConnect", () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

async function writePair(folder: string, name: string, hostname: string): Promise<void> {
  const { cert, key } = await selfSigned(hostname);
  await Deno.writeTextFile(`${folder}/${name}.pem`, cert);
  await Deno.writeTextFile(`${folder}/${name}.key`, key);
}

/** Sends SIGHUP and waits for the event that says how it went. */
async function reload(server: TestServer): Promise<Record<string, unknown>> {
  const outcomes = () => events(server).filter(({ event }) => String(event).startsWith("node.reload"));
  const before = outcomes().length;
  server.signal("SIGHUP");
  await until(() => outcomes().length > before, "the reload is over");
  return outcomes().at(-1)!;
}

Deno.test("SIGHUP: certificates and limits for what comes, nothing for what is there", async (t) => {
  const etc = await Deno.makeTempDir({ prefix: "malleposte-etc-" });
  await writePair(etc, "cert", "old.example.test");
  const file = `${etc}/malleposte.yaml`;
  const write = (more: string) =>
    Deno.writeTextFile(
      file,
      `hostname: mail.example.test\nauth: { allow_plaintext: true }\n` +
        `tls: { certificate: cert.pem, key: cert.key }\n${more}`,
    );
  await write("");
  await using server = await startServer({ config: file, accounts: [you] });
  await using old = await imap(server.ports.imap, you);
  await using oldSmtp = await smtp(server.ports.smtp);
  assertEquals(await shown(server.ports.imaps), "old.example.test");

  await t.step("new certificates and limits", async () => {
    await writePair(etc, "cert", "new.example.test");
    await writePair(etc, "more", "other.example.test");
    await write(
      "limits: { message_size: 70000, net: { connections_per_address: 30 }, smtp: { recipients: 101 } }\n",
    );
    await Deno.writeTextFile(
      file,
      (await Deno.readTextFile(file)).replace(
        "cert.key }",
        "cert.key, also: [{ certificate: more.pem, key: more.key }] }",
      ),
    );
    const { event, ignored } = await reload(server);
    assertEquals([event, ignored], ["node.reload", ""]);
    // Every worker has it: the kernel deals connections out as it likes.
    for (let i = 0; i < 10; i++) {
      assertEquals(await shown(server.ports.imaps), "new.example.test");
      assertEquals(await shown(server.ports.submissions, "other.example.test"), "other.example.test");
      await using fresh = await LineClient.connect(server.ports.smtp);
      await fresh.line(/^220 /);
      assertEquals(await fresh.exchange("EHLO a.test", /SIZE/), "250-SIZE 70000");
    }
    await old.exchange("b SELECT INBOX", /^b OK/);
    assertNotEquals(await oldSmtp.exchange("EHLO a.test", /SIZE/), "250-SIZE 70000");
  });

  await t.step("what only a restart changes is named", async () => {
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(
      file,
      `${text}workers: 1\nlog: { level: debug }\nsmtp: { sender_must_match: false }\n`,
    );
    const { event, ignored } = await reload(server);
    assertEquals([event, ignored], ["node.reload", "log"]);
    await Deno.writeTextFile(file, text);
  });

  for (
    const [what, spoil, error] of [
      [
        "an unknown key",
        () => write("hostnam: x\n"),
        /malleposte\.yaml:4:1: hostnam: unknown key; did you mean hostname\?/,
      ],
      ["broken YAML", () => write("limits: [\n"), /malleposte\.yaml:\d+:\d+: /],
      [
        "a certificate that is none",
        () => Deno.writeTextFile(`${etc}/cert.pem`, "nothing"),
        /cannot use .*cert\.pem/,
      ],
      [
        "a certificate that is not there",
        () => Deno.remove(`${etc}/cert.pem`),
        /cannot read the certificate .*cert\.pem/,
      ],
      ["another certificate's key", async () => {
        await writePair(etc, "cert", "third.example.test");
        await Deno.copyFile(`${etc}/more.key`, `${etc}/cert.key`);
      }, /the key is not its key/],
    ] as const
  ) {
    await t.step(`${what}: the old settings stay`, async () => {
      await spoil();
      const outcome = await reload(server);
      assertEquals(outcome["event"], "node.reload.failed");
      assertEquals(outcome["level"], "warn");
      assertMatch(String(outcome["error"]), error);
      assertEquals(await shown(server.ports.imaps), "new.example.test");
      // A start finds the same, and says so with exit code 2.
      const start = await run(["task", "-q", "serve", "--config", file, "--set", `data=${etc}/data`]);
      assertEquals(start.code, 2);
      assertMatch(start.stderr, error);
      await write("");
    });
  }

  await t.step("several signals at once", async () => {
    await writePair(etc, "cert", "last.example.test");
    const before = events(server).filter(({ event }) => event === "node.reload").length;
    for (let i = 0; i < 3; i++) server.signal("SIGHUP");
    await until(
      () => events(server).filter(({ event }) => event === "node.reload").length > before,
      "they are done",
    );
    assertEquals(await shown(server.ports.imaps), "last.example.test");
    await old.exchange("z NOOP", /^z OK/);
  });
  assertEquals(events(server).filter(({ event }) => event === "bug"), []);
  await server.stop();
  await Deno.remove(etc, { recursive: true });
});

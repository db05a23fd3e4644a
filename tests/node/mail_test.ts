/** One server, and what administrators decide: who gets what, how much, with which password. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { createHash, pbkdf2Sync } from "node:crypto";
import { argon2id, bcrypt } from "hash-wasm";
import { connect } from "node:tls";
import { dial } from "../../src/net/mod.ts";
import { silent } from "../../src/core/events.ts";
import { realWorld } from "../../src/core/world.ts";
import { createStore } from "../../src/store/mod.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { embeddedAddresses } from "../../src/store/pg/embedded/cluster.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { sql } from "kysely";
import { LineClient } from "../support/line_client.ts";
import { PASSWORD, startServer, type TestServer } from "../support/server.ts";
import {
  events,
  get,
  imap,
  messages,
  postmaster,
  processTree,
  read,
  send,
  smtp,
  stat,
  transaction,
} from "./support.ts";

const [a, b] = ["a@example.test", "b@example.test"];

async function hashes(password: string): Promise<Record<string, string>> {
  const salt = Buffer.from("saltsalt1saltsalt");
  const sixteen = salt.subarray(0, 16);
  const ssha = createHash("sha512").update(password).update(salt).digest();
  const derived = pbkdf2Sync(password, "saltsalt", 5000, 20, "sha1").toString("hex");
  const argon = { parallelism: 1, iterations: 2, memorySize: 1024, hashLength: 32 };
  return {
    argon2id: `{ARGON2ID}${await argon2id({ password, salt: sixteen, ...argon, outputType: "encoded" })}`,
    bcrypt: `{BLF-CRYPT}${await bcrypt({ password, salt: sixteen, costFactor: 5, outputType: "encoded" })}`,
    // openssl passwd -6 -salt saltsalt1 correct-horse-battery
    crypt:
      "{SHA512-CRYPT}$6$saltsalt1$j9fQuRCqMGD1OAtgkocunsjN1yu8UAA8NM/G78KLuVz2AO/lfpyuptJpptgvv9QYjMofpk6FgkqttA71lgP3F0",
    pbkdf2: `{PBKDF2}$1$saltsalt$5000$${derived}`,
    ssha512: `{SSHA512}${Buffer.concat([ssha, salt]).toString("base64")}`,
    plain: `{PLAIN}${password}`,
  };
}

async function admin(server: TestServer, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.mail(...words);
  assertEquals([code, stderr], [0, ""], words.join(" "));
  return stdout;
}

/** `a=1 b{c="d"} 2`: every line of Prometheus's text form. */
const PROMETHEUS =
  /^(#.*|[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]Inf)|)$/;

Deno.test("what administrators decide", async (t) => {
  await using server = await startServer({
    settings: ["auth.allow_plaintext=true", "limits.exempt=[127.0.0.0/8]", "log.level=debug"],
    accounts: [a, b],
  });
  const secrets = [PASSWORD];

  await t.step("an account gets mail at user+detail, by alias, as catch-all; others get none", async () => {
    await admin(server, "alias", "add", "both@example.test", a, b);
    assertMatch(await send(server, "both@example.test"), /^250 /);
    assertMatch(await send(server, "A+lists@EXAMPLE.test"), /^250 /);
    assertMatch(await send(server, "who@example.test"), /^550 5\.1\.1 /);
    await admin(server, "alias", "add", "@example.test", b);
    // What an address resolves to is remembered for a second.
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertMatch(await send(server, "who@example.test"), /^250 /);
    assertMatch(await send(server, "who@elsewhere.test"), /^550 5\.7\.1 /);
    assertEquals([await messages(server, a), await messages(server, b)], [2, 2]);
    await admin(server, "alias", "remove", "@example.test");
  });

  await t.step("a quota is kept by SMTP, LMTP and APPEND, and lifted again", async () => {
    await admin(server, "account", "quota", a, "--quota-messages", "3", "--quota", "1M");
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertMatch(await send(server, a), /^250 /);
    assertMatch(await send(server, a), /^452 4\.2\.2 /);
    await using lmtp = await LineClient.connect(server.ports.lmtp);
    await lmtp.line(/^220 /);
    await lmtp.exchange("LHLO client.test", /^250 /);
    assertMatch(await transaction(lmtp, a), /^452 4\.2\.2 /);
    await using client = await imap(server.ports.imap, a);
    const append = await client.exchange("b APPEND INBOX {9}", /^(\+|b )/);
    const refusal = append.startsWith("+") ? await client.exchange("a: b\r\n\r\nx", /^b /) : append;
    assertMatch(refusal, /^b NO \[OVERQUOTA\]/);
    // Octets, with room for messages.
    await admin(server, "account", "quota", a, "--quota", "10K");
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertMatch(
      await send(server, a, `Subject: x\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(200)}`),
      /^452 4\.2\.2 /,
    );
    await admin(server, "account", "quota", a);
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertMatch(await send(server, a), /^250 /);
    assertEquals(await messages(server, a), 4);
  });

  await t.step("a disabled account takes no mail and no login; its mail stays", async () => {
    await admin(server, "account", "disable", b);
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertMatch(await send(server, b), /^550 5\.2\.1 /);
    assertMatch(await stat(server, b), /^-ERR /);
    await admin(server, "account", "enable", b);
    await new Promise((wake) => setTimeout(wake, 1_100));
    assertEquals(await messages(server, b), 2);
  });

  await t.step(
    "1,000 accounts are imported in seconds, and log in with each of Dovecot's hashes",
    async () => {
      const file = `${server.folder}/import.csv`;
      const made = await hashes(PASSWORD);
      const lines = Object.entries(made).map(([name, hash]) => `${name}@example.test,${hash}\n`);
      for (let i = lines.length; i < 1000; i++) lines.push(`user${i}@example.test,${made["ssha512"]},1G\n`);
      await Deno.writeTextFile(file, lines.join(""));
      const began = performance.now();
      // Two seconds of CPU; the rest of the bound is for a busy machine.
      assertEquals(await admin(server, "account", "import", file), "imported 1000 accounts\n");
      assert(performance.now() - began < 60_000, `took ${performance.now() - began} ms`);
      await Deno.remove(file);
      for (const name of Object.keys(made)) {
        assertEquals([name, await messages(server, `${name}@example.test`)], [name, 0]);
        assertMatch(await stat(server, `${name}@example.test`, "wrong"), /^-ERR \[AUTH\]/);
        // Once a password was right its hash is ours, and it must still be right.
        assertEquals([name, await messages(server, `${name}@example.test`)], [name, 0]);
      }
    },
  );

  await t.step("passwords: a new one counts at once, one for each device can be taken back", async () => {
    const { password } = JSON.parse(await admin(server, "account", "password", b, "--json"));
    const device = JSON.parse(await admin(server, "app-password", "add", b, "phone", "--json"));
    secrets.push(password, device.password);
    assertEquals(await messages(server, b, password), 2);
    assertEquals(await messages(server, b, device.password), 2);
    assertMatch(await stat(server, b, PASSWORD), /^-ERR \[AUTH\]/);
    await admin(server, "app-password", "remove", b, String(device.id));
    assertMatch(await stat(server, b, device.password), /^-ERR \[AUTH\]/);
  });

  await t.step(
    "/healthz, /metrics, status, log: what they say is so, and no password is anywhere",
    async () => {
      await using one = await imap(server.ports.imap, a);
      await using two = await imap(server.ports.imap, a);
      await using three = await smtp(server.ports.submission);
      const plain = btoa(`\0${a}\0${PASSWORD}`);
      await three.exchange(`AUTH PLAIN ${plain}`, /^235 /);
      await one.exchange(`x LOGIN ${a} ${PASSWORD}`, /^x /);
      await two.exchange(`y AUTHENTICATE PLAIN ${plain}`, /^y /);
      await three.exchange(`PASS ${PASSWORD}`, /^5/);
      // And under TLS, as a client that is told to.
      const socket = connect({ host: "127.0.0.1", port: server.ports.imaps, rejectUnauthorized: false });
      await new Promise<void>((done) => {
        let text = "";
        socket.on("data", (chunk) => {
          text += chunk;
          if (/^t OK/m.test(text)) done();
        });
        socket.write(`t LOGIN ${a} ${PASSWORD}\r\n`);
      });

      assertEquals(await get(server, "/healthz"), [200, "ok\n"]);
      const [status, text] = await get(server, "/metrics");
      assertEquals(status, 200);
      for (const line of text.split("\n")) assertMatch(line, PROMETHEUS);
      assertMatch(text, /^malleposte_connections\{protocol="imap"\} 2$/m);
      assertMatch(text, /^malleposte_connections\{protocol="imaps"\} 1$/m);
      assertMatch(text, /^malleposte_connections\{protocol="submission"\} 1$/m);
      assertMatch(text, /^malleposte_workers 2$/m);
      socket.destroy();
      const said = JSON.parse(await admin(server, "status", "--json"));
      assertEquals([said.serving, said.accounts], [true, 1002]);
      const lines = server.output().split("\n").filter((line) => line.startsWith("{"));
      for (const line of lines) {
        const { time, level, event } = JSON.parse(line);
        assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert(["debug", "info", "warn", "error"].includes(level) && typeof event === "string");
      }
      assertEquals(events(server).filter(({ event }) => event === "bug"), []);
      // The server's own processes and its PostgreSQL's; what others on this machine show is not ours.
      const processes = [...processTree(server.pid), ...processTree(postmaster(server.folder)!)];
      assert(processes.length >= 2);
      const places = {
        output: server.output(),
        metrics: text,
        processes: processes.map((pid) => read(`/proc/${pid}/cmdline`)).join("\n"),
        configuration: await admin(server, "config", "print"),
        database: read(`${server.folder}/postgres/postgres.log`),
      };
      for (const secret of [...secrets, plain]) {
        for (const [place, content] of Object.entries(places)) {
          assert(
            !content.includes(secret),
            `${secret} in ${place}`,
          );
        }
      }
    },
  );

  await t.step("a removed account's mail is gone, and the sweep gives its room back", async () => {
    const { address } = await embeddedAddresses(`${server.folder}/postgres`);
    const db = openDatabase(address, { connections: 1 });
    const door = openDoor(dial, address, { shared: 1, exclusive: 1 });
    const chunks = async () => {
      const { rows } = await sql<{ n: number }>`select count(distinct blob_id) as n from blob_chunk`.execute(
        db,
      );
      return rows[0]!.n;
    };
    const before = await chunks();
    // One blob is b's too: it stays.
    await admin(server, "account", "remove", a);
    assertMatch(await stat(server, a), /^-ERR \[AUTH\]/);
    const store = createStore({
      door,
      database: db,
      world: realWorld,
      emit: silent,
      limits: { garbageMs: 0 },
    });
    await store.sweep();
    assertEquals(await chunks(), before - 3);
    assertEquals(await messages(server, b, secrets[1]!), 2);
    await store[Symbol.asyncDispose]();
    await door[Symbol.asyncDispose]();
    await db.destroy();
  });
});

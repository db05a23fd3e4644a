/** A PostgreSQL of the user's own: Debian's 15, the oldest that is taken. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { sql } from "kysely";
import { selfSigned } from "../../src/net/mod.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { run, settingsFor, startServer } from "../support/server.ts";
import { events, messages, runs, send, until } from "./support.ts";

const BIN = "/usr/lib/postgresql/15/bin";
const you = "you@example.test";
const settings = ["auth.allow_plaintext=true", "workers=1"];
const PASSWORD = "pa$$ w%rd/@:";

interface Cluster extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  /** `postgres://…` over TCP, with `query` behind it. */
  readonly url: (query?: string, password?: string) => string;
}

/** Makes and starts one: SCRAM everywhere, TLS with a certificate that nobody knows. */
async function cluster(): Promise<Cluster> {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-pg15-" });
  await Deno.chmod(folder, 0o755);
  const data = `${folder}/data`;
  // PostgreSQL does not run as root.
  const ids = Deno.uid() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const own = async (path: string) => {
    if (ids.uid !== undefined) await Deno.chown(path, ids.uid, ids.gid);
  };
  await Deno.mkdir(data, { mode: 0o700 });
  await own(data);
  await own(folder);
  await Deno.writeTextFile(`${folder}/password`, PASSWORD);
  const made = await new Deno.Command(`${BIN}/initdb`, {
    args: [
      ...["-D", data, "-U", "mail", "-A", "scram-sha-256", `--pwfile=${folder}/password`],
      ...["-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync"],
    ],
    cwd: "/",
    ...ids,
  }).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  const { cert, key } = await selfSigned("elsewhere.test");
  await Deno.writeTextFile(`${data}/server.crt`, cert);
  await Deno.writeTextFile(`${data}/server.key`, key, { mode: 0o600 });
  await own(`${data}/server.key`);
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const server = new Deno.Command(`${BIN}/postgres`, {
    args: [
      ...["-D", data, "-k", folder, "-p", `${port}`, "-h", "127.0.0.1"],
      ...["-c", "ssl=on", "-c", "fsync=off", "-c", "synchronous_commit=off"],
    ],
    cwd: "/",
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...ids,
  }).spawn();
  const url = (query = "", password = PASSWORD) =>
    `postgres://mail:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres${query}`;
  await until(async () => {
    if (!runs(server.pid)) throw new Error("PostgreSQL 15 ended");
    return await Deno.connect({ port }).then((conn) => (conn.close(), true), () => false);
  }, "PostgreSQL 15 is up");
  return {
    folder,
    port,
    url,
    async [Symbol.asyncDispose]() {
      server.kill("SIGQUIT");
      await server.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("database.url: PostgreSQL 15", async (t) => {
  if (!await Deno.stat(`${BIN}/postgres`).then(() => true, () => false)) {
    return console.log("skipped: install postgresql-15");
  }
  await using postgres = await cluster();
  const { url } = postgres;
  let acknowledged = 0;
  const firstWay = "password over TCP, TLS because the server has it";

  for (
    const [how, address, encrypted] of [
      [firstWay, url(), true],
      ["TLS demanded, whoever signed the certificate", url("?sslmode=require"), true],
      ["no TLS", url("?sslmode=disable"), false],
      [
        "a unix socket",
        `postgres:///postgres?host=${postgres.folder}&port=${postgres.port}&user=mail&password=${
          encodeURIComponent(PASSWORD)
        }`,
        false,
      ],
    ] as const
  ) {
    await t.step(`${how}: mail comes in and out, and no connection is other than asked`, async () => {
      const accounts = how === firstWay ? { accounts: [you] } : {};
      await using server = await startServer({
        settings: [...settings, `database.url=${address}`],
        ...accounts,
      });
      assertMatch(await send(server, you), /^250 /);
      acknowledged++;
      assertEquals(await messages(server, you), acknowledged);
      const admin = openDatabase({ kind: "url", url: url("?sslmode=disable") }, { connections: 1 });
      const { rows } = await sql<{ ssl: boolean }>`select distinct ssl from pg_stat_ssl
        join pg_stat_activity using (pid)
        where application_name like 'malleposte%' and pid <> pg_backend_pid()`.execute(admin);
      await admin.destroy();
      assertEquals(rows, [{ ssl: encrypted }]);
      assertEquals(events(server).filter(({ event }) => event === "bug"), []);
      assert(!server.output().includes(PASSWORD) && !server.output().includes(encodeURIComponent(PASSWORD)));
      assertEquals(await server.stop(), 0);
    });
  }

  const cannot = "database.url: cannot reach that PostgreSQL:";
  for (
    const [how, address, line] of [
      ["a wrong password", url("", "wrong"), `${cannot} password authentication failed for user "mail"`],
      ["no password", url("", ""), `${cannot} it asks for a password, and the URL has none`],
      ["a port where nobody is", "postgres://a@127.0.0.1:9/b", `${cannot} connect ECONNREFUSED 127.0.0.1:9`],
      ["no such host", "postgres://a@nowhere.invalid/b", `${cannot} getaddrinfo ENOTFOUND nowhere.invalid`],
      [
        "no such database",
        url().replace("/postgres?", "/none?").replace(/\/postgres$/, "/none"),
        `${cannot} database "none" does not exist`,
      ],
      ["a certificate to be verified", url("?sslmode=verify-full"), `${cannot} self-signed certificate`],
      [
        "a mode that is none",
        url("?sslmode=maybe"),
        "database.url: sslmode=maybe is not known; use disable, prefer, require or verify-full",
      ],
    ] as const
  ) {
    await t.step(`${how}: one sentence, exit 2`, async () => {
      const folder = await Deno.makeTempDir();
      const set = settingsFor(folder, [`database.url=${address}`]);
      const { code, stderr } = await run(["task", "-q", "serve", ...set]);
      await Deno.remove(folder, { recursive: true });
      const [said, ...more] = stderr.trimEnd().split("\n");
      assertEquals([code, said, more], [2, line, []]);
    });
  }

  await t.step("the store's tests pass on it", async () => {
    const child = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        "--quiet",
        "tests/store/wire_test.ts",
        "tests/store/deliver_test.ts",
        "tests/store/read_test.ts",
        "tests/store/search_test.ts",
        "tests/store/mailboxes_test.ts",
        "tests/store/change_test.ts",
        "tests/store/fence_test.ts",
      ],
      cwd: new URL("../..", import.meta.url).pathname,
      env: { NO_COLOR: "1", MALLEPOSTE_TEST_DATABASE: url("?sslmode=disable") },
    }).output();
    const text = new TextDecoder().decode(child.stdout);
    assertMatch(
      text,
      /^ok \| \d{2,} passed( \(\d+ steps\))? \| 0 failed/m,
      text + new TextDecoder().decode(child.stderr),
    );
    assert(child.success);
  });
});

/** PostgreSQL's protocol, just enough to say which version one is. */
function oldServer(): Deno.Listener & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const message = (type: string, ...payload: (number | string)[]) => {
    const octets = payload.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    );
    const size = octets.length + 4;
    return [type.charCodeAt(0), 0, 0, size >> 8, size & 255, ...octets];
  };
  const ready = message("Z", "I");
  const serve = async (conn: Deno.Conn) => {
    const buffer = new Uint8Array(4096);
    const say = (...parts: number[][]) => conn.write(Uint8Array.from(parts.flat()));
    for (;;) {
      const count = await conn.read(buffer).catch(() => null);
      if (count === null) return conn.close();
      if (count === 8) await say(["N".charCodeAt(0)]); // SSLRequest
      else if (buffer[0] === 0) await say(message("R", 0, 0, 0, 0), ready); // StartupMessage
      else if (buffer[0] === 0x51) { // Query
        await say(
          message(
            "T",
            0,
            1,
            "server_version_num",
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            25,
            255,
            255,
            255,
            255,
            255,
            255,
            0,
            0,
          ),
          message("D", 0, 1, 0, 0, 0, 6, "140010"),
          message("C", "SHOW", 0),
          ready,
        );
      }
    }
  };
  void (async () => {
    for await (const conn of listener) void serve(conn);
  })();
  return Object.assign(listener, { port: listener.addr.port });
}

Deno.test("database.url: a PostgreSQL that is too old is refused", async () => {
  const listener = oldServer();
  const folder = await Deno.makeTempDir();
  const set = settingsFor(folder, [`database.url=postgres://a@127.0.0.1:${listener.port}/b`]);
  const { code, stderr } = await run(["task", "-q", "serve", ...set]);
  assertEquals([code, stderr], [2, "database.url: that PostgreSQL is version 14; 15 or later is needed\n"]);
  listener.close();
  await Deno.remove(folder, { recursive: true });
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { AuthOrigin, AuthResult } from "../../src/core/auth.ts";
import type { Emit } from "../../src/core/events.ts";
import { realWorld } from "../../src/core/world.ts";
import {
  createDirectory,
  type DirectoryOptions,
  type DirectoryServices,
  HashBusy,
  type Hasher,
} from "../../src/directory/mod.ts";
import type { Enrolled } from "../../src/directory/hash.ts";
import { createClient, createNonce, type MechanismName, PASSWORD_MECHANISMS } from "../../src/sasl/mod.ts";
import { dial } from "../../src/net/mod.ts";
import { openDoor } from "../../src/store/pg/wire/mod.ts";
import { openDatabase } from "../../src/store/pg/database.ts";
import { from, good, type TestDirectory, testDirectory } from "./support.ts";

const PASSWORD = "correct horse";
const SSHA = "{SSHA256}J7FrKqGyZ1tfJlBahJ0j2XQ6YTK/wqxbsLBvNGebPj9zYWx0";
const SSHA_PASSWORD = "pässwörd 1";
const HERE = from("198.51.100.1");

/** Made once: argon2 takes its time. */
let enrolled: Enrolled | undefined;

interface Setup extends AsyncDisposable {
  readonly dir: TestDirectory;
  readonly services: DirectoryServices;
  /** Events as `name user mechanism reason`. */
  readonly events: string[];
  /** Stored forms that a hash was computed against; `nobody` for none, `enroll` for new ones. */
  readonly hashes: string[];
}

/** jane has argon2id and SCRAM keys, imported a hash of old, off is disabled. */
async function setUp(options: Partial<DirectoryOptions> = {}): Promise<Setup> {
  const dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  const names = ["jane", "off", "imported"];
  good(await dir.admin.accounts.importCsv(names.map((name) => `${name}@example.org,${SSHA}`).join("\n")));
  enrolled ??= await dir.hasher.enroll(PASSWORD);
  await dir.database.updateTable("credential").set({
    hash: enrolled.hash,
    scram_sha1: enrolled.scramSha1,
    scram_sha256: enrolled.scramSha256,
  }).where(
    "account_id",
    "in",
    (query) => query.selectFrom("account").select("account_id").where("local_part", "!=", "imported"),
  ).execute();
  good(await dir.admin.accounts.setDisabled("off@example.org", true));
  const events: string[] = [], hashes: string[] = [];
  const hasher: Hasher = {
    verify(password, stored) {
      hashes.push(stored?.slice(0, 9) ?? "nobody");
      return dir.hasher.verify(password, stored);
    },
    enroll(password) {
      hashes.push("enroll");
      return dir.hasher.enroll(password);
    },
    get pending() {
      return dir.hasher.pending;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const emit: Emit = (name, fields) => {
    const { user, mechanism, reason = "" } = fields as unknown as Record<string, string>;
    events.push(`${name} ${user} ${mechanism} ${reason}`.trim());
    assert(!JSON.stringify(fields).includes(PASSWORD), "an event holds the password");
  };
  const services = createDirectory({
    door: dir.door,
    database: dir.database,
    world: realWorld,
    emit,
    hostname: "mail.example.org",
    allowPlaintext: false,
    hasher,
    ...options,
  });
  return {
    dir,
    services,
    events,
    hashes,
    async [Symbol.asyncDispose]() {
      await services[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Logs in with a mechanism as a client does. */
async function sasl(
  { services }: Setup,
  mechanism: MechanismName,
  user: string,
  password: string,
  more: { readonly authzid?: string; readonly origin?: AuthOrigin } = {},
): Promise<AuthResult> {
  const { origin = HERE } = more;
  const session = services.authenticator.begin(mechanism, origin);
  assert(session !== undefined, `${mechanism} is not offered`);
  const client = createClient(mechanism, {
    user,
    password,
    nonce: createNonce(realWorld.random),
    ...(more.authzid === undefined ? {} : { authzid: more.authzid }),
    ...(mechanism.endsWith("-PLUS")
      ? { binding: { name: "tls-server-end-point", data: origin.tls!.serverEndPoint! } }
      : {}),
  });
  let step = client.start();
  for (let i = 0; i < 6; i++) {
    assert(step.kind === "response", "the client gave up");
    const reply = await session.respond(step.octets);
    if (reply.kind === "done") return reply.result;
    step = client.respond(reply.octets);
  }
  throw new Error("the exchange does not end");
}

function outcome(result: AuthResult): string {
  return result.ok ? result.identity.address : result.reason;
}

Deno.test("every mechanism lets the right password in, and no other", async () => {
  await using setup = await setUp();
  for (const mechanism of PASSWORD_MECHANISMS) {
    assertEquals(outcome(await sasl(setup, mechanism, "jane@example.org", PASSWORD)), "jane@example.org");
    assertEquals(outcome(await sasl(setup, mechanism, "jane@example.org", "wrong")), "credentials");
    assertEquals(outcome(await sasl(setup, mechanism, "off@example.org", PASSWORD)), "disabled");
    assertEquals(setup.events.splice(0), [
      `auth.ok jane@example.org ${mechanism}`,
      `auth.refused jane@example.org ${mechanism} credentials`,
      `auth.refused off@example.org ${mechanism} disabled`,
    ]);
  }
});

Deno.test("LOGIN of IMAP and USER/PASS of POP3", async () => {
  await using setup = await setUp();
  const { authenticator } = setup.services;
  const login = async (user: string, password: string) =>
    outcome(await authenticator.password(user, password, HERE));
  assertEquals(await login("Jane@Example.ORG.", PASSWORD), "jane@example.org");
  assertEquals(await login("jane", PASSWORD), "jane@example.org");
  assertEquals(await login("off@example.org", PASSWORD), "disabled");
  assertEquals(await login("off@example.org", "wrong"), "credentials");
  for (
    const user of ["", "nobody", "jane@elsewhere.example", "jane@", "@", "' or 1=1 --", "x".repeat(5000)]
  ) {
    assertEquals(await login(user, PASSWORD), "credentials", user);
  }
  assertEquals(setup.events[0], "auth.ok jane@example.org password");
  good(await setup.dir.admin.domains.add("second.example"));
  await new Promise((resolve) => setTimeout(resolve, 1001));
  assertEquals(await login("jane", PASSWORD), "credentials");
});

Deno.test("wrong passwords of odd forms are wrong, and cost a hash like others", async () => {
  await using setup = await setUp({ exempt: ["198.51.100.1"] });
  for (const password of ["", "a\0b", "\n", "x".repeat(1024), "x".repeat(1025), `${PASSWORD} `, "\ud800"]) {
    const result = await setup.services.authenticator.password("jane@example.org", password, HERE);
    assertEquals(outcome(result), "credentials", JSON.stringify(password));
  }
  assertEquals(setup.hashes.length, 7);
});

Deno.test("nobody is told who has an account: same answer, one hash each", async () => {
  await using setup = await setUp();
  const known = await setup.services.authenticator.password("jane@example.org", "wrong", HERE);
  const unknown = await setup.services.authenticator.password("john@example.org", "wrong", HERE);
  assertEquals(known, unknown);
  assertEquals(setup.hashes, ["$argon2id", "nobody"]);
  const plain = await sasl(setup, "PLAIN", "john@example.org", "wrong");
  const scram = await sasl(setup, "SCRAM-SHA-256", "john@example.org", "wrong");
  assertEquals([plain, scram], [known, known]);
});

Deno.test("SCRAM answers for unknown and imported accounts like for others, with salts that stay", async () => {
  await using setup = await setUp();
  const first = async (user: string, services = setup.services): Promise<string> => {
    const session = services.authenticator.begin("SCRAM-SHA-256", HERE)!;
    const reply = await session.respond(new TextEncoder().encode(`n,,n=${user},r=abc`));
    assert(reply.kind === "challenge");
    return new TextDecoder().decode(reply.octets).replace(/^r=[^,]*,/, "");
  };
  const salts = new Set<string>();
  for (const user of ["jane@example.org", "john@example.org", "imported@example.org"]) {
    const answer = await first(user);
    assert(/^s=[A-Za-z0-9+/]{22}==,i=10000$/.test(answer), answer);
    assertEquals(await first(user), answer);
    assertEquals(await first(user.slice(0, -"@example.org".length)), answer, "by the local part alone");
    salts.add(answer);
  }
  assertEquals(salts.size, 3);
  // Another worker, another node: the same secret.
  await using other = createDirectory({
    door: setup.dir.door,
    database: setup.dir.database,
    world: realWorld,
    emit: () => {},
    hostname: "mail.example.org",
    allowPlaintext: false,
    hasher: setup.dir.hasher,
  });
  assertEquals(await first("john@example.org", other), await first("john@example.org"));
  assertEquals((await setup.dir.database.selectFrom("setting").selectAll().execute()).length, 1);
});

Deno.test("a login makes a weak stored form strong and adds SCRAM keys", async () => {
  await using setup = await setUp();
  const name = "imported@example.org";
  assertEquals(outcome(await sasl(setup, "SCRAM-SHA-256", name, SSHA_PASSWORD)), "credentials");
  assertEquals(outcome(await sasl(setup, "PLAIN", name, SSHA_PASSWORD)), name);
  await setup.services[Symbol.asyncDispose]();
  const row = await setup.dir.database.selectFrom("credential").selectAll().where("credential_id", "=", 1)
    .orderBy("account_id", "desc").executeTakeFirstOrThrow();
  assert(row.hash.startsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"] as const) {
    assertEquals(outcome(await sasl(setup, mechanism, name, SSHA_PASSWORD)), name);
  }
  assertEquals(setup.hashes, ["{SSHA256}", "enroll"]);
});

Deno.test("a password that was right is remembered, until it is changed", async () => {
  await using setup = await setUp();
  const { authenticator } = setup.services;
  for (let i = 0; i < 5; i++) await authenticator.password("jane@example.org", PASSWORD, HERE);
  assertEquals(setup.hashes.length, 1);
  good(await setup.dir.admin.accounts.setPassword("jane@example.org", "another"));
  assertEquals(outcome(await authenticator.password("jane@example.org", PASSWORD, HERE)), "credentials");
  assertEquals(outcome(await sasl(setup, "SCRAM-SHA-256", "jane@example.org", PASSWORD)), "credentials");
  assertEquals(
    outcome(await authenticator.password("jane@example.org", "another", HERE)),
    "jane@example.org",
  );
  good(await setup.dir.admin.accounts.setDisabled("jane@example.org", true));
  assertEquals(outcome(await authenticator.password("jane@example.org", "another", HERE)), "disabled");
});

Deno.test("an app password opens the account, however it is typed, until it is taken back", async () => {
  await using setup = await setUp();
  const { appPasswords } = setup.dir.admin;
  const made = good(await appPasswords.add("jane@example.org", "phone"));
  const typed = [made.password, made.password.replaceAll("-", " "), made.password.toUpperCase()];
  for (const password of [...typed, made.password.replaceAll("-", "")]) {
    assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", password)), "jane@example.org");
  }
  assertEquals(setup.hashes, []);
  assertEquals(outcome(await sasl(setup, "PLAIN", "imported@example.org", made.password)), "credentials");
  good(await appPasswords.remove("jane@example.org", made.id));
  assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", made.password)), "credentials");
  assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", PASSWORD)), "jane@example.org");
});

Deno.test("nobody acts for another", async () => {
  await using setup = await setUp();
  for (const mechanism of ["PLAIN", "SCRAM-SHA-256"] as const) {
    const asking = async (authzid: string, password = PASSWORD) =>
      outcome(await sasl(setup, mechanism, "jane@example.org", password, { authzid }));
    assertEquals(await asking("jane@example.org"), "jane@example.org");
    assertEquals(await asking("Jane@EXAMPLE.org"), "jane@example.org");
    assertEquals(await asking("off@example.org"), "authzid");
    assertEquals(await asking("imported@example.org", "wrong"), "credentials");
  }
});

Deno.test("too many wrong passwords from an address are refused before anything is computed", async () => {
  await using setup = await setUp();
  for (let i = 0; i < 5; i++) await sasl(setup, "PLAIN", "jane@example.org", `wrong ${i}`);
  for (let i = 0; i < 5; i++) await sasl(setup, "SCRAM-SHA-256", "jane@example.org", `wrong ${i}`);
  setup.hashes.length = 0;
  for (const mechanism of PASSWORD_MECHANISMS) {
    assertEquals(outcome(await sasl(setup, mechanism, "jane@example.org", PASSWORD)), "throttled");
  }
  assertEquals(outcome(await setup.services.authenticator.password("x", PASSWORD, HERE)), "throttled");
  assertEquals(setup.hashes, []);
  const elsewhere = { origin: from("203.0.113.9") };
  assertEquals(outcome(await sasl(setup, "PLAIN", "jane", PASSWORD, elsewhere)), "jane@example.org");
});

Deno.test("a full hash queue is busy and counts as no guess; a hasher that breaks is unavailable", async () => {
  let thrown: Error = new HashBusy("full");
  const hasher: Hasher = {
    verify: () => Promise.reject(thrown),
    enroll: () => Promise.reject(thrown),
    pending: 0,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using setup = await setUp({ hasher });
  for (let i = 0; i < 20; i++) {
    assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", PASSWORD)), "busy");
  }
  thrown = new Error("out of memory");
  assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", PASSWORD)), "unavailable");
  assertEquals(setup.events.slice(-2), [
    "bug undefined undefined",
    "auth.refused jane@example.org PLAIN unavailable",
  ]);
});

Deno.test("without the database logins are unavailable, and nothing is thrown", async () => {
  const database = openDatabase({ kind: "url", url: "postgres://x@127.0.0.1:1/x" }, { connections: 1 });
  await using door = openDoor(dial, { kind: "url", url: "postgres://x@127.0.0.1:1/x" }, {
    shared: 1,
    exclusive: 1,
  });
  await using setup = await setUp({ database, door });
  for (const mechanism of PASSWORD_MECHANISMS) {
    assertEquals(outcome(await sasl(setup, mechanism, "jane@example.org", PASSWORD)), "unavailable");
  }
  assertEquals(outcome(await setup.services.authenticator.password("jane", PASSWORD, HERE)), "unavailable");
  assert(setup.events.every((event) => event.startsWith("auth.refused")), "no bug was reported");
  await database.destroy();
});

Deno.test("mechanisms: nothing without TLS unless allowed, -PLUS where every client can bind", async () => {
  const nothing = { hostname: "h", world: realWorld, emit: () => {} };
  const database = openDatabase({ kind: "url", url: "postgres://x@127.0.0.1:1/x" }, { connections: 1 });
  await using door = openDoor(dial, { kind: "url", url: "postgres://x@127.0.0.1:1/x" }, {
    shared: 1,
    exclusive: 1,
  });
  await using strict = createDirectory({ ...nothing, database, door, allowPlaintext: false });
  await using open = createDirectory({ ...nothing, database, door, allowPlaintext: true });
  const plain: AuthOrigin = { ...HERE, tls: undefined };
  const unbound = { ...HERE.tls!, exporter: undefined };
  assertEquals(strict.authenticator.mechanisms(undefined), []);
  assertEquals(strict.authenticator.mechanisms(HERE.tls), PASSWORD_MECHANISMS);
  const withoutPlus = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"];
  assertEquals(strict.authenticator.mechanisms(unbound), withoutPlus);
  assertEquals(open.authenticator.mechanisms(undefined), withoutPlus);
  assertEquals(strict.authenticator.begin("PLAIN", plain), undefined);
  assertEquals(strict.authenticator.begin("CRAM-MD5", HERE), undefined);
  assertEquals(strict.authenticator.begin("constructor", HERE), undefined);
  assertNotEquals(strict.authenticator.begin("plain", HERE), undefined);
  assertEquals(open.authenticator.begin("SCRAM-SHA-256-PLUS", plain), undefined);
  const refused = await strict.authenticator.password("jane", PASSWORD, plain);
  assert(!refused.ok);
  assertEquals(refused.text, "Encrypt the connection first");
});

Deno.test("broken exchanges end, and cost no guess", async () => {
  await using setup = await setUp();
  const octets = (text: string) => new TextEncoder().encode(text);
  const broken: readonly (readonly [MechanismName, string])[] = [
    ["PLAIN", ""],
    ["PLAIN", "jane"],
    ["PLAIN", "\0jane\0a\0b"],
    ["SCRAM-SHA-256", "n,,n=jane"],
    ["SCRAM-SHA-256", "y,,n=jane,r=abc"],
    ["SCRAM-SHA-256-PLUS", "n,,n=jane,r=abc"],
    ["SCRAM-SHA-256", "x".repeat(12_289)],
  ];
  for (const [mechanism, text] of [...broken, ...broken]) {
    const session = setup.services.authenticator.begin(mechanism, HERE)!;
    const reply = await session.respond(octets(text));
    assert(reply.kind === "done" && !reply.result.ok);
    assertEquals(reply.result.reason, "malformed", JSON.stringify(text.slice(0, 20)));
    const after = await session.respond(octets(text));
    assert(after.kind === "done" && !after.result.ok, "an exchange goes on after its end");
  }
  const half = setup.services.authenticator.begin("SCRAM-SHA-256", HERE)!;
  await half.respond(octets("n,,n=jane,r=abc"));
  const reply = await half.respond(octets("c=biws,r=abcXYZ,p=AAAA"));
  assert(reply.kind === "done" && !reply.result.ok && reply.result.reason === "malformed");
  assertEquals(outcome(await sasl(setup, "PLAIN", "jane@example.org", PASSWORD)), "jane@example.org");
});

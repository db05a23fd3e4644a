/** Every command, in this process, on a database of its own: what it says, in both forms, and its exit code. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { sql } from "kysely";
import process from "node:process";
import { main } from "../../src/cli/mod.ts";
import { type TestDatabase, testDatabase, urlOf } from "../support/database.ts";

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line and keeps what it writes. */
async function said(...args: string[]): Promise<Said> {
  const written = { out: "", err: "" };
  const { log, error } = console;
  const { write: out } = process.stdout, { write: err } = process.stderr;
  console.log = (text: string) => void (written.out += `${text}\n`);
  console.error = (text: string) => void (written.err += `${text}\n`);
  process.stdout.write = (text: unknown) => (written.out += text, true);
  process.stderr.write = (text: unknown) => (written.err += text, true);
  try {
    return { code: await main(args), ...written };
  } finally {
    console.log = log;
    console.error = error;
    process.stdout.write = out;
    process.stderr.write = err;
  }
}

/** `mail …` on a database. */
class Cli implements AsyncDisposable {
  private constructor(readonly db: TestDatabase, private readonly folder: string) {}

  static async open(): Promise<Cli> {
    return new Cli(await testDatabase(), await Deno.makeTempDir({ prefix: "malleposte-cli-" }));
  }

  run(...words: string[]): Promise<Said> {
    const url = urlOf(this.db.address);
    return said("mail", "--set", `data=${this.folder}`, "--set", `database.url=${url}`, ...words);
  }

  /** Runs with `--json`; must be done without a word on stderr. */
  async json(...words: string[]): Promise<any> {
    const { code, out, err } = await this.run(...words, "--json");
    assertEquals([code, err], [0, ""], `${words.join(" ")}: ${err}`);
    return JSON.parse(out);
  }

  /** Must be done, and say this. */
  async done(text: string | RegExp, ...words: string[]): Promise<void> {
    const { code, out, err } = await this.run(...words);
    assertEquals([code, err], [0, ""], `${words.join(" ")}: ${err}`);
    if (typeof text === "string") assertEquals(out, `${text}\n`);
    else assertMatch(out, text);
  }

  /** Must be refused with this sentence, with and without --json. */
  async refused(code: number, text: string | RegExp, ...words: string[]): Promise<void> {
    for (const json of [[], ["--json"]]) {
      const said = await this.run(...words, ...json);
      assertEquals([said.code, said.out], [code, ""], `${words.join(" ")}: ${said.err}`);
      if (typeof text === "string") assertEquals(said.err, `${text}\n`);
      else assertMatch(said.err, text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

const ALPHABET = /^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/;

Deno.test("domain add, list, quota, remove", async () => {
  await using cli = await Cli.open();
  await cli.done("There is no domain yet: mail domain add example.test", "domain", "list");
  assertEquals(await cli.json("domain", "list"), []);
  await cli.done("added example.test", "domain", "add", "Example.TEST");
  assertEquals(await cli.json("domain", "add", "two.test", "--quota", "2G"), { domain: "two.test" });
  await cli.refused(1, /^The domain example\.test is there already\n$/, "domain", "add", "example.test");
  await cli.refused(2, /^[^\n]*no such thing[^\n]*\n$/, "domain", "add", "no such thing");
  await cli.refused(2, /quota must look like 500M or 2G/, "domain", "add", "x.test", "--quota", "lots");
  await cli.done(
    "domain        accounts  aliases  quota    alias of\nexample.test         0        0  -        -\ntwo.test             0        0  2.0 GiB  -",
    "domain",
    "list",
  );
  await cli.done("done", "domain", "quota", "two.test", "--quota", "1K");
  const [, two] = await cli.json("domain", "list");
  assertEquals([two.name, two.quota.octets], ["two.test", 1024]);
  await cli.refused(1, /none\.test/, "domain", "quota", "none.test");
  assertEquals(await cli.json("domain", "remove", "two.test"), {});
  await cli.refused(1, /two\.test/, "domain", "remove", "two.test");
  await cli.done(/./, "account", "add", "a@example.test");
  await cli.refused(1, /example\.test/, "domain", "remove", "example.test");
});

Deno.test("account add, list, password, quota, charset, disable, enable, remove", async () => {
  await using cli = await Cli.open();
  await cli.done(/^There is no account yet/, "account", "list");
  await cli.refused(1, /^[^\n]*example\.test[^\n]*\n$/, "account", "add", "you@example.test");
  await cli.run("domain", "add", "example.test");
  await cli.done(
    /^you@example\.test\n\n {4}\S+\n\nThis password is not shown again; .*\n$/,
    "account",
    "add",
    "you@example.test",
  );
  const added = await cli.json(
    "account",
    "add",
    "me@example.test",
    "--quota",
    "10M",
    "--quota-messages",
    "7",
  );
  assertEquals(added.address, "me@example.test");
  assertMatch(added.password, ALPHABET);
  await cli.refused(1, "The account me@example.test is there already", "account", "add", "me@example.test");
  await cli.refused(2, /./, "account", "add", "nobody");
  await cli.refused(2, /./, "account", "add", "a@example.test", "--quota-messages", "many");
  const [me, you] = await cli.json("account", "list");
  assertEquals([me.address, me.quota, me.disabled], [
    "me@example.test",
    { octets: 10_485_760, messages: 7 },
    false,
  ]);
  assertEquals([you.address, you.messages, you.octets], ["you@example.test", 0, 0]);
  assertEquals(await cli.json("account", "list", "none.test"), []);

  await cli.done("done", "account", "quota", "me@example.test");
  await cli.done("done", "account", "disable", "you@example.test");
  await cli.done(/^me@example\.test +0 +0 B +- *\nyou@example\.test .* disabled$/m, "account", "list");
  await cli.done("done", "account", "enable", "you@example.test");
  const changed = await cli.json("account", "password", "me@example.test");
  assertMatch(changed.password, ALPHABET);
  assert(changed.password !== added.password);
  await cli.done("koi8-r", "account", "charset", "me@example.test", "KOI8-R");
  for (
    const name of ["klingon", "utf-7", "utf-16", "iso-2022-jp", "us-ascii", "base64", "x y", "koi8-r\n", ""]
  ) {
    await cli.refused(
      1,
      /is not a charset that is known here/,
      "account",
      "charset",
      "me@example.test",
      name,
    );
  }
  const shown = () => cli.json("account", "charset", "me@example.test");
  assertEquals(await shown(), { address: "me@example.test", charset: "koi8-r" });
  await cli.done("none", "account", "charset", "me@example.test", "none");
  assertEquals(await shown(), { address: "me@example.test", charset: null });
  await cli.done("done", "account", "remove", "me@example.test");
  for (const verb of ["charset", "password", "quota", "disable", "enable", "remove"]) {
    await cli.refused(1, /me@example\.test/, "account", verb, "me@example.test");
  }
});

Deno.test("app-password add, list, remove", async () => {
  await using cli = await Cli.open();
  await cli.run("domain", "add", "example.test");
  await cli.run("account", "add", "you@example.test");
  await cli.done("There is none", "app-password", "list", "you@example.test");
  await cli.done(/^app password \d+\n\n {4}\S+\n/, "app-password", "add", "you@example.test", "phone");
  const { id, password } = await cli.json("app-password", "add", "you@example.test");
  assertEquals([typeof id, typeof password], ["number", "string"]);
  await cli.done(
    /^ *id {2}label {2}made\n +\d+ {2}phone {2}\d{4}-\d\d-\d\d\n/,
    "app-password",
    "list",
    "you@example.test",
  );
  assertEquals(await cli.json("app-password", "remove", "you@example.test", `${id}`), {});
  assertEquals((await cli.json("app-password", "list", "you@example.test")).length, 1);
  await cli.refused(1, /./, "app-password", "remove", "you@example.test", `${id}`);
  await cli.refused(2, "the id is a number", "app-password", "remove", "you@example.test", "phone");
  await cli.refused(1, /nobody@example\.test/, "app-password", "add", "nobody@example.test");
});

Deno.test("alias add, list, remove", async () => {
  await using cli = await Cli.open();
  await cli.run("domain", "add", "example.test");
  for (const name of ["a", "b"]) await cli.run("account", "add", `${name}@example.test`);
  await cli.done("There is no alias", "alias", "list");
  await cli.done(
    "sales@example.test leads to a@example.test, b@example.test",
    ...["alias", "add", "sales@example.test", "a@example.test", "b@example.test"],
  );
  assertEquals(await cli.json("alias", "add", "@example.test", "a@example.test"), {
    from: "*@example.test",
    targets: ["a@example.test"],
  });
  await cli.done(
    "from                to\n*@example.test      a@example.test\nsales@example.test  a@example.test b@example.test",
    "alias",
    "list",
  );
  await cli.refused(1, /account/, "alias", "add", "a@example.test", "b@example.test");
  assertEquals(await cli.json("alias", "add", "x@example.test", "Y.z@elsewhere.test", "A@Example.test"), {
    from: "x@example.test",
    targets: ["Y.z@elsewhere.test", "a@example.test"],
  });
  assertEquals(await cli.json("alias", "remove", "x@example.test"), {});
  assertEquals(await cli.json("alias", "remove", "@example.test"), {});
  await cli.refused(1, "There is no alias *@example.test", "alias", "remove", "@example.test");
});

Deno.test("account import: 1,000 lines at once; a wrong line imports nothing", async () => {
  await using cli = await Cli.open();
  await cli.run("domain", "add", "example.test");
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  const hash =
    "{SSHA512}ORJ32tw/f2bmNffRQxvY2Njp4FZKMZNOJNj592TAIGR57N1gcRRGyPoXYqsYnDHmATs+Kuxlz774u7wwZBcCdXNhbHQ=";
  const lines = Array.from({ length: 1000 }, (_, i) => `user${i}@example.test,${hash},1G\n`);
  await Deno.writeTextFile(file, `${lines.join("")}broken\n`);
  await cli.refused(1, /line 1001/, "account", "import", file);
  assertEquals(await cli.json("account", "list"), []);
  await Deno.writeTextFile(file, lines.join(""));
  const began = performance.now();
  await cli.done("imported 1000 accounts", "account", "import", file);
  assert(performance.now() - began < 10_000, `took ${performance.now() - began} ms`);
  assertEquals((await cli.json("account", "list")).length, 1000);
  await cli.refused(1, /user0@example\.test/, "account", "import", file);
  await Deno.remove(file);
  await cli.refused(1, /^Cannot read /, "account", "import", file);
});

Deno.test("status and migrate", async () => {
  await using cli = await Cli.open();
  await cli.run("domain", "add", "example.test");
  await cli.run("account", "add", "you@example.test");
  await cli.done(
    /^not running\ndatabase +PostgreSQL 1\d\.\d+ \(yours\)\ndomains +1\naccounts +1\nmessages +0 \(0 B\)\non disk +\S+ \w+\n$/,
    "status",
  );
  const status = await cli.json("status");
  assertEquals([status.serving, status.domains, status.accounts, status.messages], [false, 1, 1, 0]);
});

Deno.test("check: what is wrong, exit 1; repaired, exit 0", async () => {
  await using cli = await Cli.open();
  await cli.done(/^\d+ rules hold\nwarning: the role that serves mail may change/, "check");
  await sql`insert into account_state (account_id, used_messages) values (1, 5)`.execute(cli.db.database);
  const { code, out } = await cli.run("check", "--json");
  assertEquals([code, JSON.parse(out).breaches.length], [1, 1]);
  await cli.done(/^repaired: an account's use is the sum of its mailboxes/, "check", "--repair");
  await cli.done(/^\d+ rules hold\nwarning: the role that serves mail may change/, "check");
});

Deno.test("config check and print: exit 2 and the line that is wrong, no password", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    file,
    "hostname: mail.example.test\ndatabase: { url: 'postgres://u:geheim@h/d' }\n",
  );
  assertEquals(await said("mail", "config", "check", "--config", file), {
    code: 0,
    out: "the configuration is right\n",
    err: "",
  });
  assertEquals(JSON.parse((await said("mail", "--config", file, "config", "check", "--json")).out), {
    ok: true,
  });
  const printed = await said("mail", "config", "print", "--config", file);
  assertMatch(printed.out, /^hostname: mail\.example\.test$/m);
  assert(!printed.out.includes("geheim"));
  assertEquals(
    JSON.parse((await said("mail", "config", "print", "--config", file, "--json")).out).database.url,
    "postgres://u:***@h/d",
  );
  await Deno.writeTextFile(file, "hostnam: x\n");
  for (const verb of ["check", "print"]) {
    assertEquals(await said("mail", "config", verb, "--config", file), {
      code: 2,
      out: "",
      err: `${file}:1:1: hostnam: unknown key; did you mean hostname?\n`,
    });
  }
  await Deno.remove(file);
});

Deno.test("wrong usage is exit 2 with a sentence; help and version are exit 0", async () => {
  for (
    const [words, text] of [
      [["mial"], /unknown command 'mial'.*Did you mean mail\?/s],
      [["mail", "acount"], /unknown command 'acount'.*Did you mean account\?/s],
      [["mail", "account", "ad"], /unknown command 'ad'.*Did you mean add\?/s],
      [["mail", "account", "add"], /missing required argument 'address'/],
      [["mail", "account", "add", "a@b.test", "more"], /too many arguments/],
      [["mail", "account", "add", "a@b.test", "--qota", "1"], /unknown option '--qota'/],
      [["mail", "account"], /Usage: /],
      [["mail"], /Usage: /],
      [[], /Usage: /],
      [["serve", "--set"], /argument missing/],
      [["serve", "extra"], /too many arguments/],
      [["serve", "--set", "hostnam=x"], /^--set hostnam: unknown key; did you mean hostname\?\n$/],
      [["migrate", "--config", "/nowhere.yaml"], /^\/nowhere\.yaml: cannot be read: /],
    ] as const
  ) {
    const { code, out, err } = await said(...words);
    assertEquals([code, out], [2, ""], words.join(" "));
    assertMatch(err, text);
  }
  for (const words of [["--version"], ["--help"], ["mail", "--help"], ["mail", "account", "add", "--help"]]) {
    const { code, out, err } = await said(...words);
    assertEquals([code, err], [0, ""]);
    assert(out.length > 3);
  }
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigError, loadConfig, parseConfig, writtenForm } from "./mod.ts";

function problems(text: string, ...set: string[]): readonly string[] {
  return assertThrows(() => parseConfig(text, "m.yaml", set), ConfigError).problems;
}

const TOP =
  "hostname, data, database, workers, worker_memory_mb, listeners, tls, auth, smtp, imap, routes, relay, tls_policy, dns, outbound, queue, store, pop3, log, limits";
const PROTOCOLS = "smtp, submission, submissions, lmtp, imap, imaps, pop3, pop3s, http";

/** What is wrong, and the one line that says so. */
const WRONG: readonly (readonly [yaml: string, line: string])[] = [
  // Unknown keys.
  ["hostnme: x\n", "m.yaml:1:1: hostnme: unknown key; did you mean hostname?"],
  ["foo: 1\n", `m.yaml:1:1: foo: unknown key; known here: ${TOP}`],
  ["1: 2\n", `m.yaml:1:1: 1: unknown key; known here: ${TOP}`],
  ["tls:\n  cert: a\n", "m.yaml:2:3: tls.cert: unknown key; known here: certificate, key, also"],
  [
    "limits:\n  smtp:\n    recipient: 5\n",
    "m.yaml:3:5: limits.smtp.recipient: unknown key; did you mean recipients?",
  ],
  [
    "auth: { __proto__: { allow_plaintext: true } }\n",
    "m.yaml:1:9: auth.__proto__: unknown key; known here: allow_plaintext, detail_separator, client_ca, oauth",
  ],
  // Wrong types.
  ["workers: many\n", "m.yaml:1:10: workers: write a number"],
  ["workers: 1.5\n", "m.yaml:1:10: workers: write a whole number"],
  ["data: 5\n", "m.yaml:1:7: data: write a text"],
  ["auth: { allow_plaintext: 1 }\n", "m.yaml:1:26: auth.allow_plaintext: write true or false"],
  ["listeners: 5\n", "m.yaml:1:12: listeners: write a list"],
  ["listeners:\n  - smtp\n", "m.yaml:2:5: listeners.0: write a map of keys"],
  ["- a\n", "m.yaml:1:1: the configuration must be a map of keys"],
  ["just text\n", "m.yaml:1:1: the configuration must be a map of keys"],
  ["limits: { smtp: { recipients: lots } }\n", "m.yaml:1:31: limits.smtp.recipients: write a number"],
  // Impossible values.
  ["workers: 0\n", "m.yaml:1:10: workers: must be at least 1"],
  ["workers: 1000\n", "m.yaml:1:10: workers: must be at most 256"],
  [
    "hostname: 'a b'\n",
    "m.yaml:1:11: hostname: write the name that this server has in the DNS, e.g. mail.example.org",
  ],
  ["listeners: []\n", "m.yaml:1:12: listeners: name at least one listener"],
  [
    "listeners:\n  - { protocol: smpt, address: '127.0.0.1:1' }\n",
    `m.yaml:2:17: listeners.0.protocol: write one of ${PROTOCOLS}`,
  ],
  ["listeners:\n  - { protocol: smtp }\n", "m.yaml:2:5: listeners.0.address: is missing"],
  [
    "listeners:\n  - { protocol: smtp, address: '127.0.0.1:70000' }\n",
    'm.yaml:2:32: listeners.0.address: write host:port, [ipv6]:port, *:port or unix:/path, e.g. "127.0.0.1:2525"',
  ],
  [
    "listeners:\n  - { protocol: http, address: 'unix:/x' }\n",
    "m.yaml:2:32: listeners.0.address: http cannot listen on a unix socket; write host:port",
  ],
  [
    "listeners:\n  - { protocol: smtp, address: 'a:25' }\n  - { protocol: imap, address: 'a:25' }\n",
    "m.yaml:3:32: listeners.1.address: another listener has a:25 already",
  ],
  [
    "listeners:\n  - { protocol: smtp, address: 'a:25', proxy: [nonsense] }\n",
    "m.yaml:2:48: listeners.0.proxy.0: write an address or a network, e.g. 10.0.0.0/8 or ::1",
  ],
  [
    "tls: { certificate: a.pem }\n",
    "m.yaml:1:6: tls: give both certificate and key, or neither for a self-signed certificate",
  ],
  ["auth: { detail_separator: '++' }\n", "m.yaml:1:27: auth.detail_separator: write 1 character"],
  [
    "database: { url: 'mysql://x' }\n",
    "m.yaml:1:18: database.url: write postgres://user:password@host:5432/name",
  ],
  [
    "limits: { message_size: 10 }\n",
    "m.yaml:1:25: limits.message_size: must be at least 65536 (RFC 5321 §4.5.3.1.7)",
  ],
  [
    "store: { charset: utf-16 }\n",
    "m.yaml:1:19: store.charset: must be a charset that is known here and in which ASCII stands for itself",
  ],
  ["limits: { smtp: { recipients: -1 } }\n", "m.yaml:1:31: limits.smtp.recipients: must be at least 0"],
  ["log: { level: loud }\n", "m.yaml:1:15: log.level: write one of debug, info, warn, error"],
  // YAML itself.
  ["hostname: a.test\nhostname: b.test\n", "m.yaml:2:1: hostname: this key stands here a second time"],
  [
    "limits: { smtp: { recipients: 1, recipients: 2 } }\n",
    "m.yaml:1:34: recipients: this key stands here a second time",
  ],
  ["a: b: c\n", "m.yaml:1:4: Nested mappings are not allowed in compact mappings"],
  ["\thostname: x\n", "m.yaml:1:1: Tabs are not allowed as indentation"],
  ['hostname: "x\n', 'm.yaml:2:1: Missing closing "quote'],
  ["hostname: a\n---\nhostname: b\n", "m.yaml:2:1: a second document begins here; write one only"],
  ["hostname: !!foo x\n", "m.yaml:1:11: Unresolved tag: tag:yaml.org,2002:foo"],
  ["hostname: *b\n", "m.yaml: Unresolved alias (the anchor must be set before the alias): b"],
];

for (const [yaml, line] of WRONG) {
  Deno.test(`${JSON.stringify(yaml)} is refused: ${line}`, () => assertEquals(problems(yaml), [line]));
}

/** The same by --set. */
const WRONG_SET: readonly (readonly [set: string, line: string])[] = [
  ["hostname", "--set hostname: write key.path=value, e.g. --set hostname=mail.example.org"],
  ["=x", "--set =x: write key.path=value, e.g. --set hostname=mail.example.org"],
  ["a..b=x", "--set a..b=x: write key.path=value, e.g. --set hostname=mail.example.org"],
  ["hostnme=x", "--set hostnme: unknown key; did you mean hostname?"],
  ["workers=0", "--set workers: must be at least 1"],
  ["workers=[", "--set workers: write a number"],
  ["listeners.20.address=a:1", "--set listeners.20.address=a:1: the list has only 9 items"],
  [
    "listeners.smpt.address=a:1",
    `--set listeners.smpt.address: listeners.9.protocol: write one of ${PROTOCOLS}`,
  ],
  ["listeners.imap.addres=a:1", "--set listeners.imap.addres: unknown key; did you mean address?"],
  ["listeners.imap=5", "--set listeners.imap: write a map of keys"],
  ["__proto__.polluted=1", "--set __proto__.polluted: unknown key"],
  ["hostname.x=1", "--set hostname.x: hostname: write a text"],
  [
    "tls.certificate=x",
    "--set tls.certificate: tls: give both certificate and key, or neither for a self-signed certificate",
  ],
];

for (const [set, line] of WRONG_SET) {
  Deno.test(`--set ${set} is refused: ${line}`, () => {
    assertEquals(problems("", set).map((text) => text.replace("listeners.smpt.address=a:1", "…")), [line]);
    assertEquals(({} as Record<string, unknown>)["polluted"], undefined);
  });
}

Deno.test("all that is wrong is said at once, and no value of database.url", () => {
  assertEquals(problems("workers: 0\nlog: { level: loud }\n", "database.url=x://u:secret@h/d"), [
    "--set database.url: write postgres://user:password@host:5432/name",
    "m.yaml:1:10: workers: must be at least 1",
    "m.yaml:2:15: log.level: write one of debug, info, warn, error",
  ]);
});

Deno.test("a group whose keys are all commented out is the same as none", () => {
  assertEquals(parseConfig("tls:\nlimits:\n  smtp:\n", "m.yaml", []), parseConfig("", "m.yaml", []));
});

Deno.test("--set changes a listener by protocol or index, and makes one that is missing", () => {
  const { listeners } = parseConfig("", "m.yaml", [
    "listeners.imap.address=127.0.0.1:143",
    "listeners.0.address=127.0.0.1:25",
    "listeners.pop3s.proxy=[10.0.0.0/8]",
  ]);
  assertEquals(listeners.length, 9);
  assertEquals(listeners[0], { protocol: "smtp", address: "127.0.0.1:25" });
  assertEquals(listeners.find(({ protocol }) => protocol === "imap")!.address, "127.0.0.1:143");
  assertEquals(listeners.find(({ protocol }) => protocol === "pop3s")!.proxy, ["10.0.0.0/8"]);

  const yaml = "listeners: [{ protocol: smtp, address: '127.0.0.1:25' }]\n";
  assertEquals(parseConfig(yaml, "m.yaml", ["listeners.lmtp.address=unix:/run/lmtp"]).listeners, [
    { protocol: "smtp", address: "127.0.0.1:25" },
    { protocol: "lmtp", address: "unix:/run/lmtp" },
  ]);
});

Deno.test("--set takes addresses as they stand, and lists", () => {
  const of = (...set: string[]) => parseConfig("", "m.yaml", set);
  assertEquals(of("listeners.0.address=[::1]:143").listeners[0]!.address, "[::1]:143");
  assertEquals(of("listeners.0.address=*:110").listeners[0]!.address, "*:110");
  assertEquals(of("limits.exempt=[10.0.0.0/8, ::1]").limits.exempt, ["10.0.0.0/8", "::1"]);
});

Deno.test("nothing written is the development configuration", () => {
  const config = parseConfig("", "m.yaml", []);
  assertEquals(config.hostname, "localhost");
  assertEquals(config.listeners.find(({ protocol }) => protocol === "imap")?.address, "127.0.0.1:2143");
  assertEquals(config.auth.allow_plaintext, false);
  assertEquals(config.limits.exempt, []);
  assertEquals(config.limits.lmtp.messages, Infinity);
});

Deno.test("a limit may be unlimited only where it is by default", () => {
  const messages = (value: string) => parseConfig(`limits: { lmtp: { messages: ${value} } }`, "f", []);
  assertEquals(messages("5").limits.lmtp.messages, 5);
  assertEquals(messages("unlimited").limits.lmtp.messages, Infinity);
  assertEquals(problems("limits: { smtp: { messages: unlimited } }").length, 1);
});

Deno.test("a later --set wins, and each wins over the file", () => {
  const config = parseConfig("hostname: a.test\n", "m.yaml", ["hostname=b.test", "hostname=c.test"]);
  assertEquals(config.hostname, "c.test");
});

Deno.test("paths are relative to the file, or to the current folder without one", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "m.yaml");
  await Deno.writeTextFile(
    file,
    "data: mail\ntls: { certificate: c.pem, key: /k.pem, also: [{ certificate: d, key: e }] }\n",
  );
  const { data, tls } = loadConfig({ file, set: [] });
  assertEquals([data, tls.certificate, tls.key], [`${folder}/mail`, `${folder}/c.pem`, "/k.pem"]);
  assertEquals(tls.also, [{ certificate: `${folder}/d`, key: `${folder}/e` }]);
  assertEquals(loadConfig({ file: undefined, set: [] }).data, join(Deno.cwd(), "data"));
  await Deno.remove(folder, { recursive: true });
  const [line] = assertThrows(() => loadConfig({ file, set: [] }), ConfigError).problems;
  assert(line!.startsWith(`${file}: cannot be read: `), line);
});

Deno.test("what is printed can be read again, and shows no password", () => {
  const config = parseConfig("limits: { exempt: [127.0.0.0/8] }\n", "m.yaml", [
    "database.url=postgres://u:sesame@h/d?sslmode=require",
  ]);
  const written = writtenForm(config) as { database: { url: string } };
  assertEquals(written.database.url, "postgres://u:***@h/d?sslmode=require");
  assert(!JSON.stringify(written).includes("sesame"));
  const again = parseConfig(JSON.stringify(written), "printed", []);
  assertEquals({ ...again, database: config.database }, config);
  const inQuery = parseConfig("", "m.yaml", ["database.url=postgres:///d?host=/run&user=u&password=sesame"]);
  assert(!JSON.stringify(writtenForm(inQuery)).includes("sesame"));
  const oauth = parseConfig("", "m.yaml", ["auth.oauth.introspection.client_secret=sesame"]);
  assert(!JSON.stringify(writtenForm(oauth)).includes("sesame"));
});

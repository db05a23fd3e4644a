import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError, parseConfig } from "./mod.ts";

/** The problems of a configuration, one line each. */
function problems(text: string, set: readonly string[] = []): readonly string[] {
  return assertThrows(() => parseConfig(text, "mail.yaml", set), ConfigError).problems;
}

Deno.test("nothing written is the development configuration", () => {
  const config = parseConfig("", "mail.yaml", []);
  assertEquals(config.hostname, "localhost");
  assertEquals(config.listeners.find(({ protocol }) => protocol === "imap")?.address, "127.0.0.1:2143");
  assertEquals(config.auth.allow_plaintext, false);
  assertEquals(config.limits.exempt, []);
  assertEquals(config.limits.lmtp.messages, Infinity);
});

Deno.test("what is wrong is said with file, line and column, and what would be right", () => {
  assertEquals(problems("hostname: mail.test\nlisteneers: []\n"), [
    "mail.yaml:2:1: listeneers: unknown key; did you mean listeners?",
  ]);
  assertEquals(problems("limits:\n  smtp:\n    recipients: many\n"), [
    "mail.yaml:3:17: limits.smtp.recipients: expected number, received string",
  ]);
  const [address] = problems('listeners:\n  - { protocol: imap, address: "127.0.0.1" }\n');
  assert(address!.startsWith("mail.yaml:2:32: listeners.0.address: write host:port"), address);
  const [protocol] = problems('listeners:\n  - { protocol: nntp, address: "127.0.0.1:119" }\n');
  assert(protocol!.startsWith("mail.yaml:2:17: listeners.0.protocol: expected one of"), protocol);
  const [missing] = problems("listeners:\n  - { protocol: imap }\n");
  assertEquals(missing, "mail.yaml:2:5: listeners.0.address: is missing");
  const [half] = problems("tls:\n  key: key.pem\n");
  assert(half!.includes("give both certificate and key"), half);
});

Deno.test("every problem is told, not only the first", () => {
  assertEquals(problems("workers: 0\ndata: 7\nnonsense: 1\n").length, 3);
});

Deno.test("YAML that cannot be read, and keys that stand twice", () => {
  assert(problems("hostname: [a\n")[0]!.startsWith("mail.yaml:2:1: "));
  assert(problems("workers: 1\nworkers: 2\n")[0]!.startsWith("mail.yaml:2:1: "));
  assert(problems("- a\n- b\n")[0]!.startsWith("mail.yaml:1:1: "));
});

Deno.test("--set goes over the file: by key, by index, by protocol, a new listener", () => {
  const file = 'hostname: a.test\nlisteners:\n  - { protocol: imap, address: "127.0.0.1:143" }\n';
  const set = [
    "hostname=b.test",
    "listeners.imap.address=127.0.0.1:1143",
    "listeners.lmtp.address=unix:/run/lmtp",
  ];
  const config = parseConfig(file, "mail.yaml", set);
  assertEquals(config.hostname, "b.test");
  assertEquals(config.listeners, [
    { protocol: "imap", address: "127.0.0.1:1143" },
    { protocol: "lmtp", address: "unix:/run/lmtp" },
  ]);
  assertEquals(parseConfig(file, "f", ["listeners.0.address=[::1]:143"]).listeners[0]!.address, "[::1]:143");
  assertEquals(parseConfig("", "f", ["listeners.pop3.address=*:110"]).listeners.length, 9);
  assertEquals(parseConfig("", "f", ["limits.exempt=[10.0.0.0/8, ::1]"]).limits.exempt, [
    "10.0.0.0/8",
    "::1",
  ]);
});

Deno.test("a wrong --set is named as such", () => {
  assertEquals(problems("", ["workers=none"]), ["--set workers=none: expected number, received string"]);
  assert(problems("", ["workers"])[0]!.includes("write key.path=value"));
  assert(problems("", ["wokers=1"])[0]!.includes("did you mean workers?"));
  assert(problems("", ["listeners.50.address=x:1"])[0]!.includes("has only 9 items"));
});

Deno.test("a limit may be unlimited only where it is by default", () => {
  assertEquals(parseConfig("limits: { lmtp: { messages: 5 } }", "f", []).limits.lmtp.messages, 5);
  assertEquals(
    parseConfig("limits: { lmtp: { messages: unlimited } }", "f", []).limits.lmtp.messages,
    Infinity,
  );
  assertEquals(problems("limits: { smtp: { messages: unlimited } }").length, 1);
});

import { assert, assertEquals } from "@std/assert";
import { schemaJson } from "./reference.ts";
import { parseConfig, writtenForm } from "./mod.ts";

/** A key whose value is a text, by its path; `0` is an item of a list. */
interface Leaf {
  readonly path: readonly string[];
  readonly about: string;
}

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

function* leaves(node: Node, path: readonly string[] = []): Generator<Leaf> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) yield* leaves(inner, [...path, key]);
  if (node.items !== undefined) yield* leaves(node.items, [...path, "0"]);
  for (const one of node.anyOf ?? []) yield* leaves(one, path);
  if (node.type === "string") yield { path, about: `${path.at(-1)} ${node.description ?? ""}` };
}

/** Words of names and explanations that a secret would have. */
const SUSPICIOUS = /passw|passphrase|secret|token|credential|private|\bkey\b|\burl\b/i;

/** What has such a word and is no secret; a new key is either masked, or its place is here. */
const OPEN = [
  // Names of files: what is in them is secret.
  "tls.key",
  "tls.also.0.key",
  // Whose tokens, what for, and where they are asked about; a password in a URL is hidden all the same.
  "auth.oauth.issuer",
  "auth.oauth.audience",
  "auth.oauth.claim",
  "auth.oauth.scope",
  "auth.oauth.jwks",
  "auth.oauth.introspection.url",
  // Who logs in where, and how well it must be encrypted.
  "routes.0.user",
  "routes.0.tls",
  "relay.0.user",
  "relay.0.tls",
];

/** A text for a key that the schema takes. */
function valueFor(path: readonly string[]): string {
  const name = path.at(-1)!;
  if (path[0] === "database" && (name === "url" || name === "owner_url")) return "postgres://u:sesame@h/d";
  return name === "url" || name === "jwks" || name === "issuer" ? "https://u:sesame@h.test/p" : "sesame";
}

/** A whole configuration with this key set. */
function configWith(path: readonly string[]) {
  const value = valueFor(path);
  const [first, , last] = path;
  if (first === "routes") {
    return parseConfig(
      JSON.stringify({ routes: [{ domain: "*", to: "smtp://h", [last!]: value }] }),
      "m",
      [],
    );
  }
  if (first === "relay") {
    return parseConfig(JSON.stringify({ relay: [{ to: "smtp://h", [last!]: value }] }), "m", []);
  }
  // A schema's owner goes with a database of one's own.
  const beside = last === undefined && path.at(-1) === "owner_url" ? ["database.url=postgres://u@h/d"] : [];
  return parseConfig("", "m", [`${path.join(".")}=${value}`, ...beside]);
}

Deno.test("whatever of the schema looks like a secret is hidden, or known to be none", () => {
  const suspects = [...leaves(JSON.parse(schemaJson()))].filter(({ about }) => SUSPICIOUS.test(about));
  const names = suspects.map(({ path }) => path.join("."));
  for (const one of OPEN) assert(names.includes(one), `${one} is not there any more`);
  const secrets = suspects.filter(({ path }) => !OPEN.includes(path.join(".")));
  assertEquals(secrets.map(({ path }) => path.join(".")), [
    "database.url",
    "database.owner_url",
    "auth.oauth.introspection.client_secret",
    "routes.0.password",
    "relay.0.password",
  ]);
  for (const { path } of secrets) {
    const config = configWith(path);
    assert(JSON.stringify(config).includes("sesame"), path.join("."));
    const printed = JSON.stringify(writtenForm(config));
    assert(!printed.includes("sesame") && printed.includes("***"), path.join("."));
  }
});

Deno.test("passwords in URLs are hidden wherever they stand; what has none is printed as it is", () => {
  const shown = (...set: string[]) => writtenForm(parseConfig("", "m", set)) as Record<string, any>;
  const oauth = [
    "auth.oauth.issuer=https://u:sesame@issuer.test/",
    "auth.oauth.audience=a",
    "auth.oauth.introspection.url=https://u:sesame@issuer.test/ask?client_secret=sesame&x=1",
  ];
  assert(!JSON.stringify(shown(...oauth)).includes("sesame"));
  for (
    const [given, printed] of [
      ["postgres://u:sesame@h:5432/d?sslmode=require", "postgres://u:***@h:5432/d?sslmode=require"],
      ["postgres:///d?host=/run&user=u&password=sesame", "postgres:///d?host=%2Frun&user=u&password=***"],
      [
        "postgres:///d?host=/run&user=u&sslpassword=sesame",
        "postgres:///d?host=%2Frun&user=u&sslpassword=***",
      ],
      ["postgres://u:sesame@/d", "(not readable)"],
      ["postgres://h/d?host=/run", "postgres://h/d?host=/run"],
      ["postgresql://u@h", "postgresql://u@h"],
    ] as const
  ) assertEquals(shown(`database.url=${given}`)["database"].url, printed);
  const empty = shown();
  assertEquals(empty["auth"].oauth.introspection.client_secret, "");
});

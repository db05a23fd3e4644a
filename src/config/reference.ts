/**
 * Writes config/reference.yaml and config/schema.json from the schema, and README's table: `deno task docs`. The explanations of
 * limits are the comments in the parts' own limits.ts, so that they are said once.
 */
import { stringify } from "yaml";
import { z } from "zod";
import { snakeCase } from "./limits.ts";
import { withFeatures } from "./readme.ts";
import { unwrap } from "./shape.ts";
import { configSchema } from "./schema.ts";
import { writtenForm } from "./written.ts";

/** Where the limits of a group are explained, by its path. */
const EXPLAINED_IN: Readonly<Record<string, string>> = {
  "limits.net": "net/limits.ts",
  "limits.smtp": "smtp/limits.ts",
  "limits.lmtp": "smtp/limits.ts",
  "limits.client": "smtp/client/limits.ts",
  "limits.queue": "queue/limits.ts",
  "limits.reach": "queue/reach_limits.ts",
  "limits.dns": "dns/limits.ts",
  "limits.imap.session": "imap/session.ts",
  "limits.imap.before_login": "imap/limits.ts",
  "limits.imap.after_login": "imap/limits.ts",
  "limits.pop3": "pop3/limits.ts",
  "limits.directory": "directory/limits.ts",
  "limits.hash": "directory/limits.ts",
  "limits.throttle": "directory/limits.ts",
  "limits.verify_cache": "directory/limits.ts",
  "limits.store": "store/limits.ts",
};

const HEAD = `# Every key of the configuration, with its default. Generated from the schema: deno task docs
# A file needs only the keys that differ: see malleposte.yaml.
`;
const WIDTH = 110;

/** config/reference.yaml. */
export function referenceYaml(): string {
  const defaults = writtenForm(configSchema.parse({})) as Record<string, unknown>;
  return HEAD + section(configSchema, defaults, [], 0);
}

/** config/schema.json, for editors. */
export function schemaJson(): string {
  return `${
    JSON.stringify(z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }), null, 2)
  }\n`;
}

function section(schema: unknown, value: unknown, path: readonly string[], depth: number): string {
  const shape = unwrap(schema).shape as Record<string, unknown>;
  const defaults = (value ?? {}) as Record<string, unknown>;
  return Object.entries(shape).map(([key, inner]) => entry(key, inner, defaults[key], [...path, key], depth))
    .join("");
}

function entry(key: string, schema: unknown, value: unknown, path: readonly string[], depth: number): string {
  const indent = "  ".repeat(depth);
  const gap = depth === 0 ? "\n" : "";
  const comment = wrapped(explanation(schema, path), `${indent}# `);
  const isGroup = unwrap(schema).shape !== undefined;
  if (isGroup) return `${gap}${comment}${indent}${key}:\n${section(schema, value, path, depth + 1)}`;
  if (value === undefined) return `${gap}${comment}${indent}# ${key}:\n`;
  const text = stringify({ [key]: value }, { lineWidth: 0 }).trimEnd().replaceAll(/^/gm, indent);
  return `${gap}${comment}${text}\n`;
}

function explanation(schema: unknown, path: readonly string[]): string {
  let at = schema as { description?: string; def?: { innerType?: unknown; in?: unknown } } | undefined;
  while (at !== undefined) {
    if (at.description !== undefined) return at.description;
    at = (at.def?.innerType ?? at.def?.in) as typeof at;
  }
  const file = EXPLAINED_IN[path.slice(0, -1).join(".")];
  const found = file === undefined ? undefined : commentsIn(file).get(path.at(-1)!);
  if (found === undefined) {
    throw new Error(`Cannot explain ${path.join(".")}: write a comment above it in ${file ?? "the schema"}`);
  }
  return found;
}

const comments = new Map<string, ReadonlyMap<string, string>>();

/** The comment above each member of a limits file, by the member's name in snake_case. */
function commentsIn(file: string): ReadonlyMap<string, string> {
  const known = comments.get(file);
  if (known !== undefined) return known;
  const text = Deno.readTextFileSync(new URL(`../${file}`, import.meta.url));
  const found = new Map<string, string>();
  // One comment may stand above several members that belong together.
  for (
    const match of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/((?:\s*(?:readonly )?\w+\??:[^\n/]*)+)/g)
  ) {
    const words = match[1]!.replaceAll(/^\s*\* ?/gm, "").replaceAll(/\s+/g, " ").trim()
      .replaceAll(/`(\w+)`/g, (_, name) => snakeCase(name));
    for (const [, name] of match[2]!.matchAll(/^\s*(?:readonly )?(\w+)\??:/gm)) {
      found.set(
        snakeCase(name!),
        words,
      );
    }
  }
  comments.set(file, found);
  return found;
}

function wrapped(text: string, prefix: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && prefix.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => `${prefix}${each}\n`).join("");
}

if (import.meta.main) {
  const config = new URL("../../config/", import.meta.url);
  Deno.writeTextFileSync(new URL("reference.yaml", config), referenceYaml());
  Deno.writeTextFileSync(new URL("schema.json", config), schemaJson());
  const readme = new URL("../README.md", config);
  Deno.writeTextFileSync(readme, withFeatures(Deno.readTextFileSync(readme)));
}

/** Reads the configuration: YAML file, `--set`, defaults; says where what is wrong is wrong. */
import { dirname, resolve } from "node:path";
import { type Document, isMap, isNode, isScalar, LineCounter, parse, parseDocument } from "yaml";
import type { z } from "zod";
import { type Config, configSchema } from "./schema.ts";

/** Everything that is wrong, one line each; `message` has them all. */
export class ConfigError extends Error {
  override name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

/** Where the configuration comes from. */
export interface ConfigSource {
  /** Undefined: the built-in development configuration. */
  readonly file: string | undefined;
  /** `key.path=value` each. */
  readonly set: readonly string[];
}

/**
 * Reads and checks the configuration. Paths in it are made absolute: relative to the file, or to the current
 * folder without one.
 *
 * @throws ConfigError with file, line and column of everything that is wrong.
 */
export function loadConfig(source: ConfigSource): Config {
  const text = source.file === undefined ? "" : readFile(source.file);
  const config = parseConfig(text, source.file ?? "built-in configuration", source.set);
  const base = source.file === undefined ? Deno.cwd() : dirname(resolve(source.file));
  const absolute = (path: string) => resolve(base, path);
  return {
    ...config,
    data: absolute(config.data),
    tls: {
      ...config.tls,
      ...(config.tls.certificate === undefined ? {} : { certificate: absolute(config.tls.certificate) }),
      ...(config.tls.key === undefined ? {} : { key: absolute(config.tls.key) }),
      also: config.tls.also.map(({ certificate, key }) => ({
        certificate: absolute(certificate),
        key: absolute(key),
      })),
    },
  };
}

/** The part of `loadConfig` that touches no files; `file` is only for messages. */
export function parseConfig(text: string, file: string, set: readonly string[]): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${file}:${line}:${col}: ${error.message.split("\n")[0]}`;
    }));
  }
  const value = (document.toJS() ?? {}) as unknown;
  const origins = new Map<string, string>();
  for (const assignment of set) assign(value, assignment, origins);
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describe(issue, document, lines, file, origins));
  throw new ConfigError(problems);
}

function readFile(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new ConfigError([`${file}: cannot be read: ${(error as Error).message}`]);
  }
}

/** Puts one `--set` into the tree; list items go by index, or by their `protocol`. */
function assign(root: unknown, assignment: string, origins: Map<string, string>): void {
  const equals = assignment.indexOf("=");
  const keys = assignment.slice(0, Math.max(0, equals)).split(".");
  if (equals < 1 || keys.some((key) => key === "")) {
    throw new ConfigError([
      `--set ${assignment}: write key.path=value, e.g. --set hostname=mail.example.org`,
    ]);
  }
  if (typeof root !== "object" || root === null) {
    throw new ConfigError(["the configuration must be a map of keys"]);
  }
  let at = root as Record<string, unknown>;
  const path: (string | number)[] = [];
  for (const [i, key] of keys.entries()) {
    const step = stepInto(at, key, assignment);
    path.push(step);
    if (i === keys.length - 1) {
      at[step] = parseValue(assignment.slice(equals + 1));
      break;
    }
    if (typeof at[step] !== "object" || at[step] === null) at[step] = emptyFor(path);
    at = at[step] as Record<string, unknown>;
  }
  origins.set(path.join("."), `--set ${assignment}`);
}

function stepInto(at: Record<string, unknown>, key: string, assignment: string): string | number {
  if (!Array.isArray(at)) return key;
  if (/^\d+$/.test(key) && Number(key) <= at.length) return Number(key);
  const found = at.findIndex((item) => typeof item === "object" && item !== null && item.protocol === key);
  if (found >= 0) return found;
  if (/^\d+$/.test(key)) throw new ConfigError([`--set ${assignment}: the list has only ${at.length} items`]);
  // A listener that is not there yet: this makes it.
  at.push({ protocol: key });
  return at.length - 1;
}

/** `listeners` that the file does not mention begin as the built-in ones, so that one of them can be changed. */
function emptyFor(path: readonly (string | number)[]): unknown {
  if (path.length === 1 && path[0] === "listeners") return structuredClone(configSchema.parse({}).listeners);
  return {};
}

/** YAML, as in the file; what is none, such as `[::1]:143` or `*:25`, is taken as it stands. */
function parseValue(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

function describe(
  issue: z.core.$ZodIssue,
  document: Document,
  lines: LineCounter,
  file: string,
  origins: ReadonlyMap<string, string>,
): string[] {
  const path = issue.path.map((key) => typeof key === "symbol" ? String(key) : key);
  if (issue.code !== "unrecognized_keys") {
    return [`${place(path, false, document, lines, file, origins)}: ${problem(issue)}`];
  }
  const known = knownKeys(path);
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
    return `${place([...path, key], true, document, lines, file, origins)}: unknown key; ${hint}`;
  });
}

function problem(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && /received undefined$/.test(issue.message)) return "is missing";
  return issue.message.replace(/^Invalid input: /, "").replace(/^Invalid option: /, "");
}

function place(
  path: readonly (string | number)[],
  ofKey: boolean,
  document: Document,
  lines: LineCounter,
  file: string,
  origins: ReadonlyMap<string, string>,
): string {
  const name = path.join(".");
  for (const [key, origin] of origins) if (name === key || name.startsWith(`${key}.`)) return origin;
  for (let length = path.length; length >= 0; length--) {
    const offset = offsetOf(document, path.slice(0, length), ofKey && length === path.length);
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}: ${name}`;
  }
  return `${file}: ${name}`;
}

function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  ofKey: boolean,
): number | undefined {
  if (ofKey) {
    const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (!isMap(map)) return undefined;
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}

/** The keys that a place of the schema knows. */
function knownKeys(path: readonly (string | number)[]): string[] {
  let at: any = configSchema;
  for (const key of path) {
    at = unwrap(at);
    at = typeof key === "number" ? at.element : at.shape?.[key];
    if (at === undefined) return [];
  }
  return Object.keys(unwrap(at).shape ?? {});
}

/** Through defaults, optionals and transforms to the schema of what is written. */
export function unwrap(schema: any): any {
  for (;;) {
    const inner = schema?.def?.innerType ?? schema?.def?.in;
    if (inner === undefined) return schema;
    schema = inner;
  }
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((name) => ({ name, steps: distance(word, name) })).sort((a, b) =>
    a.steps - b.steps
  );
  return scored[0] !== undefined && scored[0].steps <= Math.max(2, word.length / 3)
    ? scored[0].name
    : undefined;
}

/** Levenshtein's, for words of a few letters. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= Math.min(a.length, 64); i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

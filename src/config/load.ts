/** Reads the configuration: YAML file, `--set`, defaults; says where what is wrong is wrong. */
import { dirname, resolve } from "node:path";
import { isScalar, LineCounter, parse, parseDocument, type YAMLError } from "yaml";
import { Problems } from "./problems.ts";
import { type Config, configSchema } from "./schema.ts";
import { withoutEmptyGroups } from "./shape.ts";

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
    auth: {
      ...config.auth,
      ...(config.auth.client_ca === undefined ? {} : { client_ca: absolute(config.auth.client_ca) }),
    },
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
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    throw new ConfigError(wrong.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${file}:${line}:${col}: ${syntaxProblem(error, text)}`;
    }));
  }
  let value: unknown;
  try {
    value = withoutEmptyGroups(document.toJS() ?? {});
  } catch (error) {
    // An alias whose anchor is not there, or aliases of aliases without end.
    throw new ConfigError([`${file}: ${(error as Error).message}`]);
  }
  const origins = new Map<string, string>();
  for (const assignment of set) assign(value, assignment, origins);
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(new Problems(document, lines, file, origins).of(result.error.issues));
}

function syntaxProblem(error: YAMLError, text: string): string {
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const key = parseDocument(text.slice(error.pos[0]).split(/[\r\n]/)[0]!.replace(/:.*/, "")).contents;
      return `${isScalar(key) ? `${key.value}: ` : ""}this key stands here a second time`;
    }
    case "MULTIPLE_DOCS":
      return "a second document begins here; write one only";
    default:
      return firstLine(error);
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0]!.replace(/ at line \d+, column \d+:$/, "");
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
  if (keys.includes("__proto__")) throw new ConfigError([`--set ${keys.join(".")}: unknown key`]);
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
  // The value may hold a password.
  origins.set(path.join("."), `--set ${keys.join(".")}`);
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

/** Says what is wrong with a configuration, where, and what would be right. */
import { type Document, isMap, isNode, isScalar, type LineCounter } from "yaml";
import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { knownKeys } from "./shape.ts";

type Path = readonly (string | number)[];

/** Writes the lines for one configuration. */
export class Problems {
  constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
    private readonly file: string,
    /** The `--set` that a key's value came from, by the key's path. */
    private readonly origins: ReadonlyMap<string, string>,
  ) {}

  /** A line for each problem. */
  of(issues: readonly z.core.$ZodIssue[]): string[] {
    return issues.flatMap((issue) => {
      const path = issue.path.map((key) => typeof key === "symbol" ? String(key) : key);
      if (issue.code !== "unrecognized_keys") return [`${this.#place(path, false)}${problem(issue, path)}`];
      const known = knownKeys(path);
      return issue.keys.map((key) => {
        const near = nearest(key, known);
        const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
        return `${this.#place([...path, key], true)}unknown key; ${hint}`;
      });
    });
  }

  #place(path: Path, ofKey: boolean): string {
    const name = path.join(".");
    const label = name === "" ? "" : `${name}: `;
    for (const [key, origin] of this.origins) {
      if (name === key || name.startsWith(`${key}.`)) return `${origin}: `;
    }
    const offset = this.#offset(path, ofKey);
    if (offset === undefined) {
      // What is not in the file was made by a --set, or is missing beside what one made.
      const parent = path.slice(0, -1).join(".");
      for (const [key, origin] of this.origins) {
        if (key.startsWith(`${name}.`) || parent !== "" && key.startsWith(`${parent}.`)) {
          return `${origin}: ${label}`;
        }
      }
    }
    for (let length = path.length; length >= 0; length--) {
      const near = length === path.length ? offset : this.#offset(path.slice(0, length), false);
      if (near === undefined) continue;
      const { line, col } = this.lines.linePos(near);
      return `${this.file}:${line}:${col}: ${label}`;
    }
    return `${this.file}: ${label}`;
  }

  #offset(path: Path, ofKey: boolean): number | undefined {
    const { document } = this;
    if (ofKey) {
      const map = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
      if (!isMap(map)) return undefined;
      const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
      return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    }
    const node = path.length === 0 ? document.contents : document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map of keys",
  array: "a list",
};

function problem(issue: z.core.$ZodIssue, path: Path): string {
  switch (issue.code) {
    case "invalid_type": {
      if (/received undefined$/.test(issue.message)) return "is missing";
      const wanted = KINDS[issue.expected] ?? issue.expected;
      if (path.length === 0) return `the configuration must be ${wanted}`;
      return `write ${wanted}`;
    }
    case "too_small":
      return issue.origin === "number" || issue.origin === "int"
        ? own(issue.message) ?? `must be at least ${issue.minimum}`
        : own(issue.message) ?? "must not be empty";
    case "too_big":
      return issue.origin === "string"
        ? `write ${issue.maximum} character`
        : `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `write one of ${issue.values.join(", ")}`;
    default:
      return issue.message;
  }
}

/** A message that the schema has of its own, as opposed to the library's. */
function own(message: string): string | undefined {
  return /^(Invalid|Too) /.test(message) ? undefined : message;
}

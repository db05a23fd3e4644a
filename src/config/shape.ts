/** What the schema looks like, for messages and for groups that are left empty. */
import { configSchema } from "./schema.ts";

/** Through defaults, optionals and transforms to the schema of what is written. */
export function unwrap(schema: any): any {
  for (;;) {
    const inner = schema?.def?.innerType ?? schema?.def?.in;
    if (inner === undefined) return schema;
    schema = inner;
  }
}

/** The keys that a place of the schema knows. */
export function knownKeys(path: readonly (string | number)[]): string[] {
  let at: any = configSchema;
  for (const key of path) {
    at = unwrap(at);
    at = typeof key === "number" ? at.element : at.shape?.[key];
    if (at === undefined) return [];
  }
  return Object.keys(unwrap(at).shape ?? {});
}

/** The value without `tls:` and the like, whose keys are all commented out: the same as no such group. */
export function withoutEmptyGroups(value: unknown, schema: unknown = configSchema): unknown {
  const shape = unwrap(schema)?.shape;
  if (shape === undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => item !== null || unwrap(shape[key])?.shape === undefined)
      .map(([key, item]) => [key, withoutEmptyGroups(item, shape[key])]),
  );
}

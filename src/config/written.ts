/** The configuration as a person would write it, with every key: what `mail config print` shows. */
import type { Config } from "./schema.ts";
import { snakeCase } from "./limits.ts";

/** Names back in snake_case, Infinity as `unlimited`, the passwords of the database's URLs and of auth.oauth hidden. */
export function writtenForm(config: Config): unknown {
  const { database: { url, owner_url }, auth } = config;
  const database = {
    ...config.database,
    ...(url === undefined ? {} : { url: withoutPassword(url) }),
    ...(owner_url === undefined ? {} : { owner_url: withoutPassword(owner_url) }),
  };
  const shown = { ...config, database };
  const { introspection } = auth.oauth;
  if (introspection.client_secret === "") return written(shown);
  const oauth = { ...auth.oauth, introspection: { ...introspection, client_secret: "***" } };
  return written({ ...shown, auth: { ...auth, oauth } });
}

function written(value: unknown): unknown {
  if (value === Infinity) return "unlimited";
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined).map((
      [name, item],
    ) => [snakeCase(name), written(item)]),
  );
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  if (url === null) return "(not readable)";
  if (url.password !== "") url.password = "***";
  if (url.searchParams.has("password")) url.searchParams.set("password", "***");
  return url.href;
}

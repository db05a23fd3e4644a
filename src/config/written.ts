/** The configuration as a person would write it, with every key: what `mail config print` shows. */
import type { Config } from "./schema.ts";
import { snakeCase } from "./limits.ts";

/** Keys whose texts are secret, wherever they stand. */
const SECRET = /(^|_)(password|passphrase|secret|token|credentials?)$/;
const HIDDEN = "***";

/** Names back in snake_case, Infinity as `unlimited`; secret texts, and passwords in URLs, hidden. */
export function writtenForm(config: Config): unknown {
  return written(config);
}

function written(value: unknown): unknown {
  if (value === Infinity) return "unlimited";
  if (Array.isArray(value)) return value.map(written);
  if (typeof value === "string") return withoutPassword(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined).map(([name, item]) => {
      const key = snakeCase(name);
      // An empty one says that there is none.
      const hidden = SECRET.test(key) && typeof item === "string" && item !== "";
      return [key, hidden ? HIDDEN : written(item)];
    }),
  );
}

/** A URL without the password in it; other texts as they are. */
function withoutPassword(text: string): string {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) return text;
  const url = URL.parse(text);
  // PostgreSQL's may be one that no URL parser reads.
  if (url === null) return text.includes("@") || /password/i.test(text) ? "(not readable)" : text;
  let secret = false;
  if (url.password !== "") {
    url.password = HIDDEN;
    secret = true;
  }
  for (const name of new Set(url.searchParams.keys())) {
    if (!SECRET.test(name.toLowerCase()) && name.toLowerCase() !== "sslpassword") continue;
    url.searchParams.set(name, HIDDEN);
    secret = true;
  }
  return secret ? url.href : text;
}

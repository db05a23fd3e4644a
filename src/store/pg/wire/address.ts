/** What a database address means for a connection of the wire client. */
import type { DatabaseAddress } from "../database.ts";

/** Everything that a connection needs to know. */
export interface WireTarget {
  readonly to: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** libpq's sslmode: `prefer` and `require` encrypt without looking at the certificate. */
  readonly tls: "disable" | "prefer" | "require" | "verify-full";
}

/**
 * Reads a `postgres://` URL as libpq does: `host`, `port`, `user` and `password` may also be parameters, `sslmode`
 * is `prefer` by default.
 *
 * @throws Error naming what is wrong, without the password.
 */
export function wireTarget(address: DatabaseAddress): WireTarget {
  if (address.kind === "socket") {
    return {
      to: { path: `${address.directory}/.s.PGSQL.${address.port}` },
      user: address.user,
      password: address.password,
      database: address.database,
      tls: "disable",
    };
  }
  const url = URL.parse(address.url);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new Error("Cannot use database.url: it must look like postgres://user:password@host:5432/name");
  }
  const user = decodeURIComponent(url.username) || (url.searchParams.get("user") ?? "postgres");
  const host = url.searchParams.get("host") ??
    (decodeURIComponent(url.hostname).replace(/^\[|\]$/g, "") || "localhost");
  const port = Number(url.port || url.searchParams.get("port") || "5432");
  return {
    to: host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
    user,
    password: decodeURIComponent(url.password) || (url.searchParams.get("password") ?? undefined),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    tls: host.startsWith("/") ? "disable" : sslMode(url.searchParams.get("sslmode")),
  };
}

function sslMode(text: string | null): WireTarget["tls"] {
  switch (text) {
    case null:
    case "prefer":
    case "allow":
      return "prefer";
    case "disable":
    case "require":
      return text;
    case "verify-ca":
    case "verify-full":
      return "verify-full";
    default:
      throw new Error(
        `Cannot use database.url: sslmode=${text} is not known; use disable, prefer, require or verify-full`,
      );
  }
}

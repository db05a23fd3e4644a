import type { Config } from "../config/mod.ts";
import type { TokenIssuer } from "../directory/mod.ts";

/** The issuer of tokens that the configuration names, if it does. */
export function tokenIssuer({ auth: { oauth } }: Config): TokenIssuer | undefined {
  const { issuer, audience, claim, scope, jwks, introspection: { url, client_id, client_secret } } = oauth;
  if (issuer === undefined || audience === undefined) return undefined;
  const introspection = url === undefined ? undefined : { url, client_id, client_secret };
  return { issuer, audience, claim, scope, jwks, introspection };
}

/**
 * Whom a bearer token speaks of: asked of the issuer's keys (RFC 7515, RFC 7519) or of the issuer itself (RFC 7662).
 */
import { Unavailable } from "../core/failure.ts";
import type { World } from "../core/world.ts";

/** An issuer whose tokens count (`auth.oauth`). */
export interface TokenIssuer {
  /** What `iss` must be. */
  readonly issuer: string;
  /** What `aud` must hold. */
  readonly audience: string;
  /** The member that holds the account's address. */
  readonly claim: string;
  /** A scope that the token must have; undefined: none. */
  readonly scope?: string | undefined;
  /** Where its keys are; without it the issuer is asked for each token. */
  readonly jwks?: string | undefined;
  readonly introspection?: {
    readonly url: string;
    readonly client_id: string;
    readonly client_secret: string;
  } | undefined;
}

/** Verifies tokens. */
export interface Tokens {
  readonly issuer: TokenIssuer;
  /**
   * The address that a good token speaks of; undefined for any other.
   *
   * @throws Unavailable when the issuer cannot be asked
   */
  addressOf(token: string): Promise<string | undefined>;
}

/** How long the issuer may take. */
const ANSWER_MS = 5000;
/** Octets of an answer to an introspection. */
const ANSWER_OCTETS = 65_536;
/** Seconds that clocks may differ. */
const CLOCK_SECONDS = 30;
/** Signatures by a key that only the issuer has. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA"],
];

/** What a token says, whoever said that it is good. */
type Claims = Readonly<Record<string, unknown>>;

/** Sets up the verifying of an issuer's tokens. */
export function createTokens(issuer: TokenIssuer, world: World): Tokens {
  const claimsOf = issuer.jwks !== undefined
    ? signedClaims(issuer, issuer.jwks, world)
    : introspectedClaims(issuer, world);
  return {
    issuer,
    async addressOf(token) {
      const claims = await claimsOf(token);
      return claims === undefined ? undefined : addressIn(claims, issuer);
    },
  };
}

function addressIn(claims: Claims, { claim, scope }: TokenIssuer): string | undefined {
  if (scope !== undefined && !scopesOf(claims).includes(scope)) return undefined;
  // An address that its owner never proved is nobody's.
  if (claim === "email" && claims["email_verified"] === false) return undefined;
  const address = claims[claim];
  return typeof address === "string" ? address : undefined;
}

/** RFC 8693 §4.2: words in one text; some issuers send a list, or call it `scp`. */
function scopesOf(claims: Claims): readonly unknown[] {
  const scopes = claims["scope"] ?? claims["scp"];
  return typeof scopes === "string" ? scopes.split(" ") : Array.isArray(scopes) ? scopes : [];
}

/** The library and the keys are loaded when the first token comes. */
function signedClaims(
  { issuer, audience, claim }: TokenIssuer,
  jwks: string,
  world: World,
): (token: string) => Promise<Claims | undefined> {
  let loaded: ReturnType<typeof load> | undefined;
  const load = async () => {
    const jose = await import("jose");
    return { jose, keys: jose.createRemoteJWKSet(new URL(jwks), { timeoutDuration: ANSWER_MS }) };
  };
  return async (token) => {
    const { jose, keys } = await (loaded ??= load());
    try {
      const { payload } = await jose.jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SECONDS,
        currentDate: new Date(world.now()),
        requiredClaims: ["exp", claim],
      });
      return payload;
    } catch (thrown) {
      const { JOSEError, JWKSTimeout, JWKSInvalid } = jose.errors;
      // What the library says of the issuer's answer is of its general kind, and so is not the token's fault.
      const isIssuers = !(thrown instanceof JOSEError) || thrown instanceof JWKSTimeout ||
        thrown instanceof JWKSInvalid || thrown.code === JOSEError.code;
      if (isIssuers) throw unavailable(thrown);
      return undefined;
    }
  };
}

function introspectedClaims(
  { issuer, audience, introspection }: TokenIssuer,
  world: World,
): (token: string) => Promise<Claims | undefined> {
  const { url, client_id, client_secret } = introspection!;
  const login = `${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`;
  return async (token) => {
    let claims: Claims;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { accept: "application/json", authorization: `Basic ${btoa(login)}` },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }),
        redirect: "error",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`the issuer answered ${response.status}`);
      }
      claims = objectIn(await textOf(response));
    } catch (thrown) {
      throw unavailable(thrown);
    }
    return isGood(claims, issuer, audience, world.now() / 1000) ? claims : undefined;
  };
}

/** RFC 7662 §2.2: all but `active` may be left out; what is there must fit. */
function isGood(claims: Claims, issuer: string, audience: string, now: number): boolean {
  const { active, iss, aud, exp, nbf } = claims as Record<string, unknown>;
  if (active !== true || (iss !== undefined && iss !== issuer)) return false;
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (aud !== undefined && !audiences.includes(audience)) return false;
  if (typeof exp === "number" && exp + CLOCK_SECONDS <= now) return false;
  return !(typeof nbf === "number" && nbf - CLOCK_SECONDS > now);
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ANSWER_OCTETS) throw new Error("the issuer's answer is too long");
    parts.push(part);
  }
  return await new Blob(parts as Uint8Array<ArrayBuffer>[]).text();
}

function objectIn(text: string): Claims {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("the issuer's answer is no object");
  return value as Claims;
}

function unavailable(thrown: unknown): Unavailable {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new Unavailable(`Cannot ask the issuer of tokens: ${why}`);
}

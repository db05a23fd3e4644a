/** Proves who is there: drives sasl/'s machines with what the database knows. */
import type {
  Authenticator,
  AuthOrigin,
  AuthResult,
  Identity,
  SaslReply,
  SaslSession,
} from "../core/auth.ts";
import type { TlsInfo } from "../core/conn.ts";
import type { World } from "../core/world.ts";
import {
  createNonce,
  createServer,
  type MechanismName,
  mechanismNamed,
  MECHANISMS,
  mechanismsFor,
  opaqueString,
  type SaslServer,
  type SaslStep,
  usernameCaseMapped,
} from "../sasl/mod.ts";
import { parseAddress } from "./addresses.ts";
import type { Login } from "./credentials.ts";
import { DIRECTORY_LIMITS as LIMITS } from "./limits.ts";
import { admitted, type Logins, refusal } from "./login.ts";
import type { Permit } from "./throttle.ts";
import type { Tokens } from "./tokens.ts";

/** How an authenticator is set up. */
export interface AuthenticatorOptions {
  readonly logins: Logins;
  readonly world: World;
  /** Passwords without TLS, for tests and trusted networks. */
  readonly allowPlaintext: boolean;
  /** Without it nobody logs in by a token. */
  readonly tokens?: Tokens | undefined;
}

/** The one implementation of core's Authenticator. */
export class DirectoryAuthenticator implements Authenticator {
  constructor(private readonly options: AuthenticatorOptions) {}

  /** Without TLS nothing at all unless allowed: what follows a login would be readable anyway. */
  mechanisms(tls: TlsInfo | undefined): readonly MechanismName[] {
    const { allowPlaintext, tokens } = this.options;
    if (tls === undefined && !allowPlaintext) return [];
    return mechanismsFor(tls, { allowPlaintext, tokens: tokens !== undefined });
  }

  begin(mechanism: string, origin: AuthOrigin): SaslSession | undefined {
    const name = mechanismNamed(mechanism);
    const offered = this.mechanisms(origin.tls);
    if (name === undefined || !offered.includes(name)) return undefined;
    const server = createServer(name, {
      nonce: createNonce(this.options.world.random),
      bindings: {
        "tls-server-end-point": origin.tls?.serverEndPoint,
        "tls-exporter": origin.tls?.exporter,
      },
      plusOffered: offered.some((one) => MECHANISMS[one].channelBinding),
    });
    return new Exchange(server, name, origin, this.options.logins, this.options.tokens);
  }

  async password(user: string, password: string, origin: AuthOrigin): Promise<AuthResult> {
    const { logins, allowPlaintext } = this.options;
    if (origin.tls === undefined && !allowPlaintext) {
      // The protocols refuse this before they ask; the second fence looks at nothing.
      const result = refusal("credentials", "Encrypt the connection first");
      return logins.told(result, user, "password", origin);
    }
    const name = user.length > LIMITS.domain + LIMITS.localPart ? undefined : usernameCaseMapped(user);
    const prepared = password.length > LIMITS.password ? undefined : opaqueString(password);
    return logins.told(await logins.check(name, prepared, origin), user, "password", origin);
  }

  async identify(user: string): Promise<Identity | undefined> {
    const name = user.length > LIMITS.domain + LIMITS.localPart ? undefined : usernameCaseMapped(user);
    if (name === undefined) return undefined;
    const { credentials } = this.options.logins.parts;
    const found = admitted(await credentials.find(await credentials.addressOf(name)));
    return found.ok ? found.identity : undefined;
  }
}

/** One SASL exchange. */
class Exchange implements SaslSession {
  #user = "";
  /** Set between the keys and the proof of SCRAM. */
  #scram: { readonly login: Login; readonly authzid: string | undefined } | undefined;
  #proven: AuthResult | undefined;

  constructor(
    private readonly server: SaslServer,
    private readonly mechanism: MechanismName,
    private readonly origin: AuthOrigin,
    private readonly logins: Logins,
    private readonly tokens: Tokens | undefined,
  ) {}

  async respond(response: Uint8Array | undefined): Promise<SaslReply> {
    try {
      return await this.#respond(response);
    } catch (thrown) {
      return this.#end(this.logins.failed(thrown, this.origin));
    }
  }

  async #respond(response: Uint8Array | undefined): Promise<SaslReply> {
    const scram = this.#scram;
    this.#scram = undefined;
    const step = scram === undefined
      ? this.server.respond(response)
      : await this.#proof(response, scram.login, scram.authzid);
    return "result" in step ? step : await this.#reply(step);
  }

  async #reply(step: SaslStep): Promise<SaslReply> {
    switch (step.kind) {
      case "challenge":
        return { kind: "challenge", octets: step.octets };
      case "failed":
        return this.#end(refusal(step.reason, step.text));
      case "need-password": {
        this.#user = step.user;
        const result = await this.logins.check(step.user, step.password, this.origin);
        this.#proven = forItself(result, step.authzid);
        if (!this.#proven.ok) return this.#end(this.#proven);
        return await this.#reply(this.server.provide({ kind: "password", right: true }));
      }
      case "need-scram": {
        this.#user = step.user;
        const { credentials, throttle } = this.logins.parts;
        if (throttle.refuses(this.origin.remote)) return this.#end(refusal("throttled"));
        const login = await credentials.find(await credentials.addressOf(step.user));
        const keys = await credentials.scramKeys(login, step.hash);
        this.#scram = { login, authzid: step.authzid };
        return await this.#reply(this.server.provide({ kind: "scram", keys }));
      }
      case "need-token": {
        this.#user = step.user ?? "";
        const result = await this.#byToken(step.token);
        if (!result.ok && result.reason !== "credentials") return this.#end(result);
        this.#proven = forItself(result, step.user);
        const user = this.#proven.ok ? this.#proven.identity.address : undefined;
        return await this.#reply(this.server.provide({ kind: "token", user, hint: this.#hint() }));
      }
      case "need-certificate": {
        this.#proven = await this.#byCertificate(step.authzid);
        if (!this.#proven.ok && this.#proven.reason !== "credentials") return this.#end(this.#proven);
        const user = this.#proven.ok ? this.#proven.identity.address : undefined;
        return await this.#reply(this.server.provide({ kind: "certificate", user }));
      }
      case "done":
        return this.#end(this.#proven ?? refusal("malformed"));
      default:
        return step satisfies never;
    }
  }

  /**
   * Takes the client's proof. The throttle is asked here, where a guess is settled at once: an exchange that
   * is left hanging holds nobody back.
   */
  async #proof(
    response: Uint8Array | undefined,
    login: Login,
    authzid: string | undefined,
  ): Promise<SaslStep | SaslReply & { readonly kind: "done" }> {
    const permit: Permit | undefined = await this.logins.parts.throttle.admit(
      this.origin.remote,
      login.address,
    );
    if (permit === undefined) return this.#end(refusal("throttled"));
    const step = this.server.respond(response);
    const right = step.kind === "challenge" || step.kind === "done";
    const wrong = step.kind === "failed" && step.reason === "credentials";
    permit.settle(right ? "right" : wrong ? "wrong" : "void");
    if (!right) return step;
    this.#proven = forItself(admitted(login), authzid);
    return this.#proven.ok ? step : this.#end(this.#proven);
  }

  /** Guesses at tokens lead nowhere, but each costs us or the issuer something. */
  async #byToken(token: string): Promise<AuthResult> {
    const { credentials, throttle } = this.logins.parts;
    const { remote } = this.origin;
    const permit = await throttle.admit(remote, remote, token);
    if (permit === undefined) return refusal("throttled");
    let found: "right" | "wrong" | "void" = "void";
    try {
      const address = await this.tokens!.addressOf(token);
      found = address === undefined ? "wrong" : "right";
      if (address === undefined) return refusal("credentials");
      return admitted(await credentials.find(await credentials.addressOf(address)));
    } finally {
      permit.settle(found);
    }
  }

  /** RFC 7628 §3.2.2: where a client gets a better token. */
  #hint(): { readonly scope?: string; readonly "openid-configuration"?: string } {
    const { issuer, scope } = this.tokens!.issuer;
    const place = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    return { ...(scope === undefined ? {} : { scope }), "openid-configuration": place };
  }

  /** The account that the certificate speaks of; where it names several, the one that the client asks for. */
  async #byCertificate(authzid: string | undefined): Promise<AuthResult> {
    const { credentials } = this.logins.parts;
    const asked = authzid === undefined ? undefined : await credentials.addressOf(authzid);
    for (const name of this.origin.tls?.clientAddresses ?? []) {
      const address = await credentials.addressOf(name);
      if (asked !== undefined && address !== asked) continue;
      this.#user = address;
      const result = admitted(await credentials.find(address));
      if (result.ok || result.reason !== "credentials") return result;
    }
    return refusal(asked === undefined ? "credentials" : "authzid");
  }

  #end(result: AuthResult): SaslReply & { readonly kind: "done" } {
    return { kind: "done", result: this.logins.told(result, this.#user, this.mechanism, this.origin) };
  }
}

/** Nobody acts for another here: an authorization identity must be the account's own address. */
function forItself(result: AuthResult, authzid: string | undefined): AuthResult {
  if (!result.ok || authzid === undefined) return result;
  const { address } = result.identity;
  const asked = parseAddress(authzid);
  const isOwn = asked.ok
    ? `${asked.value.local}@${asked.value.domain}` === address
    : authzid === address.slice(0, address.lastIndexOf("@"));
  return isOwn ? result : refusal("authzid");
}

import { assert, assertEquals } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { AuthOrigin } from "../../src/core/auth.ts";
import { realWorld } from "../../src/core/world.ts";
import { createDirectory, type DirectoryServices, type TokenIssuer } from "../../src/directory/mod.ts";
import { from, good, type TestDirectory, testDirectory } from "./support.ts";

const SHA = "{SHA}/Hrn08GEogcgvDjo5YNQSGibZVE=";

/** An issuer of tokens on loopback: keys, and answers to introspections. */
interface Issuer extends AsyncDisposable {
  readonly url: string;
  /** How it answers now. */
  answer: (path: string, request: Request) => Response | Promise<Response>;
}

function issuer(): Issuer {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => it.answer(new URL(request.url).pathname, request),
  );
  const it: Issuer = {
    url: `http://127.0.0.1:${server.addr.port}`,
    answer: () => new Response("no", { status: 500 }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return it;
}

async function people(): Promise<TestDirectory> {
  const dir = await testDirectory();
  good(await dir.admin.domains.add("example.org"));
  good(await dir.admin.accounts.importCsv(`jane@example.org,${SHA}\noff@example.org,${SHA}`));
  good(await dir.admin.accounts.setDisabled("off@example.org", true));
  return dir;
}

function services(dir: TestDirectory, oauth: TokenIssuer | undefined): DirectoryServices {
  return createDirectory({
    door: dir.door,
    database: dir.database,
    world: realWorld,
    emit: () => {},
    hostname: "mail.example.org",
    allowPlaintext: false,
    hasher: dir.hasher,
    oauth,
  });
}

/** Logs in by OAUTHBEARER: the address, or why not. */
async function login(
  { authenticator }: DirectoryServices,
  token: string,
  user = "",
  origin = from("198.51.100.1"),
): Promise<string> {
  const session = authenticator.begin("OAUTHBEARER", origin);
  assert(session !== undefined, "not offered");
  const octets = new TextEncoder().encode(`n,${user && `a=${user}`},\x01auth=Bearer ${token}\x01\x01`);
  let reply = await session.respond(octets);
  let told = "";
  if (reply.kind === "challenge") {
    told = ` ${new TextDecoder().decode(reply.octets)}`;
    reply = await session.respond(Uint8Array.of(1));
  }
  assert(reply.kind === "done");
  return reply.result.ok ? reply.result.identity.address : reply.result.reason + told;
}

Deno.test("a JWT of the issuer's is a login, and no other", async () => {
  await using dir = await people();
  await using it = issuer();
  const mine = await generateKeyPair("ES256"), strange = await generateKeyPair("ES256");
  const jwk = { ...await exportJWK(mine.publicKey), kid: "1", alg: "ES256" };
  let asked = 0;
  it.answer = (path) => {
    asked++;
    return path === "/keys" ? Response.json({ keys: [jwk] }) : new Response(null, { status: 404 });
  };
  await using setup = services(dir, {
    issuer: it.url,
    audience: "mail",
    claim: "email",
    scope: "imap",
    jwks: `${it.url}/keys`,
  });
  const claims = { email: "Jane@Example.org", scope: "openid imap" };
  const sign = (
    more: Record<string, unknown> = {},
    { key = mine.privateKey, kid = "1", iss = it.url, aud = "mail", exp = "5m" } = {},
  ) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: "ES256", kid }).setIssuer(iss).setAudience(
      aud,
    )
      .setExpirationTime(exp).sign(key);

  assertEquals(await login(setup, await sign()), "jane@example.org");
  assertEquals(await login(setup, await sign(), "jane@example.org"), "jane@example.org");
  assertEquals(await login(setup, await sign({ scope: undefined, scp: ["imap"] })), "jane@example.org");
  assertEquals(asked, 1, "the keys are fetched once");
  const told = `credentials ${
    JSON.stringify({
      status: "invalid_token",
      schemes: "bearer",
      scope: "imap",
      "openid-configuration": `${it.url}/.well-known/openid-configuration`,
    })
  }`;
  const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${
    btoa(JSON.stringify({ ...claims, iss: it.url, aud: "mail", exp: 4e9 })).replaceAll("=", "")
  }.`;
  // A token that is no secret: the key that everybody can fetch, used as if it were one.
  const shared = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "1" }).setIssuer(it.url)
    .setAudience("mail").setExpirationTime("5m").sign(new TextEncoder().encode(JSON.stringify(jwk)));
  const bad: Record<string, string> = {
    "another's key": await sign({}, { key: strange.privateKey }),
    "another issuer": await sign({}, { iss: "https://other.example" }),
    "another audience": await sign({}, { aud: "web" }),
    "over": await sign({}, { exp: "-5m" }),
    "no scope": await sign({ scope: "openid" }),
    "no address": await sign({ email: undefined }),
    "an address that was not proven": await sign({ email_verified: false }),
    "nobody": await sign({ email: "nobody@example.org" }),
    "unsigned": unsigned,
    "signed with the public key": shared,
    "no token": "abc",
  };
  let n = 0;
  for (const [name, token] of Object.entries(bad)) {
    assertEquals(await login(setup, token, "", from(`203.0.113.${++n}`)), told, name);
  }
  assertEquals(await login(setup, await sign({ email: "off@example.org" })), "disabled");
  assertEquals(await login(setup, await sign(), "off@example.org"), told);
});

Deno.test("an issuer that cannot be asked is no wrong token", async () => {
  await using dir = await people();
  await using it = issuer();
  const { privateKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ email: "jane@example.org" }).setProtectedHeader({
    alg: "ES256",
    kid: "1",
  })
    .setIssuer(it.url).setAudience("mail").setExpirationTime("5m").sign(privateKey);
  await using signed = services(dir, {
    issuer: it.url,
    audience: "mail",
    claim: "email",
    jwks: `${it.url}/keys`,
  });
  assertEquals(await login(signed, token), "unavailable");
  it.answer = () => new Response("{");
  assertEquals(await login(signed, token), "unavailable");
  const introspection = { url: `${it.url}/ask`, client_id: "m", client_secret: "s" };
  await using asking = services(dir, { issuer: it.url, audience: "mail", claim: "email", introspection });
  assertEquals(await login(asking, token), "unavailable");
  it.answer = () => new Response("[]".repeat(40_000));
  assertEquals(await login(asking, token), "unavailable");
  it.answer = () => new Response(null, { status: 302, headers: { location: `${it.url}/other` } });
  assertEquals(await login(asking, token), "unavailable");
});

Deno.test("introspection: what the issuer says of a token", async () => {
  await using dir = await people();
  await using it = issuer();
  let says: Record<string, unknown> = {};
  const seen: string[] = [];
  it.answer = async (path, request) => {
    const form = new URLSearchParams(await request.text());
    seen.push(`${request.method} ${path} ${request.headers.get("authorization")} ${form.get("token")}`);
    return Response.json(says);
  };
  const introspection = { url: `${it.url}/ask`, client_id: "mail:1", client_secret: "s%" };
  await using setup = services(dir, { issuer: it.url, audience: "mail", claim: "username", introspection });
  const whole = { active: true, username: "jane@example.org", iss: it.url, aud: ["x", "mail"], exp: 4e9 };
  const ask = async (answer: Record<string, unknown>) => {
    says = answer;
    return (await login(setup, "opaque", "", from(`203.0.113.${seen.length + 1}`))).split(" ")[0];
  };
  assertEquals(await ask(whole), "jane@example.org");
  assertEquals(seen, [`POST /ask Basic ${btoa("mail%3A1:s%25")} opaque`]);
  assertEquals(await ask({ active: true, username: "jane@example.org" }), "jane@example.org");
  for (
    const wrong of [
      { active: false },
      { active: "true" },
      { iss: "https://other.example" },
      { aud: "web" },
      { exp: 1 },
      { nbf: 4e9 },
      { username: 7 },
    ]
  ) assertEquals(await ask({ ...whole, ...wrong }), "credentials", JSON.stringify(wrong));
});

Deno.test("tokens are offered under TLS only, and guesses are held back", async () => {
  await using dir = await people();
  await using it = issuer();
  it.answer = () => Response.json({ active: false });
  const introspection = { url: `${it.url}/ask`, client_id: "m", client_secret: "s" };
  await using setup = services(dir, { issuer: it.url, audience: "mail", claim: "email", introspection });
  await using without = services(dir, undefined);
  const plain: AuthOrigin = { ...from("198.51.100.1"), tls: undefined };
  assertEquals(setup.authenticator.begin("OAUTHBEARER", plain), undefined);
  assertEquals(without.authenticator.begin("XOAUTH2", from("198.51.100.1")), undefined);
  for (let i = 0; i < 10; i++) await login(setup, `guess${i}`);
  assertEquals(await login(setup, "guess"), "throttled");
});

Deno.test("EXTERNAL: the addresses of the client's certificate", async () => {
  await using dir = await people();
  await using setup = services(dir, undefined);
  const by = async (names: readonly string[], authzid = "") => {
    const origin = from("198.51.100.1");
    const tls = { ...origin.tls!, clientAddresses: names };
    const session = setup.authenticator.begin("EXTERNAL", { ...origin, tls });
    if (session === undefined) return "not offered";
    const reply = await session.respond(new TextEncoder().encode(authzid));
    assert(reply.kind === "done");
    return reply.result.ok ? reply.result.identity.address : reply.result.reason;
  };
  assertEquals(await by([]), "not offered");
  assertEquals(await by(["Jane@Example.ORG"]), "jane@example.org");
  assertEquals(await by(["x@elsewhere.example", "jane@example.org"]), "jane@example.org");
  assertEquals(await by(["x@elsewhere.example"]), "credentials");
  assertEquals(await by(["jane@example.org"], "jane@example.org"), "jane@example.org");
  assertEquals(await by(["jane@example.org", "off@example.org"], "off@example.org"), "disabled");
  assertEquals(await by(["jane@example.org"], "off@example.org"), "authzid");
  assertEquals(await by(["off@example.org"]), "disabled");
});

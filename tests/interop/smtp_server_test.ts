/** npm smtp-server, which others wrote, as our next hop: well behaved and not. */
import { assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Destination, OutboundMessage } from "../../src/core/outbound.ts";
import { realWorld } from "../../src/core/world.ts";
import { dial } from "../../src/net/mod.ts";
import { createReacher } from "../../src/queue/reach.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import { TestAuthority } from "../support/certificates.ts";
import { message } from "../support/outbound.ts";

const authority = await TestAuthority.make("smtp-server authority");
const { cert, key } = await authority.issue("localhost");

interface Got {
  readonly from: string;
  readonly to: readonly string[];
  readonly octets: string;
  readonly user: string | undefined;
  readonly secure: boolean;
}

/** Runs a server of those options, sends messages over one connection, and says what came of both sides. */
async function exchange(
  given: SMTPServerOptions | ((drop: () => void) => SMTPServerOptions),
  to: Partial<Destination>,
  ...messages: readonly OutboundMessage[]
) {
  const got: Got[] = [];
  // The server has no way of its own to hang up on a client without a word.
  const drop = () => {
    for (const one of server.connections) {
      (one as unknown as { _socket: { destroy(): void } })._socket.destroy();
    }
  };
  const options = typeof given === "function" ? given(drop) : given;
  const server: SMTPServer = new SMTPServer({
    logger: false,
    key,
    cert,
    onAuth: ({ username, password }, _session, callback) =>
      password === "right"
        ? callback(null, { user: username ?? "" })
        : callback(Object.assign(new Error("wrong password"), { responseCode: 535 })),
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        got.push({
          from: session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          octets: Buffer.concat(parts).toString("latin1"),
          user: session.user,
          secure: session.secure,
        });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.server.address() as { port: number };
  try {
    const reacher = createReacher({
      dial,
      hostname: "mail.example.test",
      world: realWorld,
      client: CLIENT_LIMITS,
      ca: authority.pem,
      mx: undefined,
    });
    const reached = await reacher.reach({
      key: "k",
      protocol: "smtp",
      by: { kind: "host", host: "localhost", port },
      tls: "may",
      implicitTls: false,
      login: undefined,
      ...to,
    }, { requireTls: false, signal: new AbortController().signal });
    if (!reached.ok) return { got, results: [reached.result], security: undefined };
    await using connection = reached.connection;
    const results = [];
    for (const one of messages) results.push(...await connection.send(one));
    return { got, results, security: connection.security };
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

const TEXT = "Subject: x\r\n\r\n.dot\r\n..\r\n\r\nend\r\n";

Deno.test("smtp-server takes mail from us, in the clear and by STARTTLS, message after message", async () => {
  for (
    const [tls, security] of [["none", undefined], ["may", /not verified/], [
      "verify",
      /, verified$/,
    ]] as const
  ) {
    const { got, results, security: said } = await exchange(
      { authOptional: true },
      { tls },
      message(TEXT, { to: ["b@sink.test", "c@sink.test"], piece: 5 }),
      message("second\r\n", { envelope: { reversePath: "" } }),
    );
    assertEquals(results.map(({ outcome, step }) => `${outcome} ${step}`), Array(3).fill("relayed end"));
    assertEquals(got.map(({ from, to }) => [from, to]), [["a@example.test", ["b@sink.test", "c@sink.test"]], [
      "",
      ["b@sink.test"],
    ]]);
    assertEquals(got.map(({ octets }) => octets), [TEXT, "second\r\n"]);
    assertEquals(got.every(({ secure }) => secure), tls !== "none");
    if (security === undefined) assertEquals(said, undefined);
    else assertMatch(said!, security);
  }
});

Deno.test("smtp-server: we log in, under TLS only, by PLAIN or LOGIN", async () => {
  for (const authMethods of [["PLAIN"], ["LOGIN"], ["LOGIN", "PLAIN"]]) {
    const login = { user: "jane", password: "right" };
    const { got } = await exchange({ authMethods }, { tls: "verify", login }, message(TEXT));
    assertEquals(got.map(({ user, secure }) => [user, secure]), [["jane", true]]);
  }
  const wrong = await exchange(
    {},
    { tls: "verify", login: { user: "jane", password: "wrong" } },
    message(TEXT),
  );
  assertEquals(wrong.results.map(({ outcome, step, reply }) => [outcome, step, reply.code]), [[
    "deferred",
    "auth",
    535,
  ]]);
  const clear = await exchange(
    { hideSTARTTLS: true, allowInsecureAuth: true },
    { login: { user: "jane", password: "right" } },
    message(TEXT),
  );
  assertEquals(clear.results.map(({ outcome, step }) => [outcome, step]), [["deferred", "auth"]]);
  assertEquals(clear.got, []);
});

Deno.test("smtp-server: every class of reply at every step has its result", async () => {
  const refuse = (responseCode: number) => Object.assign(new Error("4.0.0 no"), { responseCode });
  for (const code of [421, 450, 550, 552]) {
    const answer = (...args: readonly unknown[]) => (args.at(-1) as (error: Error) => void)(refuse(code));
    const steps: Record<string, SMTPServerOptions> = {
      greeting: { onConnect: answer },
      mail: { onMailFrom: answer },
      rcpt: { onRcptTo: answer },
      end: {
        onData(stream, _session, callback) {
          stream.resume();
          stream.on("end", () => callback(refuse(code)));
        },
      },
    };
    for (const [step, options] of Object.entries(steps)) {
      const { results, got } = await exchange({ authOptional: true, ...options }, {}, message(TEXT));
      const later = code < 500 || code === 552 && step === "rcpt";
      assertEquals([results[0]!.outcome, results[0]!.step, results[0]!.reply.code], [
        later ? "deferred" : "failed",
        step,
        code,
      ]);
      assertEquals(got, []);
    }
  }
});

Deno.test("smtp-server: a connection that is lost after the final dot leaves the message with us", async () => {
  const { results } = await exchange(
    (drop) => ({
      authOptional: true,
      onData(stream) {
        stream.resume();
        stream.on("end", drop);
      },
    }),
    {},
    message(TEXT),
  );
  assertEquals(results.map(({ outcome, step }) => [outcome, step]), [["deferred", "end"]]);
});

Deno.test("smtp-server: a message beyond its SIZE is not sent at all", async () => {
  const { results, got } = await exchange({ authOptional: true, size: 100 }, {}, message("x".repeat(101)));
  assertEquals(results.map(({ outcome, reply }) => [outcome, reply.status]), [["failed", "5.3.4"]]);
  assertEquals(got, []);
});

/** Logins without a password on a whole server: tokens of an issuer, certificates of clients. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ImapFlow } from "imapflow";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { createTransport } from "nodemailer";
import { join } from "node:path";
import { authority } from "../support/authority.ts";
import { startServer } from "../support/server.ts";

/** Says lines over TLS, each after the answer to the one before; gives all answers. */
async function converse(
  port: number,
  lines: readonly string[],
  options: ConnectionOptions = {},
): Promise<string> {
  const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  let heard = "", seen = 0;
  let woken: () => void = () => {};
  let over: Error | undefined;
  socket.on("data", (octets) => (heard += octets.toString("latin1"), woken()));
  socket.on("error", (error) => (over = error, woken()));
  socket.on("close", () => (over ??= new Error("closed"), woken()));
  const late = setTimeout(() => socket.destroy(new Error("no answer in time")), 30_000);
  /** The last line is whole and, where replies have several, the last of its reply. */
  const answered = () => /(?:^|\r\n)(?:\d{3} |[+*-]|a\d )[^\r\n]*\r\n$/.test(heard.slice(seen));
  try {
    for (const line of ["", ...lines]) {
      if (line !== "") socket.write(`${line}\r\n`);
      while (!answered()) {
        if (over !== undefined) throw new Error(`${over.message}, after ${JSON.stringify(heard)}`);
        await new Promise<void>((resolve) => woken = resolve);
      }
      seen = heard.length;
    }
    return heard;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

const b64 = (text: string) => btoa(text);

Deno.test("tokens and certificates are logins on every port of users", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-logins-" });
  const issuer = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const token = new URLSearchParams(await request.text()).get("token");
    return Response.json(token === "good" ? { active: true, email: "a@example.test" } : { active: false });
  });
  const issuerUrl = `http://127.0.0.1:${issuer.addr.port}`;
  const ours = await authority("ours"), theirs = await authority("theirs");
  const clientCa = join(folder, "clients.pem");
  await Deno.writeTextFile(clientCa, ours.pem);
  {
    await using server = await startServer({
      settings: [
        `auth.client_ca=${clientCa}`,
        `auth.oauth.issuer=${issuerUrl}`,
        "auth.oauth.audience=mail",
        `auth.oauth.introspection.url=${issuerUrl}/introspect`,
      ],
      accounts: ["a@example.test"],
    });
    const { ports } = server;
    const imap = (accessToken: string) =>
      new ImapFlow({
        host: "127.0.0.1",
        port: ports.imaps,
        secure: true,
        tls: { rejectUnauthorized: false },
        auth: { user: "a@example.test", accessToken },
        logger: false,
      });

    await t.step("IMAP by a token", async () => {
      const client = imap("good");
      await client.connect();
      assertEquals(client.authenticated, true);
      await client.logout();
      await assertRejects(() => imap("bad").connect());
    });

    await t.step("submission by a token", async () => {
      const send = (accessToken: string) => {
        const transport = createTransport({
          host: "127.0.0.1",
          port: ports.submissions,
          secure: true,
          tls: { rejectUnauthorized: false },
          auth: { type: "OAuth2", user: "a@example.test", accessToken },
        });
        return transport.sendMail({ from: "a@example.test", to: "a@example.test", subject: "x", text: "y" });
      };
      assertMatch((await send("good")).response, /^250 /);
      await assertRejects(() => send("bad"), Error, "535");
    });

    await t.step("POP3 by a token", async () => {
      const xoauth2 = (token: string) => b64(`user=a@example.test\x01auth=Bearer ${token}\x01\x01`);
      assertMatch(
        await converse(ports.pop3s, [`AUTH XOAUTH2 ${xoauth2("good")}`, "STAT"]),
        /\+OK 1 \d+\r\n$/,
      );
      const refused = await converse(ports.pop3s, [`AUTH XOAUTH2 ${xoauth2("bad")}`, "AQ=="]);
      assertMatch(refused, /^\+ (\S+)\r\n-ERR \[AUTH\]/m);
      const hint = JSON.parse(atob(/^\+ (\S+)\r$/m.exec(refused)![1]!));
      assertEquals(hint, {
        status: "401",
        schemes: "bearer",
        "openid-configuration": `${issuerUrl}/.well-known/openid-configuration`,
      });
    });

    await t.step("EXTERNAL by a certificate", async () => {
      const shown = await ours.issue({ addresses: ["a@example.test"] });
      const smtp = ["EHLO client.test", "AUTH EXTERNAL =", "MAIL FROM:<a@example.test>"];
      const submitted = await converse(ports.submissions, smtp, shown);
      assertMatch(submitted, /^250-AUTH EXTERNAL /m);
      assertMatch(submitted, /\r\n235 [^\r\n]+\r\n250 [^\r\n]+\r\n$/);
      assertMatch(await converse(ports.imaps, ["a1 AUTHENTICATE EXTERNAL =", "a2 NOOP"], shown), /^a2 OK/m);
      assertMatch(await converse(ports.pop3s, ["AUTH EXTERNAL =", "STAT"], shown), /\+OK 1 \d+\r\n$/);
    });

    await t.step("EXTERNAL is not there for others", async () => {
      for (const shown of [{}, await theirs.issue({ addresses: ["a@example.test"] })]) {
        const heard = await converse(ports.submissions, ["EHLO client.test", "AUTH EXTERNAL ="], shown);
        assertMatch(heard, /^250-AUTH (?!.*EXTERNAL)/m);
        assertMatch(heard, /\r\n504 [^\r\n]+\r\n$/);
      }
    });
  }
  await issuer.shutdown();
  await Deno.remove(folder, { recursive: true });
});

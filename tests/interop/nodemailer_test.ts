/** nodemailer sends (SMTP, Submission with and without TLS, LMTP); node-pop3 reads. */
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { createTransport, type SMTPTransportOptions } from "nodemailer";
import Pop3 from "node-pop3";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertDelivered, BUILT_IN, corpus, ended, HEADER_ONLY, type Sample } from "./support/corpus.ts";
import { concat } from "../support/transcript.ts";
import { HOST, PASSWORD, type Site, startSite } from "./support/server.ts";

const CRLF = Uint8Array.of(13, 10);
const UTF8_USER = "jürgen@example.test";

Deno.test("nodemailer and node-pop3", async (t) => {
  await using site = await startSite(7, [UTF8_USER]);
  const { ports } = site;
  const trust = { ca: await readFile(site.certificate) };
  const samples = [...await corpus(), HEADER_ONLY];
  const auth = { user: "user1@example.test", pass: PASSWORD };

  const ways: Record<string, SMTPTransportOptions> = {
    "smtp, plain": { port: ports.smtp, ignoreTLS: true },
    "smtp, STARTTLS": { port: ports.smtp, requireTLS: true },
    "submission, STARTTLS, AUTH PLAIN": {
      port: ports.submission,
      requireTLS: true,
      auth,
      authMethod: "PLAIN",
    },
    "submissions, AUTH LOGIN": { port: ports.submissions, secure: true, auth, authMethod: "LOGIN" },
    "lmtp, plain": { port: ports.lmtp, lmtp: true, ignoreTLS: true },
    "lmtp, STARTTLS": { port: ports.lmtp, lmtp: true, requireTLS: true },
  };
  for (const [name, options] of Object.entries(ways)) {
    await t.step(`${name}: every message comes back`, async () => {
      const user = site.account();
      const messages = name.endsWith("plain") ? samples : [...BUILT_IN, HEADER_ONLY];
      const transport = createTransport({
        host: HOST,
        tls: trust,
        pool: true,
        maxConnections: 1,
        ...options,
      });
      for (const { octets } of messages) {
        const info = await transport.sendMail({
          raw: Buffer.from(octets),
          envelope: { from: "user1@example.test", to: user },
        });
        assertEquals(info.accepted, [user]);
      }
      transport.close();
      await readBack(site, user, messages, name.length % 2 === 0);
    });
  }

  await t.step("SMTPUTF8: an address that is not ASCII", async () => {
    const transport = createTransport({ host: HOST, port: ports.smtp, tls: trust });
    const octets = new TextEncoder().encode("Subject: an ümläut in the header\r\n\r\nBody\r\n");
    await transport.sendMail({
      raw: Buffer.from(octets),
      envelope: { from: "zoë@remote.test", to: UTF8_USER },
    });
    transport.close();
    const pop3 = new Pop3({ host: HOST, port: ports.pop3, user: UTF8_USER, password: PASSWORD });
    // RFC 6856 §2.1: a client that did not say UTF8 is not sent a UTF-8 header; it is told so.
    await assertRejects(() => pop3.RETR(1), Error, "[UTF8]");
    await pop3.QUIT();
  });

  await t.step("a composed message with attachments, to several recipients", async () => {
    const transport = createTransport({ host: HOST, port: ports.smtp, tls: trust });
    const to = ["user2@example.test", "user3@example.test"];
    const info = await transport.sendMail({
      from: "Zoë <zoe@remote.test>",
      to,
      subject: "größer als ASCII",
      text: "plain",
      html: "<p>fancy</p>",
      attachments: [{ filename: "ä.bin", content: Buffer.alloc(50_000, 7) }],
    });
    transport.close();
    assertEquals(info.accepted, to);
  });

  await t.step("who does not exist, and who is elsewhere", async () => {
    const transport = createTransport({ host: HOST, port: ports.smtp, tls: trust });
    const envelope = { from: "a@remote.test", to: ["nobody@example.test", "user2@example.test"] };
    const info = await transport.sendMail({ raw: "Subject: x\r\n\r\n", envelope });
    assertEquals([info.accepted, info.rejected], [["user2@example.test"], ["nobody@example.test"]]);
    await assertRejects(
      () =>
        transport.sendMail({
          raw: "x: y\r\n\r\n",
          envelope: { from: "a@remote.test", to: "b@elsewhere.test" },
        }),
      Error,
      "5.7.1",
    );
    transport.close();
  });

  await t.step("node-pop3: STAT, LIST, UIDL, TOP, DELE, RSET", async () => {
    const user = "user2@example.test";
    const login = { host: HOST, port: ports.pop3s, user, password: PASSWORD, tls: true, tlsOptions: trust };
    const pop3 = new Pop3(login);
    const [count] = (await pop3.STAT()).split(" ").map(Number);
    const uidl = await pop3.UIDL() as string[][];
    assertEquals(uidl.length, count);
    assertEquals((await pop3.LIST()).length, count);
    assert((await pop3.TOP(1, 0)).includes("Subject: plain"));
    await pop3.DELE(1);
    await pop3.RSET();
    await pop3.DELE(2);
    await pop3.QUIT();
    const again = new Pop3(login);
    assertEquals(
      (await again.UIDL() as string[][]).map((line) => line[1]),
      uidl.toSpliced(1, 1).map((line) => line[1]),
    );
    await again.QUIT();
    const stranger = new Pop3({ ...login, password: "wrong" });
    await assertRejects(() => stranger.STAT(), Error, "[AUTH]");
    // It keeps the connection, and would throw at what the server says when it ends.
    await stranger.QUIT();
  });
});

/** Reads every message by POP3 and compares. */
async function readBack(site: Site, user: string, samples: readonly Sample[], tls: boolean): Promise<void> {
  const pop3 = new Pop3({
    ...{ host: HOST, user, password: PASSWORD, timeout: 10_000 },
    ...(tls
      ? { port: site.ports.pop3s, tls, tlsOptions: { ca: await readFile(site.certificate) } }
      : { port: site.ports.pop3 }),
  });
  for (const [i, { name, octets }] of samples.entries()) {
    // node-pop3 gives text, in which octets that are not UTF-8 are lost. A reply whose last five octets come in
    // two reads, which happens with large ones, it may never see the end of.
    if (!isUtf8(octets) || octets.length > 1_000_000) continue;
    const text = new TextEncoder().encode((await pop3.RETR(i + 1)).replaceAll(/^\.\./gm, "."));
    // It leaves the dots stuffed, and takes the last line's end off when it sees it with the final dot.
    const size = Number((await pop3.LIST(i + 1))[1]);
    await assertDelivered(text.length === size ? text : concat([text, CRLF]), ended(octets), name);
  }
  await pop3.QUIT();
}

function isUtf8(octets: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

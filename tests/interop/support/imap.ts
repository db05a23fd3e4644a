/** What arrived, seen by imapflow: for tests of clients that only send, or keep only files. */
import { readFile } from "node:fs/promises";
import { ImapFlow, type ImapFlowOptions } from "imapflow";
import { createTransport } from "nodemailer";
import { Buffer } from "node:buffer";
import type { Sample } from "./corpus.ts";
import { HOST, PASSWORD, type Site } from "./server.ts";

/** A client that is logged in by TLS; logs out at the end of its block. */
export async function connect(site: Site, user: string, options: ImapFlowOptions = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: HOST,
    port: site.ports.imaps,
    secure: true,
    tls: { ca: await readFile(site.certificate) },
    auth: { user, pass: PASSWORD },
    logger: false,
    disableAutoIdle: true,
    ...options,
  });
  await client.connect();
  return client;
}

/** The octets of all messages of a mailbox, in order. */
export async function inbox(site: Site, user: string, mailbox = "INBOX"): Promise<Uint8Array[]> {
  await using client = await connect(site, user);
  await client.mailboxOpen(mailbox, { readOnly: true });
  return (await client.fetchAll("1:*", { source: true })).map((message) => message.source!);
}

/** Delivers messages by LMTP, one after the other. */
export async function deliver(site: Site, user: string, samples: readonly Sample[]): Promise<void> {
  const transport = createTransport({
    ...{ host: HOST, port: site.ports.lmtp, lmtp: true, ignoreTLS: true },
    ...{ pool: true, maxConnections: 1 },
  });
  for (const { octets } of samples) {
    await transport.sendMail({
      raw: Buffer.from(octets),
      envelope: { from: "sender@remote.test", to: user },
    });
  }
  transport.close();
}

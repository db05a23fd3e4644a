/** A dozen kinds and two of clients that nobody wants, each as one visit to the server. */
import { pause, Peer } from "./peer.ts";

/** Whom they visit, and as whom. */
export interface Host {
  readonly ports: Readonly<Record<"smtp" | "imap" | "imaps" | "pop3", number>>;
  /** An account that the worst of them have; mail is in its INBOX. */
  readonly account: string;
  readonly password: string;
}

/** One visit from an address; ends, or throws, when the server has had enough. `random`: 0 to 1. */
export type Kind = (host: Host, from: string, random: () => number) => Promise<void>;

const LONG_MS = 30_000;
const PROMPT = { smtp: /^220 /m, imap: /^\* OK/m, pop3: /^\+OK/m } as const;

async function greeted(host: Host, protocol: keyof typeof PROMPT, from: string): Promise<Peer> {
  const peer = await Peer.open(host.ports[protocol], from);
  await peer.ask("", PROMPT[protocol]);
  return peer;
}

async function loggedIn(host: Host, from: string): Promise<Peer> {
  const peer = await greeted(host, "imap", from);
  await peer.ask(`a LOGIN ${host.account} ${host.password}\r\n`, /^a OK/m);
  await peer.ask("b SELECT INBOX\r\n", /^b OK/m);
  return peer;
}

/** All of them by name. */
export const KINDS: Readonly<Record<string, Kind>> = {
  "says nothing (SMTP)": async (host, from) => {
    using peer = await greeted(host, "smtp", from);
    await peer.closed(LONG_MS);
  },
  "says nothing (IMAP)": async (host, from) => {
    using peer = await greeted(host, "imap", from);
    await peer.closed(LONG_MS);
  },
  "drips a command (SMTP)": async (host, from) => {
    using peer = await greeted(host, "smtp", from);
    for (;;) {
      await peer.send("E");
      await pause(500);
    }
  },
  "drips a message (SMTP)": async (host, from) => {
    using peer = await greeted(host, "smtp", from);
    await peer.ask("EHLO bad.test\r\n", /^250 /m);
    await peer.ask(`MAIL FROM:<a@bad.test>\r\n`, /^250 /m);
    await peer.ask(`RCPT TO:<${host.account}>\r\n`, /^250 /m);
    await peer.ask("DATA\r\n", /^354 /m);
    for (;;) {
      await peer.send("x\r\n");
      await pause(250);
    }
  },
  "commands that are none (SMTP)": async (host, from) => {
    using peer = await greeted(host, "smtp", from);
    for (;;) await peer.ask("XYZZY\r\n", /^5\d\d /m);
  },
  "guesses recipients (SMTP)": async (host, from, random) => {
    using peer = await greeted(host, "smtp", from);
    await peer.ask("EHLO bad.test\r\n", /^250 /m);
    await peer.ask("MAIL FROM:<a@bad.test>\r\n", /^250 /m);
    for (;;) {
      await peer.ask(
        `RCPT TO:<guess${Math.floor(random() * 1e6)}@${host.account.split("@")[1]}>\r\n`,
        /^\d/m,
      );
    }
  },
  "comes and goes (SMTP)": async (host, from) => {
    for (let i = 0; i < 20; i++) (await Peer.open(host.ports.smtp, from))[Symbol.dispose]();
  },
  "floods and never reads (SMTP)": async (host, from) => {
    using peer = await greeted(host, "smtp", from);
    peer.deaf();
    for (;;) await peer.send("NOOP\r\n".repeat(1000));
  },
  "a line without end (IMAP)": async (host, from) => {
    using peer = await greeted(host, "imap", from);
    for (;;) await peer.send("a".repeat(16_384));
  },
  "guesses passwords (IMAP)": async (host, from, random) => {
    using peer = await greeted(host, "imap", from);
    for (;;) await peer.ask(`a LOGIN ${host.account} guess${random()}\r\n`, /^a (NO|BAD)/m);
  },
  "guesses passwords (POP3)": async (host, from, random) => {
    using peer = await greeted(host, "pop3", from);
    for (;;) {
      await peer.ask(`USER ${host.account}\r\n`, /^[+-]/m);
      await peer.ask(`PASS guess${random()}\r\n`, /^[+-]/m);
    }
  },
  "garbage for TLS (IMAPS)": async (host, from, random) => {
    using peer = await Peer.open(host.ports.imaps, from);
    await peer.send(Array.from({ length: 500 }, () => String.fromCharCode(random() * 256)).join(""));
    await peer.closed(LONG_MS);
  },
  "fetches all and never reads (IMAP)": async (host, from) => {
    using peer = await loggedIn(host, from);
    peer.deaf();
    for (let i = 0; i < 1000; i++) await peer.send(`c${i} FETCH 1:* (BODY.PEEK[])\r\n`);
    await peer.closed(LONG_MS);
  },
  "searches bodies without end (IMAP)": async (host, from) => {
    using peer = await loggedIn(host, from);
    for (;;) await peer.ask("c SEARCH OR BODY nowhere NOT TEXT absent\r\n", /^c (OK|NO|BAD)/m);
  },
};

/** What SMTP is given in its protocol tests of mail that goes on: a queue, URLs, and a queued message as a line. */
import {
  NOTIFY_DEFAULT,
  type Outbound,
  type OutboundDoor,
  type OutboundRecipient,
  type OutboundUse,
} from "../../src/core/outbound.ts";
import { Unavailable } from "../../src/core/failure.ts";
import { type AuthorizedUrls, UrlContentLost } from "../../src/core/urlauth.ts";

/** What is queued as one line: the reverse-path, what of the envelope is not as usual, the recipients. */
export function showOutbound({ envelope, recipients, delivered = [] }: Outbound): string {
  const { reversePath, body, smtputf8, requireTls, ret, envid, priority, holdUntil, deliverBy } = envelope;
  const { submitter, tlsOptional, solicit, verp } = envelope;
  const to = ({ address, notify, originalRecipient, here }: OutboundRecipient) =>
    address + (here ? " (here)" : "") + (notify === NOTIFY_DEFAULT ? "" : `:${notify}`) +
    (originalRecipient === undefined ? "" : ` (${originalRecipient})`);
  return [
    `<${reversePath}>`,
    ...(body === "7BIT" ? [] : [body]),
    ...(smtputf8 ? ["SMTPUTF8"] : []),
    ...(requireTls ? ["REQUIRETLS"] : []),
    ...(tlsOptional ? ["TLS-OPTIONAL"] : []),
    ...(ret === undefined ? [] : [`RET=${ret}`]),
    ...(envid === undefined ? [] : [`ENVID=${envid}`]),
    ...(priority === 0 ? [] : [`PRIORITY=${priority}`]),
    ...(holdUntil === undefined ? [] : [`HOLD=${new Date(holdUntil).toISOString()}`]),
    ...(deliverBy === undefined ? [] : [
      `BY=${new Date(deliverBy.at).toISOString()};${deliverBy.mode}${deliverBy.trace ? ";trace" : ""}`,
    ]),
    ...(solicit === undefined ? [] : [`SOLICIT=${solicit.join(",")}`]),
    ...(verp === undefined ? [] : [`VERP=${verp}`]),
    ...(submitter === undefined ? [] : [`by=${submitter}`]),
    ...recipients.map((one) => `> ${to(one)}`),
    ...delivered.map((one) => `${one.action} ${to(one)}`),
  ].join(" ");
}

/** A queue in which three messages wait for backup.test; asked for broken.test it fails. */
export function queueOf(use: OutboundUse): OutboundDoor {
  return {
    reports: true,
    flush: (domain) =>
      domain === "broken.test"
        ? Promise.reject(new Unavailable("queue is gone"))
        : Promise.resolve(domain === "backup.test" ? 3 : 0),
    recent: () => Promise.resolve({ ...use }),
  };
}

const URLS: Record<string, string> = {
  "imap://a/header": "From: alice@example.test\r\nSubject: fetched\r\n\r\n",
  "imap://a/body": "Grüße\r\n",
  "imap://a/empty": "",
  "imap://a/big": "x".repeat(200),
};

/** URLs of `URLS`, in pieces of four octets; `lost` and `down` go wrong on the way, `strange` is no URL. */
export const urls: AuthorizedUrls = {
  open(url, { as, identity }) {
    if (as !== "submission" || identity.account !== 1) throw new Error("nobody may do that");
    if (url === "strange") return Promise.resolve({ ok: false, reason: "malformed" });
    if (url === "imap://a/gone") return Promise.reject(new Unavailable("database is gone"));
    const broken = { "imap://a/lost": new UrlContentLost(), "imap://a/down": new Unavailable("gone") }[url];
    const text = URLS[url];
    if (text === undefined && broken === undefined) return Promise.resolve({ ok: false, reason: "refused" });
    const octets = new TextEncoder().encode(text ?? "some octets");
    return Promise.resolve({
      ok: true,
      content: { size: octets.length, octets: () => pieces(octets, broken) },
    });
  },
};

async function* pieces(octets: Uint8Array, broken: Error | undefined): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += 4) yield await Promise.resolve(octets.slice(at, at + 4));
  if (broken !== undefined) throw broken;
}

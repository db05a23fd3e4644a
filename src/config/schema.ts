/**
 * The configuration, as CONTRACT has it: one schema from which come validation, defaults, types,
 * `config/reference.yaml` and `config/schema.json`. Every key carries its explanation (`describe`).
 */
import { z } from "zod";
import { parseAddress, parseDomain } from "../directory/mod.ts";
import { isFallback } from "../mime/mod.ts";
import { limitsSchema } from "./limits.ts";
import { network } from "./network.ts";
import { outboundShape } from "./outbound.ts";

/** What a listener may speak. */
export const PROTOCOLS = [
  "smtp",
  "submission",
  "submissions",
  "lmtp",
  "imap",
  "imaps",
  "pop3",
  "pop3s",
  "http",
] as const;

/** One of PROTOCOLS. */
export type Protocol = typeof PROTOCOLS[number];

/** `host:port`, `[v6]:port`, `*:port` or `unix:/path`. */
const ADDRESS = /^(unix:\/.+|(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5}))$/;

const address = z.string().refine(
  (text) => {
    const match = ADDRESS.exec(text);
    return match !== null && (match[3] === undefined || Number(match[3]) <= 65535);
  },
  { error: 'write host:port, [ipv6]:port, *:port or unix:/path, e.g. "127.0.0.1:2525"' },
);

const listener = z.strictObject({
  protocol: z.enum(PROTOCOLS).describe("what is spoken there; the form with -s is TLS from the first octet"),
  address: address.describe("host:port, [ipv6]:port, *:port (all addresses) or unix:/path"),
  proxy: z.array(network).optional().describe(
    "addresses or networks of load balancers that put the PROXY protocol (v1, v2) in front; others are dropped",
  ),
});

const certificate = z.strictObject({
  certificate: z.string().describe("PEM file: the certificate, then its chain"),
  key: z.string().describe("PEM file: its private key"),
});

const domain = z.string().refine((text) => parseDomain(text).ok, {
  error: "write the name of a domain, e.g. example.org",
});

const account = z.string().refine((text) => parseAddress(text).ok, {
  error: "write an address, e.g. postmaster@example.org",
});

/** word (RFC 3865 §2.2); all of them stand in one line of EHLO's reply. */
const solicitation = z.string().regex(/^[A-Za-z][A-Za-z0-9._:-]{0,99}$/, {
  error: "write a class such as net.example:ADV",
});

/** https, but for an issuer on this very machine. */
const issuerUrl = z.string().regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])\S+$/, {
  error: "write an https URL",
});

/** The built-in development listeners: unprivileged ports on loopback. */
const DEFAULT_LISTENERS: z.input<typeof listener>[] = [
  { protocol: "smtp", address: "127.0.0.1:2525" },
  { protocol: "submission", address: "127.0.0.1:2587" },
  { protocol: "submissions", address: "127.0.0.1:2465" },
  { protocol: "lmtp", address: "127.0.0.1:2424" },
  { protocol: "imap", address: "127.0.0.1:2143" },
  { protocol: "imaps", address: "127.0.0.1:2993" },
  { protocol: "pop3", address: "127.0.0.1:2110" },
  { protocol: "pop3s", address: "127.0.0.1:2995" },
  { protocol: "http", address: "127.0.0.1:2080" },
];

/** The whole configuration. */
export const configSchema = z.strictObject({
  hostname: z.string().regex(/^[\p{L}\p{N}]([\p{L}\p{N}.-]{0,252}[\p{L}\p{N}])?$/u, {
    error: "write the name that this server has in the DNS, e.g. mail.example.org",
  }).default("localhost").describe(
    "this server's name: in greetings, trace headers and the self-signed certificate",
  ),
  data: z.string().min(1).default("./data").describe(
    "folder for the embedded database, the self-signed certificate and the lock; relative to this file",
  ),
  database: z.strictObject({
    url: z.string().regex(/^postgres(ql)?:\/\//, { error: "write postgres://user:password@host:5432/name" })
      .optional().describe("a PostgreSQL server of yours, 15 or later; leave out for the embedded one"),
    owner_url: z.string().regex(/^postgres(ql)?:\/\//, {
      error: "write postgres://user:password@host:5432/name",
    }).optional().describe(
      "the same database as the role that owns the schema; the role of `url` then needs no right but to log in, and is given those on rows",
    ),
    connections: z.int().min(1).max(100).default(4).describe("connections a worker shares for mail"),
  }).refine(({ url, owner_url }) => url !== undefined || owner_url === undefined, {
    path: ["owner_url"],
    error: "name the database in url as well; the embedded one has its roles by itself",
  }).prefault({}).describe("where mail is kept"),
  workers: z.int().min(1).max(256).optional().describe("connection workers; one per core when left out"),
  worker_memory_mb: z.int().min(64).default(512).describe(
    "heap of one worker in MiB; a worker beyond it is restarted and only its connections are lost",
  ),
  listeners: z.array(listener).min(1, { error: "name at least one listener" }).superRefine(
    (listeners, context) => {
      const seen = new Set<string>();
      for (const [i, { protocol, address }] of listeners.entries()) {
        const path = [i, "address"];
        if (protocol === "http" && address.startsWith("unix:")) {
          context.addIssue({
            code: "custom",
            path,
            message: "http cannot listen on a unix socket; write host:port",
          });
        }
        if (seen.has(address) && !address.endsWith(":0")) {
          context.addIssue({ code: "custom", path, message: `another listener has ${address} already` });
        }
        seen.add(address);
      }
    },
  ).default(DEFAULT_LISTENERS as never).describe(
    "where connections are taken; also by protocol in --set: listeners.imap.address=…",
  ),
  tls: z.strictObject({
    certificate: z.string().optional().describe("PEM file: the certificate, then its chain"),
    key: z.string().optional().describe("PEM file: its private key"),
    also: z.array(certificate).default([]).describe(
      "more certificates; the client's server name (SNI) picks one",
    ),
  }).prefault({}).refine((tls) => (tls.certificate === undefined) === (tls.key === undefined), {
    error: "give both certificate and key, or neither for a self-signed certificate",
  }).describe("leave out for a self-signed certificate in the data folder; read again on SIGHUP"),
  auth: z.strictObject({
    allow_plaintext: z.boolean().default(false).describe(
      "true: passwords also without TLS; for tests and trusted networks only",
    ),
    detail_separator: z.string().length(1).default("+").describe(
      "user+detail@domain reaches user@domain (RFC 5233)",
    ),
    client_ca: z.string().optional().describe(
      "PEM file: authorities whose client certificates are logins (EXTERNAL) of the addresses that they name",
    ),
    oauth: z.strictObject({
      issuer: issuerUrl.optional().describe(
        "whose tokens are logins (OAUTHBEARER, XOAUTH2), as they name it",
      ),
      audience: z.string().min(1).optional().describe(
        "whom the tokens must be for: what the issuer calls this server",
      ),
      claim: z.string().min(1).default("email").describe(
        "which member of a token holds the account's address",
      ),
      scope: z.string().min(1).optional().describe("a scope that tokens must have"),
      jwks: issuerUrl.optional().describe("where the issuer's keys are: tokens are JWTs, and checked here"),
      introspection: z.strictObject({
        url: issuerUrl.optional().describe("where the issuer is asked (RFC 7662)"),
        client_id: z.string().default("").describe("as whom we ask"),
        client_secret: z.string().default("").describe("and our password there"),
      }).prefault({}).describe("instead of jwks: the issuer is asked for each token"),
    }).prefault({}).refine(
      (oauth) =>
        oauth.issuer === undefined ||
        oauth.audience !== undefined &&
          (oauth.jwks === undefined) !== (oauth.introspection.url === undefined),
      { error: "give issuer, audience, and either jwks or introspection" },
    ).describe("logins by tokens of an issuer; off without one"),
  }).prefault({}).describe("how users prove who they are"),
  smtp: z.strictObject({
    bare_newline: z.enum(["reject", "normalize"]).default("reject").describe(
      "a bare CR or LF in DATA: refuse the message (554), or make it CRLF",
    ),
    sender_must_match: z.boolean().default(true).describe(
      "on submission, MAIL FROM must be an address whose mail goes to the account that logged in",
    ),
    from_must_match: z.boolean().default(true).describe(
      "so must the addresses in From; other fields are left alone, Bcc too",
    ),
    relay_from: z.array(network).default([]).describe(
      "networks whose hosts may send to other servers without a login; nobody else may",
    ),
    backup_mx: z.array(domain).default([]).describe(
      "domains elsewhere whose mail is taken from anybody and passed on to them; they may ask for it by ETRN",
    ),
    no_soliciting: z.array(solicitation).max(5).default([]).describe(
      "classes of mail that are announced as unwanted and refused (RFC 3865), e.g. net.example:ADV",
    ),
    administrators: z.array(account).default([]).describe(
      "accounts that may ask who is here (VRFY, EXPN); others learn nothing",
    ),
    xclient_from: z.array(network).default([]).describe(
      "proxies that say, by XCLIENT, for whom they speak; they are believed in everything, logins too",
    ),
    xforward_from: z.array(network).default([]).describe(
      "filters that say, by XFORWARD and for the log only, whose mail they bring",
    ),
  }).prefault({}).describe("how mail is taken in"),
  imap: z.strictObject({
    administrators: z.array(z.string()).default([]).describe(
      "accounts that may set the quotas of all accounts by IMAP (SETQUOTA, RFC 9208)",
    ),
    submission_users: z.array(z.string()).default([]).describe(
      "accounts by which submission servers elsewhere log in: they may fetch any submit+ URL (RFC 4467)",
    ),
    utf8: z.enum(["accept", "only"]).default("accept").describe(
      "names of mailboxes in UTF-8, for clients that ask for it (UTF8=ACCEPT); only: others are refused " +
        "(UTF8=ONLY, RFC 9755), which most clients of today cannot work with",
    ),
  }).prefault({}).describe("how mail is read by IMAP"),
  ...outboundShape,
  queue: z.strictObject({
    send: z.boolean().default(true).describe(
      "send mail to other servers; false: recipients elsewhere are refused, and what is queued waits",
    ),
    trace: z.boolean().default(true).describe(
      "keep every step of each message for `mail trace`, as long as limits.queue.history_ms",
    ),
  }).prefault({}).describe("the queue of mail that goes out"),
  store: z.strictObject({
    flags: z.enum(["durable", "relaxed"]).default("durable").describe(
      "when a changed flag is acknowledged: on disk, or as soon as others see it, on disk within a second; " +
        "relaxed, a crash may lose the last ones, and a client that keeps copies may not notice",
    ),
    charset: z.string().max(64).default("windows-1252").refine(isFallback, {
      error: "must be a charset that is known here and in which ASCII stands for itself",
    }).describe(
      "how 8-bit text is read that declares no charset and is no UTF-8, for SEARCH, SORT, THREAD and PREVIEW, in " +
        "accounts that have no other (`mail account charset`)",
    ),
  }).prefault({}).describe("how mail is kept"),
  pop3: z.strictObject({
    utf8_headers: z.enum(["refuse", "send"]).default("refuse").describe(
      "a message with UTF-8 in its header, for a client that never said UTF8: refuse it (RFC 6856), or send it",
    ),
  }).prefault({}).describe("how mail is given out by POP3"),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe(
      "least important events to write",
    ),
    format: z.enum(["auto", "json", "text"]).default("auto").describe(
      "on stderr: JSON lines, readable text, or text on a terminal and JSON elsewhere",
    ),
  }).prefault({}).describe("what is written about what happens"),
  limits: limitsSchema,
});

/** The configuration with all defaults in place. */
export type Config = z.output<typeof configSchema>;

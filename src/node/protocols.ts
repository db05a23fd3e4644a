/** Which protocol a listener speaks, and how: the roles of a node, as a table. */
import type { Config, Protocol } from "../config/mod.ts";
import type { Conn } from "../core/conn.ts";
import type { Services } from "../core/services.ts";
import { type ImapSessionLimits, serveImap } from "../imap/mod.ts";
import { serveLmtp } from "../lmtp/mod.ts";
import { servePop3 } from "../pop3/mod.ts";
import { serveSmtp, type SmtpLimits } from "../smtp/mod.ts";
import { smtpPolicy } from "./smtp_policy.ts";

/** Services but for the limits, which each protocol has of its own. */
export type CommonServices = Omit<Services<unknown>, "limits">;

/** A mail protocol on a listener. */
export interface Role {
  readonly tls: "starttls" | "implicit";
  /** RFC 7301 protocol names that may be asked for; others are refused (ALPACA). */
  readonly alpn: readonly string[];
  /** For users: they may log in by a certificate. */
  readonly askClient?: boolean;
  /** What a client hears that may not connect now. */
  readonly refusal: string;
  /** Connections from one address, where the protocol needs more than `limits.net` gives. */
  readonly connectionsPerAddress?: number;
  serve(conn: Conn, services: CommonServices, config: Config): Promise<void>;
}

const SMTP_REFUSAL = "421 4.7.0 Too many connections from you, try again later\r\n";
const IMAP_REFUSAL = "* BYE [UNAVAILABLE] Too many connections from you, try again later\r\n";
const POP3_REFUSAL = "-ERR [SYS/TEMP] Too many connections from you, try again later\r\n";
/** A household or an office is one address, and each of its clients has several connections. */
const IMAP_PER_ADDRESS = 100;

function smtp(kind: "mx" | "submission", tls: Role["tls"]): Role {
  return {
    tls,
    alpn: ["smtp"],
    askClient: kind === "submission",
    refusal: SMTP_REFUSAL,
    serve: (conn, services, config) =>
      serveSmtp(conn, { ...services, limits: smtpLimits(config, config.limits.smtp) }, { kind }),
  };
}

function imap(tls: Role["tls"]): Role {
  return {
    tls,
    alpn: ["imap"],
    askClient: true,
    refusal: IMAP_REFUSAL,
    connectionsPerAddress: IMAP_PER_ADDRESS,
    serve: (conn, services, config) => serveImap(conn, { ...services, limits: imapLimits(config) }),
  };
}

function pop3(tls: Role["tls"]): Role {
  return {
    tls,
    alpn: ["pop3"],
    askClient: true,
    refusal: POP3_REFUSAL,
    serve: (conn, services, { limits, pop3 }) =>
      servePop3(conn, { ...services, limits: { ...limits.pop3, utf8Headers: pop3.utf8_headers } }),
  };
}

function smtpLimits(config: Config, own: Config["limits"]["smtp"]): SmtpLimits {
  const { limits, smtp } = config;
  return {
    ...own,
    messageSize: limits.message_size,
    bareNewline: smtp.bare_newline,
    senderMustMatch: smtp.sender_must_match,
    fromMustMatch: smtp.from_must_match,
    policy: smtpPolicy(config),
  };
}

function imapLimits({ limits, imap }: Config): ImapSessionLimits {
  const { session, before_login: beforeLogin, after_login: afterLogin } = limits.imap;
  return {
    ...session,
    administrators: imap.administrators,
    submissionUsers: imap.submission_users,
    utf8Only: imap.utf8 === "only",
    beforeLogin,
    afterLogin: { ...afterLogin, append: limits.message_size },
  };
}

/** Every protocol that workers speak. */
export const ROLES: Readonly<Record<Exclude<Protocol, "http">, Role>> = {
  smtp: smtp("mx", "starttls"),
  submission: smtp("submission", "starttls"),
  submissions: smtp("submission", "implicit"),
  lmtp: {
    tls: "starttls",
    alpn: [],
    refusal: SMTP_REFUSAL,
    serve: (conn, services, config) =>
      serveLmtp(conn, { ...services, limits: smtpLimits(config, config.limits.lmtp) }),
  },
  imap: imap("starttls"),
  imaps: imap("implicit"),
  pop3: pop3("starttls"),
  pop3s: pop3("implicit"),
};

/** Which protocol a listener speaks, and how: the roles of a node, as a table. */
import type { Protocol } from "../config/mod.ts";
import type { Config } from "../config/mod.ts";
import type { Conn } from "../core/conn.ts";
import type { Services } from "../core/services.ts";
import { serveImap } from "../imap/mod.ts";
import { serveLmtp } from "../lmtp/mod.ts";
import { servePop3 } from "../pop3/mod.ts";
import { serveSmtp } from "../smtp/mod.ts";

/** Services but for the limits, which each protocol has of its own. */
export type CommonServices = Omit<Services<unknown>, "limits">;

/** A mail protocol on a listener. */
export interface Role {
  readonly tls: "starttls" | "implicit";
  /** RFC 7301 protocol names that may be asked for; others are refused (ALPACA). */
  readonly alpn: readonly string[];
  /** The name of its limits in the configuration. */
  readonly limits: "smtp" | "lmtp" | "imap" | "pop3";
  /** What a client hears that may not connect now. */
  readonly refusal: string;
  serve(conn: Conn, services: CommonServices, config: Config): Promise<void>;
}

const SMTP_REFUSAL = "421 4.7.0 Too many connections from you, try again later\r\n";
const IMAP_REFUSAL = "* BYE [UNAVAILABLE] Too many connections from you, try again later\r\n";
const POP3_REFUSAL = "-ERR [SYS/TEMP] Too many connections from you, try again later\r\n";

function smtp(kind: "mx" | "submission", tls: Role["tls"]): Role {
  return {
    tls,
    alpn: kind === "mx" ? [] : ["smtp"],
    limits: "smtp",
    refusal: SMTP_REFUSAL,
    serve: (conn, services, { limits, smtp }) =>
      serveSmtp(conn, { ...services, limits: limits.smtp }, { kind, bareNewline: smtp.bare_newline }),
  };
}

function imap(tls: Role["tls"]): Role {
  return {
    tls,
    alpn: ["imap"],
    limits: "imap",
    refusal: IMAP_REFUSAL,
    serve: (conn, services, { limits }) => serveImap(conn, { ...services, limits: limits.imap }),
  };
}

function pop3(tls: Role["tls"]): Role {
  return {
    tls,
    alpn: ["pop3"],
    limits: "pop3",
    refusal: POP3_REFUSAL,
    serve: (conn, services, { limits }) => servePop3(conn, { ...services, limits: limits.pop3 }),
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
    limits: "lmtp",
    refusal: SMTP_REFUSAL,
    serve: (conn, services, { limits, smtp }) =>
      serveLmtp(conn, { ...services, limits: limits.lmtp }, { bareNewline: smtp.bare_newline }),
  },
  imap: imap("starttls"),
  imaps: imap("implicit"),
  pop3: pop3("starttls"),
  pop3s: pop3("implicit"),
};

import type { MailAddress } from "../core/directory.ts";

/** A reverse-path or forward-path (RFC 5321 §4.1.2), its source route dropped (§4.1.1.3, appendix C). */
export interface Path {
  /** Undefined: the null path `<>`. A domain of "" stands only in `<postmaster>` (RFC 5321 §4.5.1). */
  readonly address: MailAddress | undefined;
  /** True when it holds octets outside ASCII: it needs SMTPUTF8 (RFC 6531). */
  readonly utf8: boolean;
}

/** What BODY= announces (RFC 6152, RFC 3030). */
export type BodyType = "7BIT" | "8BITMIME" | "BINARYMIME";

/** Parameters of MAIL. */
export interface MailParameters {
  /** RFC 1870: the message's size in octets as the client thinks; 0 when it did not say. */
  readonly size: number;
  /** RFC 6152. */
  readonly body: BodyType;
  /** RFC 6531. */
  readonly smtputf8: boolean;
  /** RFC 4954 §5: who submitted it, as the client says; `<>` is "". Checked, and not believed. */
  readonly auth: string | undefined;
  /** Keywords of those extensions that a client may use only where they are announced. */
  readonly uses: readonly string[];
  /** RFC 3461 §4.3. */
  readonly ret: "full" | "headers" | undefined;
  /** RFC 3461 §4.4, decoded. */
  readonly envid: string | undefined;
  /** RFC 8689. */
  readonly requireTls: boolean;
  /** RFC 4865: seconds from now, or milliseconds since the epoch. */
  readonly hold: { readonly seconds: number } | { readonly until: number } | undefined;
  /** RFC 2852: seconds from now, perhaps negative. */
  readonly by:
    | { readonly seconds: number; readonly mode: "return" | "notify"; readonly trace: boolean }
    | undefined;
  /** RFC 6710: -9..9. */
  readonly priority: number | undefined;
  /** RFC 3865: what class of solicitation it is. */
  readonly solicit: readonly string[];
  /** Postfix's XVERP: the two delimiters. */
  readonly verp: string | undefined;
}

/** A MAIL without parameters. */
export const NO_PARAMETERS: MailParameters = {
  size: 0,
  body: "7BIT",
  smtputf8: false,
  auth: undefined,
  uses: [],
  ret: undefined,
  envid: undefined,
  requireTls: false,
  hold: undefined,
  by: undefined,
  priority: undefined,
  solicit: [],
  verp: undefined,
};

/** Parameters of RCPT (RFC 3461 §4). */
export interface RcptParameters {
  /** As in MailParameters. */
  readonly uses: readonly string[];
  /** Bits of core's Notify; undefined when the client did not say. */
  readonly notify: number | undefined;
  /** `addr-type;address`, decoded. */
  readonly originalRecipient: string | undefined;
}

/** A RCPT without parameters. */
export const NO_RCPT_PARAMETERS: RcptParameters = {
  uses: [],
  notify: undefined,
  originalRecipient: undefined,
};

/** What XCLIENT and XFORWARD tell, by the attribute's name; undefined: not known (`[UNAVAILABLE]`). */
export type PeerAttributes = ReadonlyMap<string, string | undefined>;

/** A command whose grammar was right. */
export type Command =
  | { readonly name: "EHLO" | "HELO" | "LHLO"; readonly domain: string }
  | { readonly name: "MAIL"; readonly from: Path; readonly parameters: MailParameters }
  | { readonly name: "RCPT"; readonly to: Path; readonly parameters: RcptParameters }
  /** The parser reads the chunk's octets by itself: whatever the answer is, they are never commands. */
  | { readonly name: "BDAT"; readonly size: number; readonly last: boolean }
  /** A chunk that we fetch (RFC 4468). */
  | { readonly name: "BURL"; readonly url: string; readonly last: boolean }
  | { readonly name: "AUTH"; readonly mechanism: string; readonly initial: Uint8Array | undefined }
  /** `text` as it came: an address, with or without brackets, or a name. */
  | { readonly name: "VRFY" | "EXPN"; readonly text: string }
  | { readonly name: "ETRN"; readonly text: string }
  | { readonly name: "XCLIENT" | "XFORWARD"; readonly attributes: PeerAttributes }
  | { readonly name: "DATA" | "RSET" | "NOOP" | "QUIT" | "HELP" | "STARTTLS" };

/** What the protocol says about a command. */
export interface Rule {
  /** Where it is written. */
  readonly rfc: string;
  /** Its greeting must have come (RFC 5321 §4.1.4). */
  readonly afterHello: boolean;
  /** `open`: only with a transaction; `none`: only without; `any`: it does not matter. */
  readonly transaction: "open" | "none" | "any";
  /** Where the client must have authenticated first: on the submission ports (RFC 6409 §4.3, RFC 4954 §4). */
  readonly needsAuth: boolean;
  /** It moves no message; too many of them without one end the connection. */
  readonly idle: boolean;
}

/** What is allowed when. */
export const COMMANDS = {
  EHLO: { rfc: "5321 §4.1.1.1", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  HELO: { rfc: "5321 §4.1.1.1", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  LHLO: { rfc: "2033 §4.1", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  MAIL: { rfc: "5321 §4.1.1.2", afterHello: true, transaction: "none", needsAuth: true, idle: true },
  RCPT: { rfc: "5321 §4.1.1.3", afterHello: true, transaction: "open", needsAuth: true, idle: false },
  DATA: { rfc: "5321 §4.1.1.4", afterHello: true, transaction: "open", needsAuth: true, idle: false },
  BDAT: { rfc: "3030 §2", afterHello: true, transaction: "open", needsAuth: true, idle: false },
  BURL: { rfc: "4468 §3", afterHello: true, transaction: "open", needsAuth: true, idle: true },
  RSET: { rfc: "5321 §4.1.1.5", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  VRFY: { rfc: "5321 §4.1.1.6", afterHello: false, transaction: "any", needsAuth: true, idle: true },
  EXPN: { rfc: "5321 §4.1.1.7", afterHello: false, transaction: "any", needsAuth: true, idle: true },
  ETRN: { rfc: "1985 §5", afterHello: true, transaction: "none", needsAuth: true, idle: true },
  HELP: { rfc: "5321 §4.1.1.8", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  NOOP: { rfc: "5321 §4.1.1.9", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  QUIT: { rfc: "5321 §4.1.1.10", afterHello: false, transaction: "any", needsAuth: false, idle: true },
  STARTTLS: { rfc: "3207 §4", afterHello: false, transaction: "none", needsAuth: false, idle: true },
  AUTH: { rfc: "4954 §4", afterHello: true, transaction: "none", needsAuth: false, idle: true },
  // Postfix's XCLIENT_README and XFORWARD_README are what defines these two.
  XCLIENT: { rfc: "", afterHello: false, transaction: "none", needsAuth: false, idle: true },
  XFORWARD: { rfc: "", afterHello: true, transaction: "none", needsAuth: false, idle: true },
} as const satisfies Record<Command["name"], Rule>;

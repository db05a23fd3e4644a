/** A command whose grammar holds. Message numbers are 1-based and not yet looked up. */
export type Command =
  | { readonly name: "USER"; readonly user: string }
  | { readonly name: "PASS"; readonly password: string }
  /** `mechanism` in capitals. `initial` is base64, not yet decoded: `=` is no octets, undefined none sent. */
  | { readonly name: "AUTH"; readonly mechanism: string; readonly initial: string | undefined }
  | { readonly name: "STLS" }
  | { readonly name: "CAPA" }
  | { readonly name: "UTF8" }
  | { readonly name: "LANG"; readonly range: string | undefined }
  | { readonly name: "STAT" }
  | { readonly name: "LIST"; readonly message: number | undefined }
  | { readonly name: "UIDL"; readonly message: number | undefined }
  | { readonly name: "RETR"; readonly message: number }
  | { readonly name: "TOP"; readonly message: number; readonly lines: number }
  | { readonly name: "DELE"; readonly message: number }
  | { readonly name: "NOOP" }
  | { readonly name: "RSET" }
  | { readonly name: "QUIT" };

/** A command's keyword. */
export type CommandName = Command["name"];

/** The states of RFC 1939 §3 in which commands come; UPDATE takes none. */
export type State = "authorization" | "transaction";

/** What the protocol says about a command. */
export interface Rule {
  readonly states: readonly State[];
  readonly rfc: string;
}

/** Every command, where it is allowed and where that is written. APOP is not offered: it needs passwords in clear. */
export const COMMANDS = {
  USER: { states: ["authorization"], rfc: "1939 §7" },
  PASS: { states: ["authorization"], rfc: "1939 §7" },
  AUTH: { states: ["authorization"], rfc: "5034 §4" },
  STLS: { states: ["authorization"], rfc: "2595 §4" },
  UTF8: { states: ["authorization"], rfc: "6856 §2.1" },
  CAPA: { states: ["authorization", "transaction"], rfc: "2449 §5" },
  LANG: { states: ["authorization", "transaction"], rfc: "6856 §3.2" },
  QUIT: { states: ["authorization", "transaction"], rfc: "1939 §4, §6" },
  STAT: { states: ["transaction"], rfc: "1939 §5" },
  LIST: { states: ["transaction"], rfc: "1939 §5" },
  UIDL: { states: ["transaction"], rfc: "1939 §7" },
  RETR: { states: ["transaction"], rfc: "1939 §5" },
  TOP: { states: ["transaction"], rfc: "1939 §7" },
  DELE: { states: ["transaction"], rfc: "1939 §5" },
  NOOP: { states: ["transaction"], rfc: "1939 §5" },
  RSET: { states: ["transaction"], rfc: "1939 §5" },
} as const satisfies Record<CommandName, Rule>;

/** Rights in mailboxes (RFC 4314 §2), as a set of bits. */

/** The standard rights of RFC 4314 §2.1, and `n` of RFC 5257 §6. */
export const Right = {
  /** The mailbox is seen in LIST. */
  Lookup: 1,
  /** SELECT, EXAMINE, STATUS and all that reads messages. */
  Read: 2,
  /** \Seen. */
  Seen: 4,
  /** All flags but \Seen and \Deleted. */
  Write: 8,
  /** APPEND and COPY into it. */
  Insert: 16,
  /** Mail may be sent to it; IMAP does not look at it. */
  Post: 32,
  /** Mailboxes may be made below it. */
  Create: 64,
  /** DELETE, RENAME. */
  Delete: 128,
  /** \Deleted. */
  DeleteMessages: 256,
  /** EXPUNGE. */
  Expunge: 512,
  /** Shared annotations of messages. */
  Annotate: 1024,
  /** The list itself may be read and changed. */
  Administer: 2048,
} as const;

/** Letters in the order of the bits. */
const LETTERS = "lrswipkxtena";

/** What the owner of a mailbox has. */
export const ALL_RIGHTS = (1 << LETTERS.length) - 1;

/** Without any of these, not even MYRIGHTS may tell that a mailbox is there (RFC 4314 §4). */
export const ANY_RIGHT = Right.Lookup | Right.Read | Right.Insert | Right.Create | Right.Delete |
  Right.Administer;

/** What the letters of RFC 2086 stand for (RFC 4314 §2.1.1). */
const CREATE = Right.Create | Right.Delete, DELETE = Right.DeleteMessages | Right.Expunge;

/** One line of a mailbox's access control list. */
export interface AclEntry {
  /** An address, or `@domain` for each account of it; with a `-` before it, its rights are taken away. */
  readonly identifier: string;
  /** Bits of Right. */
  readonly rights: number;
}

/** Which flags somebody may set and clear. */
export interface AllowedFlags {
  /** Bits of store.ts Flag. */
  readonly flags: number;
  readonly keywords: boolean;
}

/** Reads letters; `c` and `d` stand for what they became. Undefined where one is no right. */
export function parseRights(text: string): number | undefined {
  let rights = 0;
  for (const letter of text) {
    const at = LETTERS.indexOf(letter);
    if (at >= 0) rights |= 1 << at;
    else if (letter === "c") rights |= CREATE;
    else if (letter === "d") rights |= DELETE;
    else return undefined;
  }
  return rights;
}

/** The letters of some rights. */
export function formatRights(rights: number): string {
  let text = "";
  for (let at = 0; at < LETTERS.length; at++) if (rights & 1 << at) text += LETTERS[at];
  return text;
}

/** The same with `c` and `d` for clients of RFC 2086, as every response has them (RFC 4314 §2.1.1). */
export function tellRights(rights: number): string {
  return formatRights(rights) + (rights & CREATE ? "c" : "") + (rights & DELETE ? "d" : "");
}

/** Under which identifiers a list may mean an account with this address. */
export function identifiersOf(address: string): readonly string[] {
  const domain = address.slice(address.lastIndexOf("@"));
  return [address, domain, `-${address}`, `-${domain}`];
}

/** What an account has by those entries of a list that mean it: everything granted, less what is taken away. */
export function rightsBy(entries: readonly AclEntry[]): number {
  let granted = 0, taken = 0;
  for (const { identifier, rights } of entries) {
    if (identifier.startsWith("-")) taken |= rights;
    else granted |= rights;
  }
  return granted & ~taken;
}

/** The flags that rights allow to change (RFC 4314 §4): `s`, `t`, and `w` for the others. */
export function allowedFlags(rights: number): AllowedFlags {
  const keywords = (rights & Right.Write) !== 0;
  return {
    // Flag.Seen, Flag.Deleted; Flag.Answered, Flag.Flagged, Flag.Draft.
    flags: (rights & Right.Seen ? 1 : 0) | (rights & Right.DeleteMessages ? 8 : 0) |
      (keywords ? 2 | 4 | 16 : 0),
    keywords,
  };
}

/** The local part of the account that holds the mailboxes of a domain that belong to nobody; none logs in to it. */
export const SHARED_OWNER = "#shared";

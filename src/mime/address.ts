/** Address lists (RFC 5322 §3.4, obsolete forms §4.4), groups and comments: one iterative, bounded pass. */
import { Lexer } from "./lexer.ts";
import { ADDRESSES } from "./limits.ts";

/** One member of an address list. All strings are octet strings with their quoting removed. */
export type Address =
  | {
    readonly kind: "mailbox";
    /** The display name; without one, the comment behind the address. */
    readonly name: string | undefined;
    /** The obsolete source route, `@a,@b`. */
    readonly route: string | undefined;
    /** Undefined when the address has none. */
    readonly local: string | undefined;
    readonly domain: string | undefined;
  }
  /** A group begins; its members follow up to `group-end`. */
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "group-end" };

/** A run of words as a phrase (words apart) and as a local part (words joined). */
interface Words {
  readonly phrase: string;
  readonly joined: string;
  readonly count: number;
  /** Some of them were quoted. */
  readonly quoted: boolean;
  readonly comment: string | undefined;
}

/**
 * address-list, read from an unfolded value. Never fails: what is no address comes out as a mailbox that
 * lacks a part. At most ADDRESSES members.
 */
export function parseAddressList(value: Uint8Array): readonly Address[] {
  const list: Address[] = [];
  const lexer = new Lexer(value);
  let inGroup = false;
  while (list.length < ADDRESSES) {
    const words = readWords(lexer);
    const c = lexer.peek();
    if (c === 0x3a && !inGroup) {
      lexer.pos++;
      inGroup = true;
      list.push({ kind: "group", name: words.phrase });
      continue;
    }
    if (c === 0x3c) list.push(angleAddress(lexer, words.phrase));
    else if (c === 0x40) list.push(bareAddress(lexer, words));
    else if (c === 0x3a) {
      lexer.pos++; // a colon inside a group: what stood before it is lost anyway
      continue;
    } else if (words.count > 0) list.push(lonely(words));
    const stop = skipToSeparator(lexer);
    if (stop < 0) break;
    if (stop === 0x3b && inGroup) {
      inGroup = false;
      list.push({ kind: "group-end" });
    }
  }
  if (inGroup) list.push({ kind: "group-end" });
  return list;
}

/** Words up to a special that matters (`<`, `@`, `,`, `;`, `:` or the end); others count as text. */
function readWords(lexer: Lexer): Words {
  let phrase = "";
  let joined = "";
  let count = 0;
  let quoted = false;
  let comment: string | undefined;
  for (;;) {
    const space = lexer.skipCfws();
    comment = lexer.comment ?? comment;
    const c = lexer.peek();
    if (c < 0 || c === 0x3c || c === 0x40 || c === 0x2c || c === 0x3b || c === 0x3a) break;
    let word: string;
    if (c === 0x22) {
      word = lexer.quotedString();
      quoted = true;
    } else {
      word = lexer.atom();
      if (word === "") {
        word = String.fromCharCode(c);
        lexer.pos++;
      }
    }
    phrase += space && phrase !== "" ? " " + word : word;
    joined += word;
    count += space || count === 0 ? 1 : 0;
  }
  return { phrase, joined, count, quoted, comment };
}

/** [display-name] "<" [route] addr-spec ">" */
function angleAddress(lexer: Lexer, phrase: string): Address {
  lexer.pos++;
  lexer.skipCfws();
  let route: string | undefined;
  if (lexer.peek() === 0x40) route = readRoute(lexer);
  const local = readLocal(lexer);
  let domain: string | undefined;
  if (lexer.peek() === 0x40) {
    lexer.pos++;
    domain = readDomain(lexer);
  }
  while (lexer.peek() >= 0 && lexer.peek() !== 0x3e) {
    // `<a@b, c@d` without its end: stop at the separator so that the next address is not lost.
    if (lexer.peek() === 0x2c || lexer.peek() === 0x3b) break;
    lexer.pos++;
  }
  if (lexer.peek() === 0x3e) lexer.pos++;
  lexer.skipCfws();
  const name = phrase === "" ? lexer.comment : phrase;
  return { kind: "mailbox", name: name === "" ? undefined : name, route, local: local || undefined, domain };
}

/** obs-route: `@a,@b:` (RFC 5322 §4.4). */
function readRoute(lexer: Lexer): string {
  let route = "";
  for (let c = lexer.peek(); c >= 0 && c !== 0x3a && c !== 0x3e; c = lexer.peek()) {
    if (lexer.skipCfws()) continue;
    const atom = lexer.atom();
    if (atom === "") {
      route += String.fromCharCode(c);
      lexer.pos++;
    } else route += atom;
  }
  if (lexer.peek() === 0x3a) lexer.pos++;
  lexer.skipCfws();
  return route;
}

/**
 * Words of a local part inside angle brackets, up to `@`, `>` or a separator. White space around dots goes
 * (obs-local-part, RFC 5322 §4.4); between words, where it is an error, one space stays.
 */
function readLocal(lexer: Lexer): string {
  let local = "";
  for (;;) {
    const space = lexer.skipCfws();
    const c = lexer.peek();
    if (c < 0 || c === 0x40 || c === 0x3e || c === 0x2c || c === 0x3b) return local;
    if (space && local !== "" && !local.endsWith(".") && c !== 0x2e) local += " ";
    if (c === 0x22) local += lexer.quotedString();
    else {
      const atom = lexer.atom();
      if (atom === "") {
        local += String.fromCharCode(c);
        lexer.pos++;
      } else local += atom;
    }
  }
}

/** domain = dot-atom / domain-literal, with white space around the dots (obs-domain). */
function readDomain(lexer: Lexer): string {
  let domain = "";
  let comment: string | undefined;
  for (;;) {
    const space = lexer.skipCfws();
    comment = lexer.comment ?? comment;
    const c = lexer.peek();
    if (c === 0x2e) {
      domain += ".";
      lexer.pos++;
    } else if (c === 0x5b && domain === "") domain = lexer.domainLiteral();
    else {
      if (space && domain !== "" && !domain.endsWith(".")) break;
      const atom = lexer.atom();
      if (atom === "") break;
      domain += atom;
    }
  }
  lexer.comment = comment;
  return domain;
}

/** addr-spec without brackets; a comment behind it is its name. `a@b <c@d>` is the mailbox c@d named a@b. */
function bareAddress(lexer: Lexer, words: Words): Address {
  lexer.pos++;
  const domain = readDomain(lexer);
  const comment = lexer.comment ?? words.comment;
  if (lexer.peek() === 0x3c) return angleAddress(lexer, `${words.joined}@${domain}`);
  return {
    kind: "mailbox",
    name: comment === "" ? undefined : comment,
    route: undefined,
    local: words.joined || undefined,
    domain: domain || undefined,
  };
}

/** Words without an address: one word is a local user, several or quoted ones are a name. */
function lonely(words: Words): Address {
  const one = words.count === 1 && !words.quoted;
  return {
    kind: "mailbox",
    name: one ? words.comment : words.phrase,
    route: undefined,
    local: one ? words.joined : undefined,
    domain: undefined,
  };
}

/** Passes everything up to and with the next `,` or `;`; answers which, or -1 at the end. */
function skipToSeparator(lexer: Lexer): number {
  for (;;) {
    lexer.skipCfws();
    const c = lexer.peek();
    if (c < 0) return -1;
    if (c === 0x22) lexer.quotedString();
    else {
      lexer.pos++;
      if (c === 0x2c || c === 0x3b) return c;
    }
  }
}

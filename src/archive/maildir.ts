/** Maildir file names (Bernstein's Maildir, with the folders of Maildir++): flags and what stands in them. */
import { Flag } from "../core/store.ts";

/** Letters of a name's info part and the flags that they are. */
const LETTERS: readonly (readonly [letter: string, flag: number])[] = [
  ["D", Flag.Draft],
  ["F", Flag.Flagged],
  ["R", Flag.Answered],
  ["S", Flag.Seen],
  ["T", Flag.Deleted],
];
/** `P`: passed on, which is a keyword in IMAP (RFC 5788). */
const PASSED = "P", FORWARDED = "$Forwarded";
/** Letters that stand for a folder's own keywords, as Dovecot's file `dovecot-keywords` numbers them from 0. */
const FIRST_KEYWORD = 97, KEYWORDS = 26;

/** What a name says of its message. */
export interface MaildirFlags {
  /** Bits of Flag. */
  readonly flags: number;
  readonly keywords: readonly string[];
}

/** Reads `…:2,FLAGS`; letters that nobody knows are passed over. `keywords`: of the folder, by number. */
export function flagsOfName(name: string, keywords: readonly (string | undefined)[] = []): MaildirFlags {
  const info = name.lastIndexOf(":2,");
  const letters = info < 0 ? "" : name.slice(info + 3);
  let flags = 0;
  const found: string[] = [];
  for (const letter of letters) {
    flags |= LETTERS.find(([one]) => one === letter)?.[1] ?? 0;
    const keyword = letter === PASSED ? FORWARDED : keywords[letter.charCodeAt(0) - FIRST_KEYWORD];
    if (keyword !== undefined && !found.includes(keyword)) found.push(keyword);
  }
  return { flags, keywords: found };
}

/** The info part of a name: `:2,` and the flags' letters in alphabetic order. `keywords`: of the folder. */
export function infoOf({ flags, keywords }: MaildirFlags, all: readonly string[]): string {
  const letters = LETTERS.filter(([, flag]) => (flags & flag) !== 0).map(([letter]) => letter);
  for (const keyword of keywords) {
    const at = all.indexOf(keyword);
    if (keyword.toLowerCase() === FORWARDED.toLowerCase()) letters.push(PASSED);
    else if (at >= 0 && at < KEYWORDS) letters.push(String.fromCharCode(FIRST_KEYWORD + at));
  }
  return `:2,${letters.sort().join("")}`;
}

/** Reads `dovecot-keywords`: a number and a keyword a line. */
export function readKeywords(text: string): readonly (string | undefined)[] {
  const keywords: (string | undefined)[] = [];
  for (const line of text.split("\n")) {
    const match = /^(\d{1,2}) (\S+)$/.exec(line.trim());
    if (match !== null && Number(match[1]) < KEYWORDS) keywords[Number(match[1])] = match[2];
  }
  return keywords;
}

/** What `readKeywords` reads. */
export function writeKeywords(keywords: readonly string[]): string {
  return keywords.slice(0, KEYWORDS).map((keyword, i) => `${i} ${keyword}\n`).join("");
}

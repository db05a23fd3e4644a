/** date-time (RFC 5322 §3.3, obsolete forms §4.3), as tolerant as mail needs it. */
import { latin1, octetsOf } from "../bytes/ascii.ts";
import { unfold } from "./field.ts";
import { Lexer } from "./lexer.ts";

/** A date as it was written and as a point in time. */
export interface MailDate {
  /** Milliseconds since the epoch. */
  readonly epochMs: number;
  /** `YYYY-MM-DD` as written, whatever the zone: SENTON disregards time and zone (RFC 9051 §6.4.4). */
  readonly date: string;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Obsolete zones in minutes (RFC 5322 §4.3); military letters and unknown names count as UTC. */
const ZONES: ReadonlyMap<string, number> = new Map([
  ["ut", 0],
  ["utc", 0],
  ["gmt", 0],
  ["z", 0],
  ["est", -300],
  ["edt", -240],
  ["cst", -360],
  ["cdt", -300],
  ["mst", -420],
  ["mdt", -360],
  ["pst", -480],
  ["pdt", -420],
  ["cet", 60],
  ["cest", 120],
  ["bst", 60],
  ["jst", 540],
]);
/** No date is written with more; the rest is not looked at. */
const LENGTH = 256;
const WORDS = 12;

/**
 * Reads a Date field's value: day name optional, comments skipped, two- and three-digit years, missing time
 * or zone, named zones, `Jan 2 2006` and `2006-01-02T15:04:05Z` as well. Undefined when no day can be made
 * out of it.
 */
export function parseDate(value: Uint8Array | string): MailDate | undefined {
  const usual = typeof value === "string" ? undefined : usualDate(value);
  if (usual !== undefined) return usual;
  const octets = unfold(
    typeof value === "string" ? octetsOf(value.slice(0, LENGTH)) : value.subarray(0, LENGTH),
  );
  const words = wordsOf(octets);
  const first = words.findIndex((word) => isDigit(word.charCodeAt(0)));
  const named = words.findIndex((word) => monthOf(word) > 0);
  const day = named < 0 ? isoDay(words[first]) : namedDay(words, named);
  if (day === undefined) return undefined;
  const { year, month, dayOfMonth, rest } = day;
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysIn(year, month)) return undefined;
  const clock = rest.length > 0 ? rest : words.slice(first + 1);
  const time = timeOf(clock);
  const zone = zoneOf(clock);
  const epochMs = Date.UTC(year, month - 1, dayOfMonth, time.hour, time.minute, time.second) - zone * 60_000;
  return { epochMs, date: `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}` };
}

/** Bit patterns of the months' lower-case letters, as `usualDate` reads them. */
const MONTH_KEYS: ReadonlyMap<number, number> = new Map(
  MONTHS.map((name, i) => [name.charCodeAt(0) << 16 | name.charCodeAt(1) << 8 | name.charCodeAt(2), i + 1]),
);

/** `[Tue, ]3 Feb 2026 10:00:00 +0100`, to the letter: what nearly all mail has, without a string. */
function usualDate(value: Uint8Array): MailDate | undefined {
  let at = value[3] === 0x2c && value[4] === 0x20 ? 5 : 0;
  const dayDigits = value[at + 1] === 0x20 ? 1 : 2;
  const dayOfMonth = digits(value, at, dayDigits);
  at += dayDigits;
  if (value.length !== at + 24 || value[at] !== 0x20 || value[at + 4] !== 0x20 || value[at + 9] !== 0x20) {
    return undefined;
  }
  if (value[at + 12] !== 0x3a || value[at + 15] !== 0x3a || value[at + 18] !== 0x20) return undefined;
  const month = MONTH_KEYS.get(
    (value[at + 1]! | 32) << 16 | (value[at + 2]! | 32) << 8 | value[at + 3]! | 32,
  );
  const year = digits(value, at + 5, 4);
  const hour = digits(value, at + 10, 2);
  const minute = digits(value, at + 13, 2);
  const second = digits(value, at + 16, 2);
  const zone = digits(value, at + 20, 4);
  const sign = value[at + 19] === 0x2b ? 1 : value[at + 19] === 0x2d ? -1 : 0;
  if (
    month === undefined || sign === 0 || year < 1000 || hour < 0 || hour > 23 || minute < 0 || minute > 59
  ) return undefined;
  if (
    second < 0 || second > 59 || zone < 0 || zone >= 2400 || dayOfMonth < 1 ||
    dayOfMonth > daysIn(year, month)
  ) return undefined;
  const east = sign * (Math.floor(zone / 100) * 60 + zone % 100);
  const epochMs = Date.UTC(year, month - 1, dayOfMonth, hour, minute, second) - east * 60_000;
  return { epochMs, date: `${year}-${pad(month, 2)}-${pad(dayOfMonth, 2)}` };
}

/** A number of exactly so many digits; -1 when there are others. */
function digits(octets: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = (octets[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Words between white space, commas and comments. `T` between a date and a time parts them too. */
function wordsOf(octets: Uint8Array): string[] {
  const lexer = new Lexer(octets);
  const words: string[] = [];
  while (words.length < WORDS) {
    lexer.skipCfws();
    const c = lexer.peek();
    if (c < 0) break;
    const start = lexer.pos;
    while (lexer.peek() > 0x20 && lexer.peek() !== 0x2c && lexer.peek() !== 0x28) lexer.pos++;
    if (lexer.pos === start) lexer.pos++;
    else pushWord(words, latin1(octets, start, lexer.pos).toLowerCase());
  }
  return words;
}

function pushWord(words: string[], word: string): void {
  const last = words[words.length - 1];
  // obs-hour, obs-minute (RFC 5322 §4.3): white space and comments around the colons.
  if (last !== undefined && (word.startsWith(":") || last.endsWith(":"))) {
    words[words.length - 1] = last + word;
    return;
  }
  const t = word.indexOf("t");
  if (t === 10 && isDigit(word.charCodeAt(0)) && word[4] === "-") {
    words.push(word.slice(0, t), word.slice(t + 1));
  } else if (isDigit(word.charCodeAt(0)) && !word.includes(":") && word.includes("-") && word[4] !== "-") {
    words.push(...word.split("-", 3)); // 2-Jan-2006
  } else words.push(word);
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
  /** The words behind the date; empty when they are to be looked for elsewhere. */
  readonly rest: readonly string[];
}

/** `2 Jan 2006 …`, `Jan 2 2006 …` and ctime's `Jan 2 15:04:05 2006`. */
function namedDay(words: readonly string[], named: number): Day | undefined {
  const month = monthOf(words[named]!);
  const before = named > 0 ? numberOf(words[named - 1]!) : undefined;
  const dayOfMonth = before ?? numberOf(words[named + 1] ?? "");
  if (dayOfMonth === undefined) return undefined;
  const from = before === undefined ? named + 2 : named + 1;
  for (let i = from; i < words.length; i++) {
    const year = numberOf(words[i]!);
    if (year === undefined) continue;
    return {
      year: fullYear(year, words[i]!.length),
      month,
      dayOfMonth,
      rest: words.filter((_, at) => at >= from && at !== i),
    };
  }
  return undefined;
}

/** `2006-01-02`. */
function isoDay(word: string | undefined): Day | undefined {
  if (word === undefined || word.length !== 10 || word[4] !== "-" || word[7] !== "-") return undefined;
  const [year, month, dayOfMonth] = word.split("-").map(numberOf);
  if (year === undefined || month === undefined || dayOfMonth === undefined) return undefined;
  return { year, month, dayOfMonth, rest: [] };
}

/** RFC 5322 §4.3: 00–49 are 2000–2049, other two- and three-digit years are from 1900. */
function fullYear(year: number, digits: number): number {
  if (digits <= 2) return year < 50 ? year + 2000 : year + 1900;
  return digits === 3 ? year + 1900 : year;
}

function monthOf(word: string): number {
  return word.length < 3 ? 0 : MONTHS.indexOf(word.slice(0, 3)) + 1;
}

/** `hh:mm[:ss]`; midnight when there is none. A leap second is the second before. */
function timeOf(words: readonly string[]): { hour: number; minute: number; second: number } {
  for (const word of words) {
    if (!word.includes(":") || !isDigit(word.charCodeAt(0))) continue;
    const [hour, minute, second] = word.split(":", 3).map((piece) => leading(piece));
    const time = { hour: hour ?? 0, minute: minute ?? 0, second: Math.min(second ?? 0, 59) };
    if (time.hour < 24 && time.minute < 60) return time;
  }
  return { hour: 0, minute: 0, second: 0 };
}

/** Minutes east of UTC. `+hhmm`, `+hh:mm`, at the end of the time too, or a name. */
function zoneOf(words: readonly string[]): number {
  for (const word of words) {
    const sign = Math.max(word.lastIndexOf("+"), word.lastIndexOf("-"));
    if (sign >= 0 && isDigit(word.charCodeAt(sign + 1))) {
      const digits = word.slice(sign + 1).replaceAll(":", "").slice(0, 4);
      const value = leading(digits);
      const minutes = digits.length <= 2 ? value * 60 : Math.floor(value / 100) * 60 + value % 100;
      return minutes >= 24 * 60 ? 0 : word[sign] === "-" ? -minutes : minutes;
    }
    const named = ZONES.get(word) ?? ZONES.get(/^[a-z]+(?=\d[a-z])/.exec(word)?.[0] ?? ""); // EST5EDT
    if (named !== undefined) return named;
  }
  return 0;
}

/** A word of 1 to 4 digits only. */
function numberOf(word: string): number | undefined {
  if (word.length === 0 || word.length > 4) return undefined;
  for (let i = 0; i < word.length; i++) if (!isDigit(word.charCodeAt(i))) return undefined;
  return Number(word);
}

/** The digits that a word begins with; 0 when there are none. */
function leading(word: string): number {
  let value = 0;
  for (let i = 0; i < word.length && i < 6 && isDigit(word.charCodeAt(i)); i++) {
    value = value * 10 + word.charCodeAt(i) - 0x30;
  }
  return value;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

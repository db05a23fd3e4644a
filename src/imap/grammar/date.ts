/** Dates: RFC 9051 §9. */
import type { Cursor } from "./cursor.ts";
import { DIGIT } from "./octets.ts";
import { decimal } from "./string.ts";

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * date = date-text / DQUOTE date-text DQUOTE
 * date-text = date-day "-" date-month "-" date-year
 *
 * As `YYYY-MM-DD`. The day must exist.
 */
export function date(c: Cursor): string | undefined {
  const isQuoted = c.take(0x22);
  const day = digits(c, 1, 2);
  if (day === undefined) return undefined;
  const rest = monthAndYear(c, day);
  if (rest === undefined || (isQuoted && !c.expect(0x22))) return undefined;
  const month = String(rest.month + 1).padStart(2, "0");
  return `${String(rest.year).padStart(4, "0")}-${month}-${String(day).padStart(2, "0")}`;
}

/**
 * date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 * date-day-fixed = (SP DIGIT) / 2DIGIT
 * time = 2DIGIT ":" 2DIGIT ":" 2DIGIT
 * zone = ("+" / "-") 4DIGIT
 *
 * As milliseconds since the epoch. A leap second is taken as the second before it.
 */
export function dateTime(c: Cursor): number | undefined {
  if (!c.expect(0x22)) return undefined;
  const day = c.take(0x20) ? digits(c, 1, 1) : digits(c, 2, 2);
  if (day === undefined) return undefined;
  const rest = monthAndYear(c, day);
  if (rest === undefined || !c.sp()) return undefined;
  const hour = digits(c, 2, 2);
  if (hour === undefined || !c.expect(0x3a)) return undefined;
  const minute = digits(c, 2, 2);
  if (minute === undefined || !c.expect(0x3a)) return undefined;
  const second = digits(c, 2, 2);
  if (second === undefined || !c.sp()) return undefined;
  const west = c.take(0x2d);
  if (!west && !c.expect(0x2b)) return undefined;
  const zone = digits(c, 4, 4);
  if (zone === undefined || !c.expect(0x22)) return undefined;
  if (hour > 23 || minute > 59 || second > 60 || zone % 100 > 59) return c.fail("date", "No such time");
  const offset = (Math.trunc(zone / 100) * 60 + zone % 100) * (west ? -60_000 : 60_000);
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(rest.year, rest.month, day);
  return midnight + ((hour * 60 + minute) * 60 + Math.min(second, 59)) * 1000 - offset;
}

/** "-" date-month "-" date-year; month from 0. */
function monthAndYear(c: Cursor, day: number): { month: number; year: number } | undefined {
  if (!c.expect(0x2d)) return undefined;
  const month = MONTHS.findIndex((name) => c.startsWith(name));
  if (month < 0) return c.expected("a month");
  c.pos += 3;
  if (!c.expect(0x2d)) return undefined;
  const year = digits(c, 4, 4);
  if (year === undefined) return undefined;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day < 1 || day > DAYS[month]! || (month === 1 && day === 29 && !isLeap)) {
    return c.fail("date", "No such day");
  }
  return { month, year };
}

/** Between `least` and `most` DIGITs, as a number. */
function digits(c: Cursor, least: number, most: number): number | undefined {
  const start = c.run(DIGIT);
  const count = c.pos - start;
  if (count < least || count > most) return c.expected(least === most ? `${most} digits` : "a day");
  return decimal(c.octets, start, c.pos, 9999);
}

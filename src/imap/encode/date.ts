/** Dates, mirror of `grammar/date.ts`: RFC 9051 §9. */
import type { Gather } from "../../bytes/gather.ts";

const MONTHS = [
  "-Jan-",
  "-Feb-",
  "-Mar-",
  "-Apr-",
  "-May-",
  "-Jun-",
  "-Jul-",
  "-Aug-",
  "-Sep-",
  "-Oct-",
  "-Nov-",
  "-Dec-",
];
/** 0000-01-01 and 9999-12-31: what date-year can say. */
const FIRST = -62_167_219_200_000;
const LAST = 253_402_300_799_999;

/**
 * date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 *
 * From milliseconds since the epoch, always in UTC.
 */
export function dateTime(out: Gather, epochMs: number): void {
  const ms = Math.min(Math.max(epochMs, FIRST), LAST);
  const days = Math.floor(ms / 86_400_000);
  const second = Math.floor((ms - days * 86_400_000) / 1000);
  // Days to a civil date by eras of 400 years, which begin on 1 March: a Date object costs three times as much.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const ofEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 2 : fromMarch - 10;
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0);
  out.octet(0x22).octet(day < 10 ? 0x20 : 0x30 + Math.floor(day / 10)).octet(0x30 + day % 10);
  out.text(MONTHS[month]!);
  two(out, Math.floor(year / 100));
  two(out, year % 100);
  out.octet(0x20);
  two(out, Math.floor(second / 3600));
  out.octet(0x3a);
  two(out, Math.floor(second / 60) % 60);
  out.octet(0x3a);
  two(out, second % 60);
  out.text(' +0000"');
}

function two(out: Gather, n: number): void {
  out.octet(0x30 + Math.floor(n / 10)).octet(0x30 + n % 10);
}

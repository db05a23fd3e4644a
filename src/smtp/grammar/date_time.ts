const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/i;

/**
 * date-time = full-date "T" full-time
 * full-time = partial-time time-offset
 * time-offset = "Z" / ( ( "+" / "-" ) time-hour ":" time-minute )
 *
 * RFC 3339 §5.6, in milliseconds since the epoch. A leap second is the beginning of the next minute. Undefined for
 * what is none, also for a day that its month does not have.
 */
export function dateTime(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Math.floor(Number(`0${match[7] ?? ""}`) * 1000));
  const [east, offHour, offMinute] = [
    match[8] === "-" ? -1 : 1,
    Number(match[9] ?? 0),
    Number(match[10] ?? 0),
  ];
  if (offHour > 23 || offMinute > 59) return undefined;
  return date.getTime() - east * (offHour * 60 + offMinute) * 60_000;
}

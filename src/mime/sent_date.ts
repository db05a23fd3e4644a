import { type MailDate, parseDate } from "./date.ts";
import { FieldScanner } from "./field.ts";

/**
 * The Date field of a header, as `summarize` has it: of several the last one counts. For those who need nothing
 * else: every delivery does.
 */
export function sentDate(header: Uint8Array): MailDate | undefined {
  const fields = new FieldScanner(header);
  let value: Uint8Array | undefined;
  while (fields.next()) if (fields.is("date")) value = fields.value();
  return value === undefined ? undefined : parseDate(value);
}

/** Sections of a message: RFC 9051 §6.4.5.1, §9. */
import type { Partial, SectionSpec } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { astring, number64, nzNumber, nzNumber64 } from "./string.ts";

/**
 * section = "[" [section-spec] "]"
 * section-spec = section-msgtext / (section-part ["." section-text])
 * section-text = section-msgtext / "MIME"
 */
export function section(c: Cursor): SectionSpec | undefined {
  if (!c.expect(0x5b)) return undefined;
  const part = sectionPart(c);
  if (part === undefined) return undefined;
  let text: SectionSpec["text"] | undefined = "";
  let fields: readonly string[] | undefined = [];
  // Behind a part's last "." or at the beginning stands a word; otherwise the section ends.
  if (c.peek() !== 0x5d && (part.length === 0 || c.octets[c.pos - 1] === 0x2e)) {
    text = sectionText(c, part.length > 0);
    if (text === undefined) return undefined;
    if (text === "HEADER.FIELDS" || text === "HEADER.FIELDS.NOT") {
      fields = c.sp() ? headerList(c) : undefined;
      if (fields === undefined) return undefined;
    }
  } else if (c.octets[c.pos - 1] === 0x2e) {
    return c.expected("a section");
  }
  return c.expect(0x5d) ? { part, text, fields } : undefined;
}

/** section-binary = "[" [section-part] "]" (RFC 3516 §7) */
export function sectionBinary(c: Cursor): readonly number[] | undefined {
  if (!c.expect(0x5b)) return undefined;
  const part = sectionPart(c);
  return part !== undefined && c.expect(0x5d) ? part : undefined;
}

/**
 * section-part = nz-number *("." nz-number)
 *
 * Passes a "." behind it too, when no number follows: a section-text begins there.
 */
function sectionPart(c: Cursor): number[] | undefined {
  const part: number[] = [];
  while (isDigit(c.peek())) {
    const n = nzNumber(c);
    if (n === undefined) return undefined;
    if (part.length === c.limits.partDepth) return c.fail("part too deep", "A body part lies too deep");
    part.push(n);
    if (!c.take(0x2e)) break;
  }
  return part;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

/**
 * section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
 */
function sectionText(c: Cursor, mimeToo: boolean): Exclude<SectionSpec["text"], ""> | undefined {
  const word = c.word();
  switch (word) {
    case "HEADER":
    case "HEADER.FIELDS":
    case "HEADER.FIELDS.NOT":
    case "TEXT":
      return word;
    case "MIME":
      if (mimeToo) return word;
  }
  return c.fail("section", "No such section");
}

/** header-list = "(" header-fld-name *(SP header-fld-name) ")" */
export function headerList(c: Cursor): readonly string[] | undefined {
  if (!c.expect(0x28)) return undefined;
  const names: string[] = [];
  do {
    const name = headerFldName(c);
    if (name === undefined) return undefined;
    names.push(name);
  } while (c.take(0x20));
  return c.expect(0x29) ? names : undefined;
}

/** header-fld-name = astring; a field name of RFC 5322 §3.6.8: printable ASCII without a colon. */
export function headerFldName(c: Cursor): string | undefined {
  const name = astring(c);
  if (name === undefined) return undefined;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x21 || code > 0x7e || code === 0x3a) return c.fail("field name", "No such field name");
  }
  return name.length === 0 ? c.fail("field name", "No such field name") : name;
}

/** partial = "<" number64 "." nz-number64 ">" */
export function partial(c: Cursor): Partial | undefined {
  if (!c.expect(0x3c)) return undefined;
  const start = number64(c);
  if (start === undefined || !c.expect(0x2e)) return undefined;
  const length = nzNumber64(c);
  return length !== undefined && c.expect(0x3e) ? { start, length } : undefined;
}

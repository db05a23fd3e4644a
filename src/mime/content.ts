/** The Content-* fields of a part's header (RFC 2045, 2183, 3282, 2557, 1864), read into the part. */
import { latin1, LOWER, lowerAscii } from "../bytes/ascii.ts";
import { FieldScanner } from "./field.ts";
import { Lexer } from "./lexer.ts";
import { LANGUAGES, type MimeLimits } from "./limits.ts";
import { type Parameter, parameters } from "./parameter.ts";
import type { DefectKind, Disposition, PartDraft } from "./part.ts";

const CONTENT = "content-";

/**
 * Fills `part` from its header block. The first Content-Type and Content-Transfer-Encoding count; repeated
 * ones are a defect, because readers differ on which they take.
 */
export function readContentFields(
  header: Uint8Array,
  part: PartDraft,
  limits: MimeLimits,
  defect: (kind: DefectKind) => void,
): void {
  const fields = new FieldScanner(header, limits);
  let typed = false;
  let encoded = false;
  while (fields.next()) {
    if (LOWER[header[fields.nameStart]!] !== 0x63 || !isContent(fields)) continue;
    const from = fields.nameStart + CONTENT.length;
    switch (lowerAscii(latin1(header, from, fields.nameEnd))) {
      case "type":
        if (typed) defect("repeated content-type");
        else if (!contentType(fields.value(), part)) defect("bad content-type");
        typed = true;
        break;
      case "transfer-encoding":
        if (encoded) defect("repeated transfer-encoding");
        else part.encoding = mechanism(fields.value());
        encoded = true;
        break;
      case "id":
        part.id ??= latin1(fields.value());
        break;
      case "description":
        part.description ??= latin1(fields.value());
        break;
      case "disposition":
        part.disposition ??= disposition(fields.value());
        break;
      case "language":
        if (part.language.length === 0) part.language = languages(fields.value());
        break;
      case "location":
        part.location ??= location(fields.value());
        break;
      case "md5":
        part.md5 ??= latin1(fields.value());
        break;
    }
  }
}

function isContent(fields: FieldScanner): boolean {
  if (fields.nameEnd - fields.nameStart <= CONTENT.length) return false;
  for (let i = 1; i < CONTENT.length; i++) {
    if (LOWER[fields.octets[fields.nameStart + i]!] !== CONTENT.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * type "/" subtype *(";" parameter) (RFC 2045 §5.1). False when it does not begin so: then the part is what
 * it would be without the field (§5.2), but keeps parameters that can be read.
 */
function contentType(value: Uint8Array, part: PartDraft): boolean {
  const lexer = new Lexer(value);
  lexer.skipCfws();
  const type = lexer.token();
  lexer.skipCfws();
  let subtype = "";
  if (type !== "" && lexer.peek() === 0x2f) {
    lexer.pos++;
    lexer.skipCfws();
    subtype = lexer.token();
  }
  if (subtype === "") return false;
  part.type = lowerAscii(type);
  part.subtype = lowerAscii(subtype);
  part.params = parameters(lexer);
  return true;
}

/** mechanism (RFC 2045 §6.1), lower-case; `7bit` when it is empty or more than a token. */
function mechanism(value: Uint8Array): string {
  const lexer = new Lexer(value);
  lexer.skipCfws();
  const token = lowerAscii(lexer.token());
  lexer.skipCfws();
  return token === "" || (lexer.peek() >= 0 && lexer.peek() !== 0x3b) ? "7bit" : token;
}

/** disposition-type *(";" parameter) (RFC 2183 §2). */
function disposition(value: Uint8Array): Disposition | undefined {
  const lexer = new Lexer(value);
  lexer.skipCfws();
  const type = lexer.token();
  if (type === "") return undefined;
  return { type: lowerAscii(type), params: parameters(lexer) };
}

/** Language-Tag *("," Language-Tag) (RFC 3282 §2). */
function languages(value: Uint8Array): readonly string[] {
  const lexer = new Lexer(value);
  const tags: string[] = [];
  while (tags.length < LANGUAGES) {
    lexer.skipCfws();
    const tag = lexer.token();
    if (tag !== "") tags.push(tag);
    lexer.skipCfws();
    if (lexer.peek() < 0) break;
    if (tag === "" || lexer.peek() === 0x2c) lexer.pos++;
  }
  return tags;
}

/**
 * URI, without the comments that may stand around it (RFC 2557 §4.2), and without the white space that folding
 * gave it (§4.4.2).
 */
function location(value: Uint8Array): string {
  const lexer = new Lexer(value);
  lexer.skipCfws();
  let uri = "";
  while (lexer.peek() >= 0) {
    const c = lexer.peek();
    if (c === 0x20 || c === 0x09) lexer.skipCfws();
    else {
      uri += String.fromCharCode(c);
      lexer.pos++;
    }
  }
  return uri;
}

/** The first `boundary`, which delimits the parts (RFC 2046 §5.1.1); undefined when there is none. */
export function boundaryOf(params: readonly Parameter[]): string | undefined {
  for (const { name, value } of params) {
    if (name === "boundary") return value === "" ? undefined : value;
    if (name === "boundary*") return value.slice(value.lastIndexOf("'") + 1) || undefined;
  }
  return undefined;
}

/** BODY and BODYSTRUCTURE (RFC 9051 §7.5.2, §9 `body`) from a part tree. */
import { ImapWriter } from "./imap_string.ts";
import type { Parameter } from "./parameter.ts";
import { isMessage, type Part } from "./part.ts";

/** RFC 9051 §9 wants at least one part in a multipart: this stands in for parts that a message lacks. */
const NO_PART = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0';

/**
 * body = "(" (body-type-1part / body-type-mpart) ")"; with `extension` as BODYSTRUCTURE wants it, without as
 * BODY does. The tree's depth is bounded where it is made, so this may recurse.
 */
export function encodeBodyStructure(root: Part, extension: boolean): Uint8Array {
  const out = new ImapWriter();
  body(out, root, extension);
  return out.take();
}

function body(out: ImapWriter, part: Part, extension: boolean): void {
  out.text("(");
  if (part.type === "multipart") multipart(out, part, extension);
  else {
    onePart(out, part);
    if (isMessage(part)) {
      out.text(" ").octets(part.envelope!).text(" ");
      body(out, part.children[0]!, extension);
    }
    if (part.type === "text" || isMessage(part)) out.text(` ${part.lines}`);
    if (extension) {
      out.text(" ").nstring(part.md5);
      commonExtension(out, part);
    }
  }
  out.text(")");
}

/** body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart] */
function multipart(out: ImapWriter, part: Part, extension: boolean): void {
  for (const child of part.children) body(out, child, extension);
  if (part.children.length === 0) out.text(extension ? `${NO_PART} NIL NIL NIL NIL)` : `${NO_PART})`);
  out.text(" ").string(part.subtype);
  if (!extension) return;
  out.text(" ");
  parameterList(out, part.params);
  commonExtension(out, part);
}

/** media-basic and body-fields: type, subtype, parameters, id, description, encoding, octets. */
function onePart(out: ImapWriter, part: Part): void {
  out.string(part.type).text(" ").string(part.subtype).text(" ");
  parameterList(out, withCharset(part));
  out.text(" ").nstring(part.id).text(" ").nstring(part.description).text(" ").string(part.encoding);
  out.text(` ${part.bodyEnd - part.bodyStart}`);
}

/** RFC 2045 §5.2: text without a charset is us-ascii; clients are told so. */
function withCharset(part: Part): readonly Parameter[] {
  const { params } = part;
  if (part.type !== "text") return params;
  if (params.some(({ name }) => name === "charset" || name === "charset*")) return params;
  return [...params, { name: "charset", value: "us-ascii" }];
}

/** SP body-fld-dsp SP body-fld-lang SP body-fld-loc */
function commonExtension(out: ImapWriter, part: Part): void {
  if (part.disposition === undefined) out.text(" NIL ");
  else {
    out.text(" (").string(part.disposition.type).text(" ");
    parameterList(out, part.disposition.params);
    out.text(") ");
  }
  const [first, ...more] = part.language;
  if (first === undefined) out.text("NIL");
  else {
    out.text("(").string(first);
    for (const tag of more) out.text(" ").string(tag);
    out.text(")");
  }
  out.text(" ").nstring(part.location);
}

/** body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
function parameterList(out: ImapWriter, params: readonly Parameter[]): void {
  if (params.length === 0) {
    out.text("NIL");
    return;
  }
  let before = "(";
  for (const { name, value } of params) {
    out.text(before).string(name).text(" ").string(value);
    before = " ";
  }
  out.text(")");
}

/** Parts of a message that is composed: their fields, their encoding, and where their octets come from. */
import { type ComposeField, composeField, isToken } from "./compose_field.ts";
import { type ComposeEncoding, encodeBody, messageEncoding, textEncoding } from "./compose_transfer.ts";

/** Octets: at once, in pieces, or in pieces that must be waited for. A piece is used up before the next is asked for. */
export type ComposeContent = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What every part may have. */
interface Common {
  readonly params?: readonly (readonly [name: string, value: string])[];
  /** `filename` is put among its parameters. */
  readonly disposition?: {
    readonly type: "inline" | "attachment";
    readonly filename?: string;
    readonly params?: readonly (readonly [name: string, value: string])[];
  };
  /** Content-ID, with its angle brackets. */
  readonly id?: string;
  readonly description?: string;
  /** Further fields. */
  readonly fields?: readonly ComposeField[];
}

/** Text for people; its line ends may be any. */
export interface ComposeText extends Common {
  readonly kind: "text";
  /** `plain` when it is left out. */
  readonly subtype?: string;
  readonly text: string;
}

/** Anything else, in base64. */
export interface ComposeData extends Common {
  readonly kind: "data";
  /** `type/subtype` */
  readonly type: string;
  readonly content: ComposeContent;
  /** Text in lines, such as a report's: encoded only where it must be. `content` must be there at once. */
  readonly lines?: boolean;
}

/**
 * A message. One whose lines are too long or that holds NUL or a bare CR or LF cannot be sent as one: it goes as
 * application/octet-stream.
 */
export interface ComposeMessage extends Common {
  readonly kind: "message";
  readonly octets: Uint8Array;
}

/** Several parts. */
export interface ComposeMultipart extends Common {
  readonly kind: "multipart";
  /** `mixed`, `alternative`, `related`, `report`, … */
  readonly subtype: string;
  readonly parts: readonly ComposePart[];
}

/** A part to compose. */
export type ComposePart = ComposeText | ComposeData | ComposeMessage | ComposeMultipart;

/** A part as it is going to be written. */
export interface PlannedPart {
  /** Content-* and further fields, each with its line end. */
  readonly header: string;
  readonly encoding: ComposeEncoding;
  /** Undefined for multiparts. */
  readonly content: PlannedContent | undefined;
  readonly children: readonly PlannedPart[];
  /** Of multiparts. */
  readonly boundary: string;
}

/** Octets that are encoded already, or a source of octets to put into base64. */
export type PlannedContent =
  | { readonly octets: Uint8Array }
  | { readonly source: Iterable<Uint8Array> | AsyncIterable<Uint8Array> };

/** What parts are planned with. */
export interface PlanContext {
  /** 8-bit octets may be sent as they are. */
  readonly eightBit: boolean;
  readonly utf8: boolean;
  /** Gives a boundary that no other part of the message has and that is in none of `contents`. */
  readonly boundary: (contents: readonly Uint8Array[]) => string;
}

const encoder = new TextEncoder();

/** Plans a part and those in it. @throws RangeError for what cannot be written. */
export function planPart(part: ComposePart, context: PlanContext): PlannedPart {
  switch (part.kind) {
    case "text": {
      const octets = encoder.encode(part.text.toWellFormed().replace(/\r\n|\r|\n/g, "\r\n"));
      const ascii = octets.every((octet) => octet < 0x80);
      const charset = ["charset", ascii ? "us-ascii" : "utf-8"] as const;
      const type = `text/${part.subtype ?? "plain"}`;
      return leaf(part, type, [charset], textEncoding(octets, context.eightBit), octets, context);
    }
    case "data": {
      const { content } = part;
      if (part.lines === true && content instanceof Uint8Array) {
        return leaf(part, part.type, [], textEncoding(content, context.eightBit), content, context);
      }
      return leaf(part, part.type, [], "base64", content, context);
    }
    case "message": {
      const encoding = messageEncoding(part.octets);
      if (encoding !== undefined) return leaf(part, "message/rfc822", [], encoding, part.octets, context);
      return leaf(part, "application/octet-stream", [], "base64", part.octets, context);
    }
    case "multipart":
      return multipart(part, context);
  }
}

function leaf(
  part: ComposePart,
  type: string,
  params: readonly (readonly [string, string])[],
  encoding: ComposeEncoding,
  content: ComposeContent,
  context: PlanContext,
): PlannedPart {
  return {
    header: headerOf(part, type, params, encoding, context),
    encoding,
    content: content instanceof Uint8Array ? { octets: encodeBody(encoding, content) } : { source: content },
    children: [],
    boundary: "",
  };
}

function multipart(part: ComposeMultipart, context: PlanContext): PlannedPart {
  if (part.parts.length === 0) throw new RangeError("Cannot compose a multipart: it has no part");
  const children = part.parts.map((child) => planPart(child, context));
  // RFC 2045 §6.4: a multipart says what its parts are.
  const encoding = children.some((child) => child.encoding === "8bit") ? "8bit" : "7bit";
  const boundary = context.boundary(children.flatMap(plainContents));
  return {
    header: headerOf(part, `multipart/${part.subtype}`, [["boundary", boundary]], encoding, context),
    encoding,
    content: undefined,
    children,
    boundary,
  };
}

/** Octets in which a boundary might stand: neither base64 nor quoted-printable has `=_`. */
function plainContents(part: PlannedPart): Uint8Array[] {
  const own = part.content !== undefined && "octets" in part.content && part.encoding.endsWith("bit")
    ? [part.content.octets]
    : [];
  return [...own, ...part.children.flatMap(plainContents)];
}

function headerOf(
  part: ComposePart,
  type: string,
  params: readonly (readonly [string, string])[],
  encoding: ComposeEncoding,
  { utf8 }: PlanContext,
): string {
  const [main, sub, ...more] = type.split("/");
  if (!isToken(main ?? "") || !isToken(sub ?? "") || more.length > 0) {
    throw new RangeError(`Cannot compose a part: bad type ${JSON.stringify(type.slice(0, 80))}`);
  }
  const given = new Set(params.map(([name]) => name));
  const own = (part.params ?? []).filter(([name]) => !given.has(name.toLowerCase()));
  const fields: ComposeField[] = [
    { kind: "parameters", name: "Content-Type", value: type, params: [...params, ...own] },
  ];
  if (encoding !== "7bit") fields.push({ kind: "words", name: "Content-Transfer-Encoding", value: encoding });
  if (part.disposition !== undefined) {
    const { type: value, filename, params: further = [] } = part.disposition;
    const named = filename === undefined ? further : [["filename", filename] as const, ...further];
    fields.push({ kind: "parameters", name: "Content-Disposition", value, params: named });
  }
  if (part.id !== undefined) fields.push({ kind: "ids", name: "Content-ID", ids: [part.id] });
  if (part.description !== undefined) {
    fields.push({ kind: "text", name: "Content-Description", text: part.description });
  }
  return [...fields, ...part.fields ?? []].map((field) => composeField(field, utf8)).join("");
}

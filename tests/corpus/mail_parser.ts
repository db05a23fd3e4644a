/** What Stalwart's mail-parser says of a message, as its repository expects it, in our terms. */

/** A header value of mail-parser's JSON. */
type Value = "Empty" | { readonly [kind: string]: unknown };

interface TheirPart {
  readonly headers: readonly { readonly name: string | { readonly other: string }; readonly value: Value }[];
  readonly body: { readonly [kind: string]: unknown };
  readonly offset_header: number;
  readonly offset_body: number;
  readonly offset_end: number;
}

/** A message of mail-parser's JSON. */
export interface TheirMessage {
  readonly parts: readonly TheirPart[];
}

/** One part in the form that is compared; strings are text. */
export interface ComparedPart {
  readonly type: string;
  readonly children: readonly ComparedPart[];
  /** Where the body begins and ends. */
  readonly offsets: readonly [number, number];
  readonly filename: string | undefined;
  readonly id: string | undefined;
}

/** A message in the form that is compared. */
export interface ComparedMessage {
  readonly subject: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly date: number | undefined;
  readonly messageId: string | undefined;
  readonly root: ComparedPart;
}

/** Puts mail-parser's answer into the form that is compared. */
export function theirMessage(message: TheirMessage): ComparedMessage {
  const [root] = message.parts;
  const value = (name: string) => {
    const found = root!.headers.filter((field) => field.name === name);
    return found[found.length - 1]?.value;
  };
  const date = part(value("date"), "DateTime") as Record<string, number> | undefined;
  return {
    subject: String(part(value("subject"), "Text") ?? ""),
    from: addresses(value("from")),
    to: addresses(value("to")),
    date: date === undefined ? undefined : epoch(date),
    messageId: part(value("message_id"), "Text") as string | undefined,
    root: theirPart(message, 0),
  };
}

function part(value: Value | undefined, kind: string): unknown {
  return value === undefined || value === "Empty" ? undefined : value[kind];
}

function epoch(date: Record<string, number>): number {
  const { year, month, day, hour, minute, second, tz_hour, tz_minute } = date;
  const utc = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
  const zone = (tz_hour! * 60 + tz_minute!) * 60_000;
  return date.tz_before_gmt ? utc + zone : utc - zone;
}

interface TheirAddress {
  readonly name: string | null;
  readonly address: string | null;
}

function addresses(value: Value | undefined): string[] {
  const found = part(value, "Address") as {
    List?: TheirAddress[];
    Group?: { name: string | null; addresses: TheirAddress[] }[];
  };
  if (found === undefined) return [];
  const one = ({ name, address }: TheirAddress) => `${name ?? ""} <${address ?? ""}>`;
  if (found.List !== undefined) return found.List.map(one);
  return (found.Group ?? []).flatMap(({ addresses }) => addresses.map(one));
}

function theirPart(message: TheirMessage, index: number): ComparedPart {
  const { headers, body, offset_body, offset_end } = message.parts[index]!;
  const value = (name: string) => headers.find((field) => field.name === name)?.value;
  const content = part(value("content_type"), "ContentType") as ContentType | undefined;
  const disposition = part(value("content_disposition"), "ContentType") as ContentType | undefined;
  const nested = body.Message as TheirMessage | undefined;
  return {
    type: content === undefined ? "none" : `${content.c_type}/${content.c_subtype ?? ""}`.toLowerCase(),
    children: nested !== undefined
      ? [theirPart(nested, 0)]
      : ((body.Multipart ?? []) as number[]).map((child) => theirPart(message, child)),
    offsets: [offset_body, offset_end],
    filename: attribute(disposition, "filename") ?? attribute(content, "name"),
    id: part(value("content_id"), "Text") as string | undefined,
  };
}

interface ContentType {
  readonly c_type: string;
  readonly c_subtype: string | null;
  readonly attributes: readonly { readonly name: string; readonly value: string }[] | null;
}

function attribute(content: ContentType | undefined, wanted: string): string | undefined {
  return content?.attributes?.find(({ name }) => name === wanted)?.value;
}

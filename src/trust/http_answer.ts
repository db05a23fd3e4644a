/** An answer to one HTTP request whose connection ends behind it (RFC 9112), as far as a policy needs it. */
export interface HttpAnswer {
  readonly status: number;
  /** In lower case, without parameters; "" where there is none. */
  readonly type: string;
  readonly body: string;
}

/** Reads a whole answer; undefined when it is none or breaks off. */
export function parseHttpAnswer(octets: Uint8Array): HttpAnswer | undefined {
  const text = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
  const end = text.indexOf("\r\n\r\n");
  const match = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |\r)/.exec(text);
  if (end < 0 || match === null) return undefined;
  const fields = new Map(
    text.slice(0, end).split("\r\n").slice(1).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, Math.max(0, colon)).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const rest = text.slice(end + 4);
  const length = fields.get("content-length");
  const coding = fields.get("transfer-encoding")?.toLowerCase();
  let body: string | undefined = rest;
  if (coding === "chunked") body = unchunked(rest);
  else if (coding !== undefined) body = undefined;
  else if (length !== undefined) {
    const size = /^[0-9]{1,9}$/.test(length) ? Number(length) : Infinity;
    body = rest.length >= size ? rest.slice(0, size) : undefined;
  }
  if (body === undefined) return undefined;
  const type = (fields.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return { status: Number(match[1]), type, body };
}

/** RFC 9112 §7.1; undefined when the last chunk is not there. */
function unchunked(text: string): string | undefined {
  let out = "";
  for (let at = 0;;) {
    const line = text.indexOf("\r\n", at);
    const size = line < 0 ? null : /^([0-9a-f]{1,7})(?:[ \t]*;.*)?$/i.exec(text.slice(at, line));
    if (size === null) return undefined;
    const count = parseInt(size[1]!, 16);
    if (count === 0) return out;
    const begin = line + 2;
    if (text.length < begin + count + 2) return undefined;
    out += text.slice(begin, begin + count);
    at = begin + count + 2;
  }
}

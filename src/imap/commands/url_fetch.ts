/** URLFETCH (RFC 4467 §7, RFC 5524 §3): messages by URL, whoever they belong to. */
import { ConnError } from "../../core/conn.ts";
import { type UrlContent, UrlContentLost } from "../../core/urlauth.ts";
import type { Command, UrlRequest } from "../command.ts";
import { UrlFetchLine } from "../encode/mod.ts";
import { type BinaryContent, urlBinary, urlContent, type UrlPart, urlStructure } from "../url_part.ts";
import { type Completion, type Context, ok } from "./context.ts";
import { Broken } from "./fetch_body.ts";
import { urlsOf } from "./url_auth.ts";

/** What goes out of one URL. */
interface Found {
  readonly structure: Uint8Array | undefined;
  readonly body: UrlContent | undefined;
  /** Null: its transfer encoding is not known. */
  readonly binary: BinaryContent | null | undefined;
}

/** Answers with one response; a URL that gives nothing, whatever the reason, gives NIL. */
export async function urlFetch(
  cx: Context,
  command: Extract<Command, { readonly name: "URLFETCH" }>,
): Promise<Completion> {
  const urls = urlsOf(cx);
  const bearer = { as: "session", identity: cx.session.identity! } as const;
  const line = new UrlFetchLine(cx.out.gather, cx.session.mode);
  let begun = false;
  try {
    for (const request of command.urls) {
      const place = await urls.locate(request.url, bearer);
      const found = place.ok ? await find(cx, request, place.part) : undefined;
      if (!begun) line.begin();
      begun = true;
      line.url(request.url);
      if (found === undefined) line.nil();
      else await write(cx, line, request, found);
    }
  } catch (thrown) {
    // Half a line is out: no answer can follow it.
    throw !begun || thrown instanceof ConnError
      ? thrown
      : new Broken("a URLFETCH answer broke off", { cause: thrown });
  }
  line.end();
  return ok("URLFETCH completed");
}

async function find(cx: Context, { items }: UrlRequest, part: UrlPart): Promise<Found | undefined> {
  const { store } = cx.services;
  try {
    return {
      structure: items.includes("BODYPARTSTRUCTURE") ? urlStructure(part) : undefined,
      body: items.length === 0 || items.includes("BODY") ? await urlContent(store, part) : undefined,
      binary: items.includes("BINARY") ? await urlBinary(store, part) ?? null : undefined,
    };
  } catch (thrown) {
    if (thrown instanceof UrlContentLost) return undefined;
    throw thrown;
  }
}

async function write(cx: Context, line: UrlFetchLine, request: UrlRequest, found: Found): Promise<void> {
  const { structure, body, binary } = found;
  if (request.items.length === 0) {
    line.plain(body!.size);
    return await send(cx, body!);
  }
  // A part that is not there has no structure either.
  if (structure === undefined && body === undefined && binary === undefined) line.nil();
  if (structure !== undefined) line.structure(structure);
  if (body !== undefined) {
    line.body(body.size);
    await send(cx, body);
    line.close();
  }
  if (binary === null) line.noBinary();
  else if (binary !== undefined) {
    line.binary(binary.size, binary.holdsNul);
    await send(cx, binary);
    line.close();
  }
}

async function send(cx: Context, content: UrlContent): Promise<void> {
  let sent = 0;
  for await (const piece of content.octets()) {
    sent += piece.length;
    cx.out.gather.octets(piece);
    await cx.out.breathe();
  }
  if (sent !== content.size) throw new Broken("a message has fewer octets than its size");
}

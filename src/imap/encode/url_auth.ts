/** GENURLAUTH and URLFETCH responses, mirror of `grammar/url_auth.ts`: RFC 4467 §9, RFC 5524 §5. */
import type { Gather } from "../../bytes/gather.ts";
import { astring, type EncodeMode, literal8Head, literalHead } from "./string.ts";

/** genurlauth-data = "*" SP "GENURLAUTH" 1*(SP url-full) */
export function genUrlAuthLine(out: Gather, urls: readonly string[], mode: EncodeMode): void {
  out.text("* GENURLAUTH");
  for (const url of urls) {
    out.octet(0x20);
    astring(out, url, mode);
  }
  out.text("\r\n");
}

/**
 * Writes `* URLFETCH url data …`: `begin`, for each URL `url` and what belongs to it, `end`. Behind `body` and
 * `binary` exactly `size` octets follow, and then `close` for what stands in parentheses.
 */
export class UrlFetchLine {
  constructor(readonly out: Gather, readonly mode: EncodeMode) {}

  begin(): void {
    this.out.text("* URLFETCH");
  }

  url(url: string): void {
    this.out.octet(0x20);
    astring(this.out, url, this.mode);
  }

  /** The URL gives nothing. */
  nil(): void {
    this.out.text(" NIL");
  }

  /** SP nstring, of which this is the head. */
  plain(size: number): void {
    this.out.octet(0x20);
    literalHead(this.out, size);
  }

  /** url-meta-bodystruct = "BODYPARTSTRUCTURE" SP body */
  structure(body: Uint8Array): void {
    this.out.text(" (BODYPARTSTRUCTURE ").octets(body).text(")");
  }

  /** url-meta-body = "BODY" SP nstring */
  body(size: number): void {
    this.out.text(" (BODY ");
    literalHead(this.out, size);
  }

  /** url-meta-binary = "BINARY" SP (nstring / literal8): a literal8 for what holds NUL, and only for that. */
  binary(size: number, holdsNul: boolean): void {
    this.out.text(" (BINARY ");
    if (holdsNul) literal8Head(this.out, size);
    else literalHead(this.out, size);
  }

  /** The transfer encoding is not known. */
  noBinary(): void {
    this.out.text(" (BINARY NIL)");
  }

  close(): void {
    this.out.octet(0x29);
  }

  end(): void {
    this.out.text("\r\n");
  }
}

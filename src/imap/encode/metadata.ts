/** METADATA responses, mirror of `grammar/metadata.ts`: RFC 5464 §4.4. */
import type { Gather } from "../../bytes/gather.ts";
import { mailbox } from "./mailbox.ts";
import { astring, type EncodeMode, literal, literal8Head, string } from "./string.ts";

/** metadata-resp = "METADATA" SP mailbox SP entry-values; the empty name is the server's. */
export function metadataLine(
  out: Gather,
  name: string,
  values: readonly (readonly [entry: string, value: Uint8Array | null])[],
  mode: EncodeMode,
): void {
  out.text("* METADATA ");
  if (name === "") out.text('""');
  else mailbox(out, name, mode);
  values.forEach(([entry, value], i) => {
    out.text(i === 0 ? " (" : " ");
    astring(out, entry, mode);
    out.octet(0x20);
    if (value === null) out.text("NIL");
    else octetString(out, value, mode);
  });
  out.text(")\r\n");
}

/** metadata-resp = "METADATA" SP mailbox SP entry-list: names of what changed (RFC 5464 §4.4.2). */
export function metadataNamesLine(
  out: Gather,
  name: string,
  entries: readonly string[],
  mode: EncodeMode,
): void {
  out.text("* METADATA ");
  if (name === "") out.text('""');
  else mailbox(out, name, mode);
  for (const entry of entries) {
    out.octet(0x20);
    astring(out, entry, mode);
  }
  out.text("\r\n");
}

/** string / literal8: a literal8 for what holds NUL, and only for that. */
export function octetString(out: Gather, value: Uint8Array, mode: EncodeMode): void {
  if (value.includes(0)) {
    literal8Head(out, value.length);
    out.octets(value);
  } else if (value.length <= 200 && value.every((octet) => octet >= 0x20 && octet < 0x7f)) {
    string(out, String.fromCharCode(...value), mode);
  } else literal(out, value);
}

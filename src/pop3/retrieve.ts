import { isAscii, isUtf8 } from "node:buffer";
import type { MailStore } from "../core/store.ts";
import type { AheadLimits, ReadAhead } from "./ahead.ts";
import type { Output } from "./output.ts";
import { err, ok } from "./reply.ts";
import type { Transaction } from "./session.ts";
import { DotStuffer, TopCut } from "./stuff.ts";

/** The answer was begun and cannot be brought to its end: only closing tells the client so. */
export class Truncated extends Error {
  override name = "Truncated";
}

/** What RETR and TOP work with. */
export interface RetrieveContext {
  readonly store: MailStore;
  readonly out: Output;
  readonly ahead: ReadAhead;
  readonly limits: AheadLimits & { readonly headerScan: number; readonly utf8Headers: "refuse" | "send" };
}

/**
 * RETR, and TOP where `lines` is given: sends a message as the store gives its octets, a piece at a time, and
 * asks for the next piece only once the client has taken the last. True when it went out whole.
 *
 * RETR does not mark the message \Seen: POP3 has no flags, a client that polls with it would mark mail as read
 * that nobody saw, and IMAP users of the same mailbox would find it so.
 *
 * @throws Truncated when the message vanished, or the store failed, after the answer had begun.
 */
export async function retrieve(
  { store, out, ahead, limits }: RetrieveContext,
  session: Transaction,
  n: number,
  lines: number | undefined,
): Promise<boolean> {
  const { maildrop, language } = session;
  const entry = maildrop.at(n);
  if (entry === undefined) throw new RangeError(`Cannot retrieve message ${n}: it is not there`);
  const { size, headerSize } = entry;
  const cut = lines === undefined ? undefined : new TopCut(headerSize, lines);
  const stuffer = new DotStuffer();
  const part = lines === 0 ? "header" : "message";

  // The header is looked through before the answer begins (RFC 6856 §2.1); until then its pieces are held.
  const scan = session.utf8 || limits.utf8Headers === "send" ? 0 : Math.min(headerSize, limits.headerScan);
  let held: Uint8Array[] = [];
  let seen = 0;
  let begun = false;
  let whole = false;
  const send = async (piece: Uint8Array, last: boolean) => {
    for (const octets of stuffer.stuff(cut?.cut(piece) ?? piece)) await out.octets(octets);
    whole = last || (cut?.done ?? false);
    // In the same write as the last octets: a packet less, and some clients look for the end in one read.
    if (whole) await out.text(stuffer.end());
    // The piece is the store's: it is gone from our hands before the next one is asked for.
    await out.flush();
  };

  try {
    for await (const piece of ahead.pieces(store, maildrop, n, part, limits)) {
      if (begun) await send(piece.octets, piece.last);
      else {
        seen += piece.octets.length;
        const enough = seen >= scan || piece.last;
        held.push(enough ? piece.octets : piece.octets.slice());
        if (!enough) continue;
        if (scan > 0 && holdsUtf8(held, scan)) {
          await out.text(err(language, "needs-utf8", n));
          return false;
        }
        await out.text(lines === undefined ? ok(language, "message", size) : ok(language, "top"));
        begun = true;
        for (const [i, octets] of held.entries()) {
          if (!whole) await send(octets, piece.last && i === held.length - 1);
        }
        held = [];
      }
      // After the last piece we ask once more: what was read ahead is kept then.
      if (whole && !piece.last) break;
    }
  } catch (thrown) {
    if (!begun) throw thrown;
    throw new Truncated("Cannot finish the message", { cause: thrown });
  }
  if (!begun) {
    await out.text(err(language, "gone", n));
    return false;
  }
  if (!whole) throw new Truncated("Cannot finish the message: it vanished");
  return lines === undefined;
}

/**
 * True when the first `length` octets are an RFC 6532 header: not all ASCII, and valid UTF-8. Headers in raw
 * Latin-1 and the like are no concern of RFC 6856, and were always sent as they are.
 */
function holdsUtf8(pieces: readonly Uint8Array[], length: number): boolean {
  if (pieces.every((piece) => isAscii(piece))) return false;
  const octets = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    const part = piece.subarray(0, length - at);
    octets.set(part, at);
    at += part.length;
  }
  const header = octets.subarray(0, at);
  return !isAscii(header) && isUtf8(wholeCharacters(header));
}

/** Without a character at the end that the cut may have torn. */
function wholeCharacters(octets: Uint8Array): Uint8Array {
  let end = octets.length;
  for (let back = 1; back <= 4 && back <= octets.length; back++) {
    const octet = octets[octets.length - back]!;
    if (octet < 0x80) break;
    if (octet >= 0xc0) {
      end = octets.length - back;
      break;
    }
  }
  return octets.subarray(0, end);
}

/**
 * Messages of our own: reports, answers, submissions. Nothing here reads or waits by itself: octets come out
 * piece by piece, and of a source's octets no more than a piece is held.
 */
import { join } from "../bytes/join.ts";
import { Buffer } from "node:buffer";
import { type ComposeField, composeField } from "./compose_field.ts";
import { type ComposePart, type PlannedPart, planPart } from "./compose_part.ts";
import { Base64Lines } from "./compose_transfer.ts";

/** How a message is composed. */
export interface ComposeOptions {
  /** For boundaries. */
  readonly random: (n: number) => Uint8Array;
  /** The way is clear for 8-bit octets in bodies (8BITMIME, APPEND): text in UTF-8 then stays readable. */
  readonly eightBit?: boolean;
  /** The way is clear for UTF-8 in headers too (SMTPUTF8, UTF8=ACCEPT): RFC 6532. */
  readonly utf8?: boolean;
}

/**
 * A content that comes in its own time. Whoever sends the message gives each of the source's octets to `push`,
 * sends what comes back, and at the end does the same with `finish`.
 */
export interface ComposeWaiting {
  readonly source: AsyncIterable<Uint8Array>;
  /** Octets of the message for the next octets of the source. */
  push(octets: Uint8Array): Uint8Array;
  /** The last octets. */
  finish(): Uint8Array;
}

/** A composed message. Its lines end in CRLF and have at most 998 octets; there is no NUL in it. */
export interface Composition {
  /** It holds 8-bit octets in a body, so that its way must have 8BITMIME (an attached message may bring them). */
  readonly eightBit: boolean;
  /** Its header holds UTF-8, so that its way must have SMTPUTF8. */
  readonly utf8: boolean;
  /** The octets, in order. Contents that must be waited for are the caller's to wait for: see ComposeWaiting. */
  pieces(): Generator<Uint8Array | ComposeWaiting, void, undefined>;
  /**
   * All octets at once.
   *
   * @throws TypeError when a content must be waited for.
   */
  octets(): Uint8Array;
}

/**
 * Composes a message: the fields as they are given, MIME-Version, and the body with its own fields. Date and
 * Message-ID are the caller's (`formatDate`, `newMessageId`).
 *
 * @throws RangeError for what cannot be written: bad names, what is no address, a word longer than a line.
 *
 * @example
 * ```ts
 * import { compose } from "./compose.ts";
 * const message = compose(
 *   [
 *     { kind: "addresses", name: "From", list: [{ name: "Jörg", local: "joerg", domain: "example.org" }] },
 *     { kind: "text", name: "Subject", text: "Grüße" },
 *   ],
 *   { kind: "text", text: "Hello.\n" },
 *   { random: (n) => crypto.getRandomValues(new Uint8Array(n)) },
 * );
 * console.log(new TextDecoder().decode(message.octets()));
 * ```
 */
export function compose(
  fields: readonly ComposeField[],
  body: ComposePart,
  options: ComposeOptions,
): Composition {
  const utf8 = options.utf8 === true;
  const boundaries = new Boundaries(options.random);
  const planned = planPart(body, {
    // RFC 6532 §3: a way for UTF-8 in headers is one for 8-bit octets in bodies (RFC 6531 §3.1 wants 8BITMIME).
    eightBit: options.eightBit === true || utf8,
    utf8,
    boundary: (contents) => boundaries.next(contents),
  });
  const top = fields.map((field) => composeField(field, utf8)).join("") + "MIME-Version: 1.0\r\n";
  const header = encoder.encode(top + planned.header + "\r\n");
  return {
    eightBit: planned.encoding === "8bit",
    utf8: header.some((octet) => octet >= 0x80) || hasUtf8Header(planned),
    *pieces() {
      yield header;
      yield* bodyOf(planned);
    },
    octets() {
      const pieces: Uint8Array[] = [header];
      for (const piece of bodyOf(planned)) {
        if (!(piece instanceof Uint8Array)) {
          throw new TypeError("Cannot compose at once: a content must be waited for");
        }
        pieces.push(piece);
      }
      return join(pieces);
    },
  };
}

const encoder = new TextEncoder();

/** Octets of a body, in order. Parts are as deep as the caller nested them. */
function* bodyOf(part: PlannedPart): Generator<Uint8Array | ComposeWaiting, void, undefined> {
  const { content } = part;
  if (content !== undefined) {
    if ("octets" in content) yield content.octets;
    else if (Symbol.iterator in content.source) yield* encoded(content.source);
    else yield new Waiting(content.source);
    return;
  }
  let lineEnd = "";
  for (const child of part.children) {
    yield encoder.encode(`${lineEnd}--${part.boundary}\r\n${child.header}\r\n`);
    yield* bodyOf(child);
    lineEnd = "\r\n";
  }
  yield encoder.encode(`\r\n--${part.boundary}--\r\n`);
}

function* encoded(source: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const lines = new Base64Lines();
  for (const octets of source) yield lines.push(octets);
  yield lines.finish();
}

class Waiting extends Base64Lines implements ComposeWaiting {
  constructor(readonly source: AsyncIterable<Uint8Array>) {
    super();
  }
}

function hasUtf8Header(part: PlannedPart): boolean {
  return part.children.some(({ header }) => /[^\0-~]/.test(header)) || part.children.some(hasUtf8Header);
}

/**
 * Boundaries of one message: no two are alike, none begins another, and none stands in a content. `=_` is in no
 * quoted-printable or base64 body (RFC 2045 §6.7).
 */
class Boundaries {
  readonly #random: string;
  #count = 0;

  constructor(random: (n: number) => Uint8Array) {
    this.#random = random(18).toBase64({ alphabet: "base64url" });
  }

  next(contents: readonly Uint8Array[]): string {
    for (;;) {
      const boundary = `=_${String(this.#count++).padStart(6, "0")}_${this.#random}`;
      if (
        !contents.some((octets) =>
          Buffer.from(octets.buffer, octets.byteOffset, octets.length).includes(boundary)
        )
      ) {
        return boundary;
      }
    }
  }
}

/** Header fields of a message that is composed. */
import { type ComposeAddress, quotedString, writeAddresses } from "./compose_address.ts";
import { FieldWriter } from "./compose_fold.ts";
import { headerSafe, isPrintable } from "./compose_words.ts";

/** One field, by what stands in it. */
export type ComposeField =
  /** Text for people: Subject, Comments. What is not ASCII becomes encoded words. */
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  | { readonly kind: "addresses"; readonly name: string; readonly list: readonly ComposeAddress[] }
  /** Message-IDs with their angle brackets; what is none is left out, a field without any is not written. */
  | { readonly kind: "ids"; readonly name: string; readonly ids: readonly string[] }
  /** A value in its own grammar, folded at its white space. */
  | { readonly kind: "words"; readonly name: string; readonly value: string }
  /** A value with parameters (RFC 2045 §5.1, RFC 2231). */
  | {
    readonly kind: "parameters";
    readonly name: string;
    readonly value: string;
    readonly params: readonly (readonly [name: string, value: string])[];
  };

/** White space in a text that is kept outside of encoded words; more might be all there is on a line. */
const SPACES = 8;
/** Octets of a word that is written as it is. */
const PLAIN_WORD = 70;
/** Octets of a parameter on its line. */
const PARAMETER = 74;
/** Octets of a Message-ID. */
const MESSAGE_ID = 900;

/**
 * A field with its line end. `utf8`: what is not ASCII stays as it is (RFC 6532).
 *
 * @throws RangeError for a bad name, for what is no address, and for words longer than a line may be.
 */
export function composeField(field: ComposeField, utf8: boolean): string {
  const out = new FieldWriter(field.name);
  switch (field.kind) {
    case "text":
      writeText(out, headerSafe(field.text), utf8);
      break;
    case "addresses":
      writeAddresses(out, field.list, utf8);
      break;
    case "ids": {
      const ids = field.ids.filter((id) => isMessageId(id, utf8));
      if (ids.length === 0) return "";
      for (const id of ids) out.word(id);
      break;
    }
    case "words":
      for (const word of headerSafe(field.value).split(" ")) {
        if (word === "") continue;
        if (!utf8 && !isPrintable(word)) {
          throw new RangeError(`Cannot compose the field ${field.name}: not ASCII`);
        }
        out.word(word);
      }
      break;
    case "parameters":
      writeParameters(out, field.value, field.params);
      break;
  }
  return out.take();
}

function isMessageId(id: string, utf8: boolean): boolean {
  return /^<[^\s<>\p{Cc}]+>$/u.test(id) && id.length <= MESSAGE_ID && id.isWellFormed() &&
    (utf8 || isPrintable(id));
}

/**
 * Unstructured text (RFC 5322 §3.2.5). Runs of words that cannot stand as they are become encoded words with
 * the white space between them, so that a reader gets back exactly this text.
 */
function writeText(out: FieldWriter, text: string, utf8: boolean): void {
  const words = text.match(/ *[^ ]+(?: +$)?| +$/g) ?? [];
  let run = "", before = "";
  words.forEach((token, i) => {
    const space = token.search(/[^ ]|$/);
    const bare = token.slice(space);
    const plain = (utf8 || isPrintable(bare)) && !bare.includes("=?") && bare.length <= PLAIN_WORD &&
      !bare.endsWith(" ") && bare !== "" && (i === 0 ? space === 0 : space <= SPACES);
    if (!plain) {
      if (run !== "") run += token;
      else {
        // The white space before a run stays outside it where another word stands before that.
        const outside = i === 0 ? 0 : Math.min(space, SPACES);
        before = i === 0 ? " " : " ".repeat(outside);
        run = token.slice(outside);
      }
      return;
    }
    if (run !== "") out.encoded(run, before);
    run = "";
    out.word(bare, i === 0 ? " " : " ".repeat(space));
  });
  if (run !== "") out.encoded(run, before);
}

function writeParameters(
  out: FieldWriter,
  value: string,
  params: readonly (readonly [string, string])[],
): void {
  const pieces = params.flatMap(([name, text]) => parameter(name, text));
  out.word(pieces.length > 0 ? value + ";" : value);
  pieces.forEach((piece, i) => out.word(i < pieces.length - 1 ? piece + ";" : piece));
}

/** A parameter in the simplest form that can carry it: a token, a quoted string, or RFC 2231. */
function parameter(name: string, text: string): readonly string[] {
  if (!isToken(name)) throw new RangeError(`Cannot compose a parameter: bad name ${JSON.stringify(name)}`);
  const value = headerSafe(text);
  if (isPrintable(value) && !value.includes("=?")) {
    const plain = `${name}=${isToken(value) ? value : quotedString(value)}`;
    if (plain.length <= PARAMETER) return [plain];
  }
  const encoded = percentEncoded(value);
  const whole = `${name}*=utf-8''${encoded.join("")}`;
  if (whole.length <= PARAMETER) return [whole];
  const pieces: string[] = [];
  let piece = `${name}*0*=utf-8''`;
  for (const octet of encoded) {
    if (piece.length + octet.length > PARAMETER) {
      pieces.push(piece);
      piece = `${name}*${pieces.length}*=`;
    }
    piece += octet;
  }
  return [...pieces, piece];
}

/** True for a token (RFC 2045 §5.1). */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+\-.^_`{|}~]+$/.test(text);
}

/** ext-octet and attribute-char (RFC 2231 §7), one by one so that none is cut. */
function percentEncoded(text: string): readonly string[] {
  return Array.from(new TextEncoder().encode(text), (octet) => {
    const character = String.fromCharCode(octet);
    return /[A-Za-z0-9!#$&+\-.^_`{|}~]/.test(character)
      ? character
      : "%" + octet.toString(16).toUpperCase().padStart(2, "0");
  });
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** date-time (RFC 5322 §3.3) of a point in time, in a zone so many minutes east of UTC. */
export function formatDate(epochMs: number, zone = 0): string {
  const date = new Date(epochMs + zone * 60_000);
  const two = (n: number) => String(n).padStart(2, "0");
  const east = Math.abs(zone);
  return `${DAYS[date.getUTCDay()]}, ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ` +
    `${String(date.getUTCFullYear()).padStart(4, "0")} ${two(date.getUTCHours())}:${
      two(date.getUTCMinutes())
    }:` +
    `${two(date.getUTCSeconds())} ${zone < 0 ? "-" : "+"}${two(Math.floor(east / 60))}${two(east % 60)}`;
}

/** A new Message-ID with its angle brackets; `domain` must be one that is ours. */
export function newMessageId(random: (n: number) => Uint8Array, domain: string): string {
  return `<${random(15).toBase64({ alphabet: "base64url" })}@${domain}>`;
}

import { createHash } from "node:crypto";
import { octetsOf } from "../bytes/ascii.ts";
import { RelaxedBody } from "./dkim_body.ts";
import { HeaderCutter, relaxedField, type SignedField } from "./dkim_header.ts";

/** A key that signs for a domain. */
export interface SigningKey {
  /** In A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
  readonly key: CryptoKey;
}

/**
 * Fields that are signed once more than they are there, so that nobody can add one that is shown instead (RFC
 * 6376 §5.4, §8.15). Those that mailing lists add (Sender, List-…) are not among them.
 */
const GUARDED = [
  "from",
  "to",
  "cc",
  "reply-to",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
];
/** Fields that are signed where they are there. */
const SIGNED = new Set([
  ...GUARDED,
  "content-id",
  "content-description",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "autocrypt",
  "tls-required",
]);

/** What signing needs of a message: its fields, and the hash of its body. */
export interface Digested {
  readonly fields: readonly SignedField[];
  /** Base64. */
  readonly bodyHash: string;
}

/** Reads a message once, in constant memory. Undefined when its header is longer than what is signed. */
export async function digest(octets: AsyncIterable<Uint8Array>): Promise<Digested | undefined> {
  const hash = createHash("sha256");
  const body = new RelaxedBody((canonical) => hash.update(canonical));
  const cutter = new HeaderCutter();
  for await (const chunk of octets) {
    const rest = cutter.push(chunk);
    if (cutter.tooLong) return undefined;
    if (rest.length > 0) body.push(rest);
  }
  body.finish();
  return { fields: cutter.fields(), bodyHash: hash.digest("base64") };
}

/**
 * A DKIM-Signature field with its CRLF (RFC 6376 §3.5, RFC 8463), relaxed/relaxed, of the whole body (no `l=`).
 *
 * @param now milliseconds since the epoch
 */
export async function signature(digested: Digested, key: SigningKey, now: number): Promise<string> {
  const { names, lines } = signedFields(digested.fields);
  const value = ` v=1; a=${key.algorithm}; c=relaxed/relaxed; d=${key.domain}; s=${key.selector};\r\n` +
    ` t=${Math.floor(now / 1000)}; h=${folded(names)};\r\n` +
    ` bh=${digested.bodyHash};\r\n b=`;
  const own = relaxedField({ name: "dkim-signature", value });
  const text = new Uint8Array(octetsOf([...lines, own].join("\r\n")));
  const signed = key.algorithm === "rsa-sha256"
    ? await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key.key, text)
    // RFC 8463 §3: Ed25519 signs the hash, which it then hashes once more.
    : await crypto.subtle.sign(
      "Ed25519",
      key.key,
      new Uint8Array(createHash("sha256").update(text).digest()),
    );
  const b = new Uint8Array(signed).toBase64().replaceAll(/.{70}(?=.)/g, "$&\r\n  ");
  return `DKIM-Signature:${value}${b}\r\n`;
}

/** Which fields are signed, from the last of a name upwards (§5.4.2), and their canonical lines. */
function signedFields(
  fields: readonly SignedField[],
): { names: readonly string[]; lines: readonly string[] } {
  const names: string[] = [];
  const lines: string[] = [];
  for (const field of fields.toReversed()) {
    if (!SIGNED.has(field.name)) continue;
    names.push(field.name);
    lines.push(relaxedField(field));
  }
  // A name beyond those that are there stands for nothing, and so for nobody's.
  return { names: [...names, ...GUARDED], lines };
}

/** `h=` in lines of at most 78. */
function folded(names: readonly string[]): string {
  let out = "";
  let column = 30;
  for (const [at, name] of names.entries()) {
    const word = at === 0 ? name : `:${name}`;
    if (column + word.length > 76) {
      out += "\r\n  ";
      column = 2;
    }
    out += word;
    column += word.length;
  }
  return out;
}

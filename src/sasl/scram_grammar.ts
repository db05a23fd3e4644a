/**
 * SCRAM's messages (RFC 5802 §7). Texts here are valid UTF-8 already; every function gives undefined for what
 * the ABNF does not allow.
 */
import { decodeBase64 } from "./octets.ts";

/** gs2-cbind-flag: `n` cannot bind, `y` could but believes that we cannot, `p` binds to `name`. */
export type BindingFlag = { readonly flag: "n" | "y" } | { readonly flag: "p"; readonly name: string };

/** client-first-message. */
export interface ClientFirst {
  /** gs2-header with its last comma, as received. */
  readonly header: string;
  readonly binding: BindingFlag;
  readonly authzid: string | undefined;
  readonly user: string;
  readonly nonce: string;
  /** client-first-message-bare, as received: part of AuthMessage. */
  readonly bare: string;
}

/** client-final-message. */
export interface ClientFinal {
  readonly binding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** client-final-message-without-proof, as received: part of AuthMessage. */
  readonly withoutProof: string;
}

/** server-first-message. */
export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/**
 * client-first-message = gs2-header client-first-message-bare
 * client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
 */
export function clientFirst(text: string): ClientFirst | undefined {
  const flagEnd = text.indexOf(",");
  const authzidEnd = flagEnd < 0 ? -1 : text.indexOf(",", flagEnd + 1);
  if (authzidEnd < 0) return undefined;
  const binding = bindingFlag(text.slice(0, flagEnd));
  if (binding === undefined) return undefined;

  let authzid: string | undefined;
  if (authzidEnd > flagEnd + 1) {
    authzid = saslname(attribute("a", text.slice(flagEnd + 1, authzidEnd)));
    if (authzid === undefined) return undefined;
  }
  const bare = text.slice(authzidEnd + 1);
  const [username, nonceValue, ...rest] = bare.split(",");
  // A mandatory extension stands in front (`m=`), so that it fails here as well: none is known (RFC 5802 §5.1).
  const user = saslname(attribute("n", username));
  const nonce = printable(attribute("r", nonceValue));
  if (user === undefined || nonce === undefined || !extensions(rest)) return undefined;
  return { header: text.slice(0, authzidEnd + 1), binding, authzid, user, nonce, bare };
}

/** client-final-message = channel-binding "," nonce ["," extensions] "," proof */
export function clientFinal(text: string): ClientFinal | undefined {
  const proofAt = text.lastIndexOf(",");
  if (proofAt < 0) return undefined;
  const withoutProof = text.slice(0, proofAt);
  const [bindingValue, nonceValue, ...rest] = withoutProof.split(",");
  const binding = base64(attribute("c", bindingValue));
  const nonce = printable(attribute("r", nonceValue));
  const proof = base64(attribute("p", text.slice(proofAt + 1)));
  if (binding === undefined || nonce === undefined || proof === undefined || !extensions(rest)) {
    return undefined;
  }
  return { binding, nonce, proof, withoutProof };
}

/** server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions] */
export function serverFirst(text: string): ServerFirst | undefined {
  const [nonceValue, saltValue, countValue, ...rest] = text.split(",");
  const nonce = printable(attribute("r", nonceValue));
  const salt = base64(attribute("s", saltValue));
  const iterations = positNumber(attribute("i", countValue));
  if (nonce === undefined || salt === undefined || iterations === undefined || !extensions(rest)) {
    return undefined;
  }
  return { nonce, salt, iterations };
}

/** server-final-message = (server-error / verifier) ["," extensions] */
export function serverFinal(
  text: string,
): { readonly error: string } | { readonly verifier: Uint8Array } | undefined {
  const [first, ...rest] = text.split(",");
  if (!extensions(rest)) return undefined;
  const error = attribute("e", first);
  if (error !== undefined) return error === "" ? undefined : { error };
  const verifier = base64(attribute("v", first));
  return verifier === undefined ? undefined : { verifier };
}

/** Writes a name as saslname: `,` and `=` cannot stand for themselves. */
export function escapeSaslname(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

function attribute(letter: string, text: string | undefined): string | undefined {
  return text !== undefined && text[0] === letter && text[1] === "=" ? text.slice(2) : undefined;
}

/** gs2-cbind-flag = ("p=" cb-name) / "n" / "y" ; cb-name = 1*(ALPHA / DIGIT / "." / "-") */
function bindingFlag(text: string): BindingFlag | undefined {
  if (text === "n" || text === "y") return { flag: text };
  const name = attribute("p", text);
  if (name === undefined || name === "") return undefined;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    const isWord = isAlpha(code) || (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d;
    if (!isWord) return undefined;
  }
  return { flag: "p", name };
}

/** saslname = 1*(value-safe-char / "=2C" / "=3D") ; what it stands for is given. */
function saslname(text: string | undefined): string | undefined {
  if (text === undefined || text === "" || text.includes("\0")) return undefined;
  if (!text.includes("=")) return text;
  const parts = text.split("=");
  let name = parts[0]!;
  for (const part of parts.slice(1)) {
    if (part.startsWith("2C")) name += ",";
    else if (part.startsWith("3D")) name += "=";
    else return undefined;
    name += part.slice(2);
  }
  return name;
}

/** printable = %x21-2B / %x2D-7E ; commas are gone already. */
function printable(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x21 || code > 0x7e) return undefined;
  }
  return text;
}

/** posit-number = %x31-39 *DIGIT ; up to 9 digits. */
function positNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.length === 0 || text.length > 9 || text[0] === "0") return undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  return Number(text);
}

function base64(text: string | undefined): Uint8Array | undefined {
  return text === undefined || text === "" ? undefined : decodeBase64(text);
}

/** extensions = attr-val *("," attr-val) ; unknown ones are ignored, `m` is reserved and refused. */
function extensions(parts: readonly string[]): boolean {
  return parts.every((part) =>
    part.length > 2 && isAlpha(part.charCodeAt(0)) && part[0] !== "m" && part[1] === "=" &&
    !part.includes("\0")
  );
}

function isAlpha(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

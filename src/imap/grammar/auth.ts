/** LOGIN, AUTHENTICATE, COMPRESS, ENABLE, ID: RFC 9051 §6.2, RFC 4959, RFC 4978, RFC 5161, RFC 2971. */
import type { Command } from "../command.ts";
import type { Cursor } from "./cursor.ts";
import { ascii } from "./octets.ts";
import { astring, atom, nil, nstringText, stringText } from "./string.ts";

/** login = "LOGIN" SP userid SP password */
export function login(c: Cursor): Command | undefined {
  const user = c.sp() ? astring(c) : undefined;
  if (user === undefined || !c.sp()) return undefined;
  const password = astring(c);
  return password === undefined ? undefined : { name: "LOGIN", user, password };
}

/**
 * authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp] *(CRLF base64)
 * initial-resp = (base64 / "=")
 */
export function authenticate(c: Cursor): Command | undefined {
  const mechanism = c.sp() ? atom(c) : undefined;
  if (mechanism === undefined) return undefined;
  let initial: Uint8Array | undefined;
  if (c.take(0x20)) {
    initial = initialResp(c);
    if (initial === undefined) return undefined;
  }
  return { name: "AUTHENTICATE", mechanism: mechanism.toUpperCase(), initial };
}

function initialResp(c: Cursor): Uint8Array | undefined {
  const octets = c.octets.subarray(c.pos, c.end);
  c.pos = c.end;
  if (octets.length === 1 && octets[0] === 0x3d) return new Uint8Array(0);
  return (octets.length === 0 ? undefined : decodeBase64(octets)) ??
    c.fail("base64", "The initial response is not base64");
}

/**
 * base64 = *(4base64-char) [base64-terminal], decoded; undefined for anything else, spaces too. For SASL
 * responses (RFC 4648 §4, with padding).
 */
export function decodeBase64(octets: Uint8Array): Uint8Array | undefined {
  if (octets.length % 4 !== 0) return undefined;
  for (let i = 0; i < octets.length; i++) {
    // The runtime's decoder skips white space, which RFC 9051 does not allow.
    if (octets[i]! <= 0x20 || octets[i]! >= 0x7f) return undefined;
  }
  try {
    return Uint8Array.fromBase64(ascii(octets, 0, octets.length), { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

/** compress = "COMPRESS" SP algorithm (RFC 4978 §5); in capitals. */
export function compress(c: Cursor): Command | undefined {
  const algorithm = c.sp() ? atom(c) : undefined;
  return algorithm === undefined ? undefined : { name: "COMPRESS", algorithm: algorithm.toUpperCase() };
}

/** enable = "ENABLE" 1*(SP capability); names in capitals. */
export function enable(c: Cursor): Command | undefined {
  const capabilities = new Set<string>();
  do {
    const name = c.sp() ? atom(c) : undefined;
    if (name === undefined) return undefined;
    capabilities.add(name.toUpperCase());
  } while (c.pos < c.end);
  return { name: "ENABLE", capabilities: [...capabilities] };
}

/**
 * id = "ID" SP id-params-list
 * id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
 *
 * RFC 2971 §3.3: at most 30 pairs, fields of 30 octets, values of 1024, no field twice.
 */
export function id(c: Cursor): Command | undefined {
  if (!c.sp()) return undefined;
  if (nil(c)) return { name: "ID", params: null };
  if (!c.expect(0x28)) return undefined;
  const params = new Map<string, string | null>();
  if (c.take(0x29)) return { name: "ID", params };
  do {
    const field = stringText(c);
    if (field === undefined || !c.sp()) return undefined;
    const value = nstringText(c);
    if (value === undefined) return undefined;
    if (params.size === c.limits.idPairs) return c.fail("id", "ID has too many fields");
    if (field.length > 30 || (value !== null && value.length > 1024)) {
      return c.fail("id", "A field or value of ID is too long");
    }
    const folded = field.toLowerCase();
    if (params.has(folded)) return c.fail("id", "A field of ID comes twice");
    params.set(folded, value);
  } while (c.take(0x20));
  return c.expect(0x29) ? { name: "ID", params } : undefined;
}

/**
 * Names and passwords made comparable: the PRECIS profiles UsernameCaseMapped and OpaqueString (RFC 8265 over
 * RFC 8264). Code points are tested one by one; callers bound the length.
 */

const LETTER_DIGIT = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;
const FREEFORM = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]$/u;
const IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]$/u;
const SPACE_SEPARATOR = /^\p{Zs}$/u;

// RFC 5892 §2.6, taken over by RFC 8264 §9.6. The contextual ones are left out: U+200C and U+200D (§A.1, A.2)
// and the middle dots and gereshes (§A.3–A.7) are refused rather than judged by their neighbours.
const EXCEPTIONS_VALID = new Set([0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007]);
const EXCEPTIONS_DISALLOWED = new Set([
  0x640,
  0x7fa,
  0x302e,
  0x302f,
  0x3031,
  0x3032,
  0x3033,
  0x3034,
  0x3035,
  0x303b,
  0xb7,
  0x375,
  0x5f3,
  0x5f4,
  0x30fb,
]);

/**
 * UsernameCaseMapped (RFC 8265 §3.3): wide and narrow forms folded, lower case, NFC. Undefined when the name
 * is empty or holds a code point that names must not hold.
 *
 * Code points that only look like others are refused before case mapping, not folded: U+212A KELVIN SIGN
 * lower-cases to `k`, and whoever folds first hands one user's mailbox to another.
 */
export function usernameCaseMapped(name: string): string | undefined {
  if (isAsciiName(name)) return name.toLowerCase();
  let mapped = "";
  for (const character of name) mapped += foldWidth(character);
  // RFC 8264 §9.17 HasCompat, on the single code points: NFC of the whole would already hide U+212A.
  for (const character of mapped) if (!isIdentifierPoint(character)) return undefined;
  if (mixesArabicDigits(mapped)) return undefined;
  const folded = mapped.toLowerCase().normalize("NFC");
  return folded === "" ? undefined : folded;
}

/**
 * OpaqueString (RFC 8265 §4.2): other spaces become U+0020, NFC, case kept. Undefined when the password is
 * empty or holds controls, unassigned, private-use or invisible code points.
 */
export function opaqueString(password: string): string | undefined {
  let mapped = "";
  for (const character of password) {
    mapped += character !== " " && SPACE_SEPARATOR.test(character) ? " " : character;
  }
  mapped = mapped.normalize("NFC");
  if (mapped === "") return undefined;
  for (const character of mapped) {
    if (!FREEFORM.test(character) || IGNORABLE.test(character) || isOldHangulJamo(character)) {
      return undefined;
    }
  }
  return mapped;
}

/** The way nearly every name goes; false for the empty one. */
function isAsciiName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x21 || code > 0x7e) return false;
  }
  return name.length > 0;
}

/** RFC 8264 §5.2.1: only the code points whose decomposition is <wide> or <narrow> (U+3000, U+FF00–U+FFEF). */
function foldWidth(character: string): string {
  const code = character.codePointAt(0)!;
  return code === 0x3000 || (code >= 0xff00 && code <= 0xffef) ? character.normalize("NFKC") : character;
}

/** RFC 8264 §8 as far as the IdentifierClass goes. */
function isIdentifierPoint(character: string): boolean {
  const code = character.codePointAt(0)!;
  if (EXCEPTIONS_VALID.has(code)) return true;
  if (EXCEPTIONS_DISALLOWED.has(code)) return false;
  if (code >= 0x21 && code <= 0x7e) return true;
  if (isOldHangulJamo(character) || IGNORABLE.test(character)) return false;
  return character.normalize("NFKC") === character && LETTER_DIGIT.test(character);
}

/** RFC 8264 §9.9: conjoining jamo, which NFC leaves alone in some orders and composes in others. */
function isOldHangulJamo(character: string): boolean {
  const code = character.codePointAt(0)!;
  return (code >= 0x1100 && code <= 0x11ff) || (code >= 0xa960 && code <= 0xa97f) ||
    (code >= 0xd7b0 && code <= 0xd7ff);
}

/** RFC 5892 §A.8, A.9: U+0660–0669 and U+06F0–06F9 look alike and must not be mixed. */
function mixesArabicDigits(name: string): boolean {
  let indic = false, extended = false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    indic ||= code >= 0x660 && code <= 0x669;
    extended ||= code >= 0x6f0 && code <= 0x6f9;
  }
  return indic && extended;
}

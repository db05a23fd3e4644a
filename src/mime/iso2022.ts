/**
 * Charsets that switch between sets by escape sequences or `~{`, which neither TextDecoder nor iconv-lite
 * reads: ISO-2022-KR (RFC 1557), ISO-2022-CN (RFC 1922; of CNS 11643 only its place is kept), ISO-2022-JP-1
 * and -2 (RFC 1554, 2237), HZ (RFC 1843).
 */
import { latin1, standsAt } from "../bytes/ascii.ts";

/** A set of characters: octets with the high bit, behind `prefix`, are it in the charset `label`. */
interface CharacterSet {
  readonly label: string;
  /** Octets of a character. */
  readonly width: 1 | 2;
  readonly prefix?: number;
}

const GB2312: CharacterSet = { label: "gbk", width: 2 };
const KS_C_5601: CharacterSet = { label: "euc-kr", width: 2 };
const JIS_X_0208: CharacterSet = { label: "euc-jp", width: 2 };
const JIS_X_0212: CharacterSet = { label: "euc-jp", width: 2, prefix: 0x8f };
const KATAKANA: CharacterSet = { label: "shift_jis", width: 1 };
const LATIN1: CharacterSet = { label: "iso-8859-1", width: 1 };
const GREEK: CharacterSet = { label: "iso-8859-7", width: 1 };
/** No table has it. */
const UNKNOWN: CharacterSet = { label: "", width: 2 };

/** What stands behind ESC, which of the sets G0 to G2 it changes, and to what. */
const ESCAPES: readonly (readonly [string, 0 | 1 | 2, CharacterSet | undefined])[] = [
  ["(B", 0, undefined],
  ["(J", 0, undefined],
  ["(I", 0, KATAKANA],
  ["$@", 0, JIS_X_0208],
  ["$B", 0, JIS_X_0208],
  ["$(D", 0, JIS_X_0212],
  ["$(B", 0, JIS_X_0208],
  ["$A", 0, GB2312],
  ["$(A", 0, GB2312],
  ["$(C", 0, KS_C_5601],
  ["$)A", 1, GB2312],
  ["$)C", 1, KS_C_5601],
  ["$)E", 1, UNKNOWN],
  ["$)G", 1, UNKNOWN],
  ["$*H", 2, UNKNOWN],
  [".A", 2, LATIN1],
  [".F", 2, GREEK],
];

/** Gathers octets of one set after the other and decodes each run at once. */
class Runs {
  text = "";
  readonly #octets: Uint8Array;
  #length = 0;
  #set: CharacterSet | undefined;

  constructor(size: number) {
    // A prefix for every two octets, at most.
    this.#octets = new Uint8Array(size * 2);
  }

  add(set: CharacterSet | undefined, first: number, second?: number): void {
    if (set !== this.#set) this.flush();
    this.#set = set;
    if (set?.prefix !== undefined) this.#octets[this.#length++] = set.prefix;
    const high = set === undefined ? 0 : 0x80;
    this.#octets[this.#length++] = first | high;
    if (second !== undefined) this.#octets[this.#length++] = second | high;
  }

  flush(): void {
    const run = this.#octets.subarray(0, this.#length);
    this.#length = 0;
    if (run.length === 0) return;
    if (this.#set === undefined) this.text += latin1(run);
    else if (this.#set === UNKNOWN) this.text += "\ufffd".repeat(run.length / 2);
    else this.text += decoderOf(this.#set.label).decode(run);
  }
}

const decoders = new Map<string, TextDecoder>();

function decoderOf(label: string): TextDecoder {
  let decoder = decoders.get(label);
  if (decoder === undefined) decoders.set(label, decoder = new TextDecoder(label));
  return decoder;
}

/** Text of octets in one of the ISO-2022 charsets. Each line begins in ASCII (RFC 1557 §2, RFC 1922 §3). */
export function decodeIso2022(octets: Uint8Array): string {
  const runs = new Runs(octets.length);
  const sets: (CharacterSet | undefined)[] = [undefined, undefined, undefined];
  let shifted = false;
  for (let at = 0; at < octets.length; at++) {
    const c = octets[at]!;
    if (c === 0x1b) {
      const escape = ESCAPES.find(([text]) => standsAt(octets, text, at + 1));
      if (escape !== undefined) {
        sets[escape[1]] = escape[2];
        at += escape[0].length;
      } else if (octets[at + 1] === 0x4e || octets[at + 1] === 0x4f) {
        at = single(octets, at + 2, sets[2], runs) - 1; // SS2, SS3
      } else runs.add(undefined, c);
    } else if (c === 0x0e) shifted = true;
    else if (c === 0x0f) shifted = false;
    else if (c <= 0x20 || c === 0x7f) {
      if (c === 0x0a) {
        sets[0] = undefined;
        shifted = false;
      }
      runs.add(undefined, c);
    } else at = single(octets, at, shifted ? sets[1] : sets[0], runs) - 1;
  }
  runs.flush();
  return runs.text;
}

/** One character of a set; answers where the next one begins. */
function single(octets: Uint8Array, at: number, set: CharacterSet | undefined, runs: Runs): number {
  const first = octets[at];
  if (first === undefined) return at;
  const second = octets[at + 1];
  if (set?.width !== 2 || second === undefined || second <= 0x20) {
    if (set?.width === 2) runs.add(UNKNOWN, first, first);
    else runs.add(first >= 0x80 ? LATIN1 : set, first);
    return at + 1;
  }
  runs.add(set, first, second);
  return at + 2;
}

/** Text of octets in HZ (RFC 1843): GB 2312 between `~{` and `~}`, `~~` for `~`, `~` LF for nothing. */
export function decodeHz(octets: Uint8Array): string {
  const runs = new Runs(octets.length);
  let set: CharacterSet | undefined;
  for (let at = 0; at < octets.length; at++) {
    const c = octets[at]!;
    const next = octets[at + 1];
    if (c === 0x7e && (next === 0x7b || next === 0x7d)) {
      set = next === 0x7b ? GB2312 : undefined;
      at++;
    } else if (c === 0x7e && set === undefined && (next === 0x7e || next === 0x0a)) {
      if (next === 0x7e) runs.add(undefined, c);
      at++;
    } else if (c === 0x0a) {
      set = undefined; // §2: a line ends in ASCII
      runs.add(undefined, c);
    } else at = single(octets, at, c <= 0x20 ? undefined : set, runs) - 1;
  }
  runs.flush();
  return runs.text;
}

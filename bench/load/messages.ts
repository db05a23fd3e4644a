/** Messages for load: of an exact size, each with a number of its own, and words that searches look for. */

const encoder = new TextEncoder();

/** Where the number stands: fixed digits, so that a message is a copy with eight octets changed. */
const NUMBER = "@NUMBER@", LOT = "@L";
const WORDS = vocabulary(3000);

/** How many lots there are: a search for one finds one message in so many. */
export const LOTS = 100;

/** Messages of one size. Number `n` belongs to lot `n % LOTS`. */
export class Letters {
  readonly #template: Uint8Array;
  readonly #numbers: readonly number[];
  readonly #lots: readonly number[];

  /** `size` in octets; a little more where the header alone is longer. */
  constructor(readonly size: number) {
    const head = `From: Ada Load <ada@sender.test>\r\nTo: Box <user@load.test>\r\n` +
      `Subject: Report ${NUMBER} of hdr${LOT}z from the office\r\nDate: Wed, 25 Nov 2026 01:02:03 +0000\r\n` +
      `Message-ID: <${NUMBER}.${size}@load.test>\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\n\r\nParcel ${NUMBER} is of bat${LOT}z.\r\n`;
    const text = head + prose(size - head.length);
    this.#template = encoder.encode(text);
    this.#numbers = placesOf(text, NUMBER);
    this.#lots = placesOf(text, LOT);
  }

  /** Message number `n`. */
  octets(n: number): Uint8Array<ArrayBuffer> {
    const octets = this.#template.slice();
    for (const at of this.#numbers) digits(octets, at, NUMBER.length, n);
    for (const at of this.#lots) digits(octets, at, LOT.length, n % LOTS);
    return octets;
  }

  /** The word in the Subject of a lot's messages, and the one in their text. */
  static headerWord(lot: number): string {
    return `hdr${String(lot).padStart(2, "0")}z`;
  }

  static bodyWord(lot: number): string {
    return `bat${String(lot).padStart(2, "0")}z`;
  }
}

/** A message with the dot behind it, as DATA sends it; no line of ours begins with a dot. */
export function dotted(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(octets.length + 3);
  data.set(octets);
  data.set([0x2e, 0x0d, 0x0a], octets.length);
  return data;
}

function digits(octets: Uint8Array, at: number, count: number, value: number): void {
  for (let i = count - 1; i >= 0; i--, value = Math.floor(value / 10)) octets[at + i] = 48 + value % 10;
}

function placesOf(text: string, what: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + 1)) places.push(at);
  return places;
}

/** Lines of words, `length` octets with the last CRLF, the same ones each time. */
function prose(length: number): string {
  let seed = 1, text = "", line = "";
  while (text.length + line.length < length) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    line += `${WORDS[(seed >> 8) % WORDS.length]} `;
    if (line.length < 68) continue;
    text += `${line.trimEnd()}\r\n`;
    line = "";
  }
  return length < 2 ? "" : `${(text + line).slice(0, length - 2).replace(/[\r\n ]{1,2}$/, "..")}\r\n`;
}

function vocabulary(count: number): readonly string[] {
  const sounds = ["ba", "co", "di", "fu", "ga", "ho", "ki", "la", "me", "no", "pe", "ri", "so", "tu", "va"];
  return Array.from({ length: count }, (_, i) => {
    let word = "";
    for (let rest = i + 7; rest > 0; rest = Math.floor(rest / sounds.length)) {
      word += sounds[rest % sounds.length];
    }
    return word;
  });
}

import { assertEquals } from "@std/assert";
import { indexOfCrOrLf, indexOfLfIn, wordsOf } from "./words.ts";

/** Octets that the arithmetic could take for a line end: neighbours of CR and LF, and those with the top bit. */
const HARD = [0x00, 0x01, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x20, 0x7f, 0x80, 0x8a, 0x8d, 0xff];

/** Octets that are the same at every run, in a buffer where they do not stand at a word's beginning. */
function octets(length: number, offset: number, of: readonly number[]): Uint8Array {
  const room = new Uint8Array(length + offset + 8).fill(0x0a);
  const view = room.subarray(offset, offset + length);
  for (let i = 0, state = length * 31 + offset; i < length; i++) {
    state = (state * 1_103_515_245 + 12_345) % 0x8000_0000;
    view[i] = of[(state >> 8) % of.length]!;
  }
  return view;
}

Deno.test("line ends are found wherever they stand, and nothing else is taken for one", () => {
  const others = HARD.filter((octet) => octet !== 0x0a && octet !== 0x0d);
  for (const from of [HARD, others, [...others, ...others, ...others, 0x0d], [...others, ...others, 0x0a]]) {
    for (let length = 0; length < 70; length++) {
      for (const offset of [0, 1, 2, 3, 5]) {
        const view = octets(length, offset, from), words = wordsOf(view);
        for (let at = 0; at <= length; at++) {
          const lf = view.indexOf(0x0a, at);
          assertEquals(indexOfLfIn(view, words, at), lf);
          const either = view.findIndex((octet, i) => i >= at && (octet === 0x0a || octet === 0x0d));
          assertEquals(indexOfCrOrLf(view, words, at), either < 0 ? length : either);
        }
      }
    }
  }
});

Deno.test("each of the 256 octets in each place of a word", () => {
  for (let octet = 0; octet < 256; octet++) {
    for (let place = 0; place < 12; place++) {
      const line = new Uint8Array(12).fill(0x61);
      line[place] = octet;
      const words = wordsOf(line);
      assertEquals(indexOfLfIn(line, words, 0), octet === 0x0a ? place : -1);
      assertEquals(indexOfCrOrLf(line, words, 0), octet === 0x0a || octet === 0x0d ? place : 12);
    }
  }
});

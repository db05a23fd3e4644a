/** Compressed RTF ([MS-OXRTFCP]): what Outlook keeps a message's text in. A stream decoder. */
import { crc32 } from "node:zlib";
import { octetsOf } from "../bytes/ascii.ts";
import { Feeder, Place, type Reader } from "./wanted_octets.ts";

/** §2.1.2.1: what the dictionary holds at the beginning. */
const INITIAL = octetsOf(
  "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
    "\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx",
);
const DICTIONARY = 4096;
/** `LZFu` and `MELA`, little-endian. */
const COMPRESSED = 0x75465a4c;
const PLAIN = 0x414c454d;

/** Decodes compressed RTF. At most 17 octets come of two; never more than the header declares. */
export class RtfDecoder {
  readonly #feeder: Feeder;
  #out = new Uint8Array(0);
  #at = 0;
  #crc = 0xffff_ffff;
  #intact: boolean | undefined;

  constructor() {
    this.#feeder = new Feeder(this.#read());
  }

  /** True when the CRC is right (uncompressed RTF has none), false when it is wrong or the end is missing. */
  get intact(): boolean | undefined {
    return this.#intact;
  }

  /** Decodes what is certain; a fresh array each time. */
  push(octets: Uint8Array): Uint8Array {
    this.#out = new Uint8Array(octets.length * 2);
    this.#at = 0;
    this.#feeder.push(octets);
    return this.#out.subarray(0, this.#at);
  }

  /** Ends the stream; gives nothing more. */
  finish(): Uint8Array {
    if (!this.#feeder.done) this.#intact = false;
    return new Uint8Array(0);
  }

  *#read(): Reader<void> {
    const place = new Place();
    const head = yield* place.take(16);
    const end = 4 + head.getUint32(0, true);
    const rawSize = head.getUint32(4, true);
    const kind = head.getUint32(8, true);
    const crc = head.getUint32(12, true);
    if (kind === PLAIN) yield* this.#plain(place, rawSize);
    else if (kind === COMPRESSED) {
      yield* this.#compressed(place, end, rawSize);
      // §2.1.3.2 counts from zero and does not invert, unlike zlib.
      this.#intact = ((~this.#crc) >>> 0) === crc;
    }
  }

  *#plain(place: Place, rawSize: number): Reader<void> {
    for (let left = rawSize; left > 0; left--) this.#put((yield* place.take(1)).getUint8(0));
  }

  *#compressed(place: Place, end: number, rawSize: number): Reader<void> {
    const dictionary = new Uint8Array(DICTIONARY);
    dictionary.set(INITIAL);
    let write = INITIAL.length;
    let written = 0;
    const put = (octet: number) => {
      if (written++ < rawSize) this.#put(octet);
      dictionary[write] = octet;
      write = (write + 1) % DICTIONARY;
    };
    while (place.at < end) {
      const control = (yield* this.#counted(place, 1)).getUint8(0);
      for (let bit = 0; bit < 8 && place.at < end; bit++) {
        if ((control & (1 << bit)) === 0) {
          put((yield* this.#counted(place, 1)).getUint8(0));
          continue;
        }
        if (end - place.at < 2) return;
        const reference = (yield* this.#counted(place, 2)).getUint16(0);
        let read = reference >> 4;
        if (read === write) {
          // §2.1.3.1.4: a reference to the place of writing is the end.
          yield* this.#rest(place, end);
          return;
        }
        for (let size = (reference & 0xf) + 2; size > 0; size--) {
          put(dictionary[read]!);
          read = (read + 1) % DICTIONARY;
        }
      }
    }
  }

  /** Octets that the CRC counts. */
  *#counted(place: Place, size: number): Reader<DataView> {
    const view = yield* place.take(size);
    this.#crc = crc32(new Uint8Array(view.buffer, view.byteOffset, size), this.#crc);
    return view;
  }

  /** Octets behind the end mark: nothing is meant by them, but the CRC counts them. */
  *#rest(place: Place, end: number): Reader<void> {
    while (place.at < end) yield* this.#counted(place, 1);
  }

  #put(octet: number): void {
    if (this.#at === this.#out.length) {
      const larger = new Uint8Array(Math.max(256, this.#out.length * 2));
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#at++] = octet;
  }
}

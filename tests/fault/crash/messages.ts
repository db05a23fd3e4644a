/** Messages with a number, from which their octets follow: what comes back can be checked without being kept. */
import { Random } from "../../fuzz/random.ts";

const encoder = new TextEncoder();
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .";

/** The octets of message `number`, with CRLF at the end of each line; the same for the same seed. */
export function messageOctets(seed: number, number: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed, number);
  const size = random.oneIn(150)
    // Longer than one row of octets: such a message is staged in pieces.
    ? 1_100_000 + random.below(1_000_000)
    : random.oneIn(15)
    ? random.below(100_000)
    : random.below(3_000);
  const lines = [`X-Number: ${number}`, "From: a@sender.test", `Subject: number ${number}`, ""];
  let length = 0;
  const word = Array.from({ length: 64 }, () => random.pick([...LETTERS])).join("");
  while (length < size) {
    // Some begin with a dot; all differ, so that a lost or doubled line shows.
    const line = `${random.oneIn(9) ? "." : ""}${random.next()} ${word.slice(random.below(64))}`;
    lines.push(line);
    length += line.length + 2;
  }
  return encoder.encode(`${lines.join("\r\n")}\r\n`);
}

/** The number of a message, found in its header; undefined where there is none. */
export function numberOf(octets: Uint8Array): number | undefined {
  // Trace fields of ours stand before it.
  const head = new TextDecoder("latin1").decode(octets.subarray(0, 2048));
  const found = /^X-Number: (\d+)\r$/m.exec(head)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** True when `octets` are the message, maybe behind trace fields. */
export function isWhole(octets: Uint8Array, wanted: Uint8Array): boolean {
  const start = octets.length - wanted.length;
  if (start < 0) return false;
  return wanted.every((octet, i) => octets[start + i] === octet);
}

/** As it goes into DATA: dots doubled, and the end. */
export function dotStuffed(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(octets.length + octets.length / 4 + 8 | 0);
  let at = 0, lineStart = true;
  for (const octet of octets) {
    if (lineStart && octet === 0x2e) out[at++] = 0x2e;
    out[at++] = octet;
    lineStart = octet === 0x0a;
  }
  out.set(encoder.encode(".\r\n"), at);
  return out.slice(0, at + 3);
}

/** Encoders of old formats, for tests: the server itself only reads them. */
import { crc32 } from "node:zlib";

/** Octets as uuencode's lines, from `begin` to `end`, with CRLF; the grave accent stands for zero. */
export function encodeUu(octets: Uint8Array, name: string, mode = "644"): string {
  const lines = [`begin ${mode} ${name}`];
  for (let at = 0; at < octets.length; at += 45) {
    const size = Math.min(45, octets.length - at);
    let line = digit(size);
    for (let i = at; i < at + size; i += 3) {
      const group = (octets[i]! << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0);
      line += digit(group >> 18) + digit(group >> 12) + digit(group >> 6) + digit(group);
    }
    lines.push(line);
  }
  return lines.join("\r\n") + "\r\n`\r\nend\r\n";
}

function digit(value: number): string {
  const six = value & 0x3f;
  return String.fromCharCode(six === 0 ? 0x60 : six + 0x20);
}

/** Octets as one yEnc file, in lines of about 128, with CRLF; the answer is octets, because yEnc is 8-bit. */
export function encodeYenc(octets: Uint8Array, name: string): Uint8Array {
  const head = `=ybegin line=128 size=${octets.length} name=${name}\r\n`;
  const tail = `\r\n=yend size=${octets.length} crc32=${crc32(octets).toString(16).padStart(8, "0")}\r\n`;
  const out = new Uint8Array(head.length + tail.length + octets.length * 2 + (octets.length >> 6) * 2 + 2);
  let at = put(out, 0, head);
  let column = 0;
  for (const octet of octets) {
    const c = (octet + 42) & 0xff;
    // NUL, LF, CR and `=` always (§"Encoding"); `.`, SP and HTAB where a relay may touch them.
    const edge = column === 0 || column >= 127;
    const critical = c === 0 || c === 0x0a || c === 0x0d || c === 0x3d ||
      (edge && (c === 0x2e || c === 0x20 || c === 0x09));
    if (critical) out[at++] = 0x3d;
    out[at++] = critical ? c + 64 : c;
    column += critical ? 2 : 1;
    if (column < 128) continue;
    at = put(out, at, "\r\n");
    column = 0;
  }
  return out.subarray(0, put(out, at, tail));
}

function put(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at++] = text.charCodeAt(i);
  return at;
}

const HQX = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

/** A file with both forks as BinHex 4.0 (RFC 1741), in lines of 64. Name, type and creator are octet strings. */
export function encodeBinHex(
  name: string,
  data: Uint8Array,
  resource: Uint8Array,
  type = "TEXTttxt",
): string {
  const number = (value: number) =>
    [value >> 24, value >> 16, value >> 8, value].map((octet) => octet & 0xff);
  const codes = (text: string) => Array.from(text, (c) => c.charCodeAt(0));
  const head = [name.length, ...codes(name), 0, ...codes(type), 0, 0, ...number(data.length)];
  const plain = [head.concat(number(resource.length)), [...data], [...resource]].flatMap((section) => {
    const crc = crc16(section);
    return [...section, crc >> 8, crc & 0xff];
  });
  const packed: number[] = [];
  for (let at = 0; at < plain.length;) {
    const octet = plain[at]!;
    let run = 1;
    while (run < 255 && plain[at + run] === octet) run++;
    const one = octet === 0x90 ? [0x90, 0] : [octet];
    if (run > 3) packed.push(...one, 0x90, run);
    else for (let i = 0; i < run; i++) packed.push(...one);
    at += run;
  }
  let text = ":";
  let bits = 0;
  let count = 0;
  for (const octet of packed) {
    bits = ((bits << 8) | octet) & 0xffff;
    for (count += 8; count >= 6; count -= 6) text += HQX[(bits >> (count - 6)) & 0x3f];
  }
  if (count > 0) text += HQX[(bits << (6 - count)) & 0x3f];
  const lines = (text + ":").match(/.{1,64}/g)!;
  return "(This file must be converted with BinHex 4.0)\r\n\r\n" + lines.join("\r\n") + "\r\n";
}

/** As RFC 1741 Appendix A describes it: bit by bit, with two zero octets behind. */
function crc16(octets: readonly number[]): number {
  let crc = 0;
  for (const octet of [...octets, 0, 0]) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = crc & 0x8000;
      crc = ((crc << 1) | ((octet >> bit) & 1)) & 0xffff;
      if (carry) crc ^= 0x1021;
    }
  }
  return crc;
}

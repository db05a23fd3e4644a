/** Text as xtext (RFC 3461 §4); every octet of its UTF-8 that is no xchar becomes a hexchar. */
export function toXtext(text: string): string {
  let out = "";
  for (const octet of new TextEncoder().encode(text)) {
    const plain = octet >= 33 && octet <= 126 && octet !== 0x2b && octet !== 0x3d;
    out += plain ? String.fromCharCode(octet) : `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

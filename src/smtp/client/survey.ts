/** What a message's octets need of a transport, beyond what its sender said. */
export interface Survey {
  /** An octet beyond ASCII. */
  readonly eightBit: boolean;
  /** NUL, a CR or LF that stands alone, or a line of more than 998 octets: nothing for DATA (RFC 3030 §1). */
  readonly binary: boolean;
}

/** Reads a message through. Only for hosts without 8BITMIME or BINARYMIME: elsewhere nobody needs to know. */
export async function survey(octets: AsyncIterable<Uint8Array>, line: number): Promise<Survey> {
  let eightBit = false, binary = false, cr = false, column = 0;
  for await (const chunk of octets) {
    for (const octet of chunk) {
      if (cr !== (octet === 0x0a)) binary = true;
      cr = octet === 0x0d;
      if (octet === 0x0a) column = 0;
      else if (!cr && ++column > line) binary = true;
      if (octet === 0) binary = true;
      if (octet > 0x7f) eightBit = true;
    }
  }
  return { eightBit, binary: binary || cr };
}

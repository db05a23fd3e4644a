const NAME = "RECEIVED:";

/**
 * Counts the Received fields of a message's header while the message passes by in chunks: the one thing that
 * tells a mail loop (RFC 5321 §6.3). Keeps nothing of the message; stops at the first empty line.
 */
export class HopCounter {
  #hops = 0;
  /** How many octets of the line were compared with the name; -1: this line is another field. */
  #matched = 0;
  #lineLength = 0;
  #over = false;

  /** Received fields so far. */
  get hops(): number {
    return this.#hops;
  }

  /** Takes the next octets of the message. */
  push(octets: Uint8Array): void {
    if (this.#over) return;
    for (let at = 0; at < octets.length; at++) {
      const octet = octets[at]!;
      if (octet === 0x0a) {
        if (this.#lineLength === 0) {
          this.#over = true;
          return;
        }
        this.#lineLength = 0;
        this.#matched = 0;
        continue;
      }
      if (octet !== 0x0d) this.#lineLength++;
      if (this.#matched < 0) {
        const lf = octets.indexOf(0x0a, at);
        if (lf < 0) return;
        at = lf - 1;
      } else if ((octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet) !== NAME.charCodeAt(this.#matched)) {
        this.#matched = -1;
      } else if (++this.#matched === NAME.length) {
        this.#hops++;
        this.#matched = -1;
      }
    }
  }
}

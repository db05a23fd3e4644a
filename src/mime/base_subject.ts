/** Base subjects (RFC 5256 §2.1): what the subjects of one conversation have in common. */

/** What a subject is once its artefacts are gone. */
export interface BaseSubject {
  /** In the case that it was written in; compare it folded (RFC 5051). */
  readonly base: string;
  /** True when something was removed that only replies and forwarded messages have (RFC 5256 §3). */
  readonly isReply: boolean;
}

/**
 * Extracts the base subject of a subject that is decoded already. Linear in time: it moves two ends towards
 * each other and never looks at a run of blobs twice.
 */
export function baseSubject(subject: string): BaseSubject {
  return new Extraction(subject.replace(/[\t\r\n ]+/g, " ")).run();
}

class Extraction {
  readonly #lower: string;
  #start = 0;
  #end: number;
  #isReply = false;

  constructor(readonly text: string) {
    // ASCII only, so that every character keeps its place.
    this.#lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    this.#end = text.length;
  }

  run(): BaseSubject {
    do {
      this.#trailers();
      this.#leaders();
    } while (this.#forwarded());
    return { base: this.text.slice(this.#start, this.#end), isReply: this.#isReply };
  }

  /** Step 2. subj-trailer = "(fwd)" / WSP */
  #trailers(): void {
    for (;;) {
      if (this.#end > this.#start && this.text[this.#end - 1] === " ") this.#end--;
      else if (this.#end - 5 >= this.#start && this.#lower.startsWith("(fwd)", this.#end - 5)) {
        this.#end -= 5;
        this.#isReply = true;
      } else return;
    }
  }

  /** Steps 3 to 5. subj-leader = (*subj-blob subj-refwd) / WSP */
  #leaders(): void {
    for (;;) {
      this.#start = this.#skipSpace(this.#start);
      let blobs = this.#start, last = this.#start;
      for (let next = this.#blob(blobs); next > blobs; next = this.#blob(blobs)) {
        last = blobs;
        blobs = next;
      }
      const behind = this.#refwd(blobs);
      if (behind > blobs) {
        this.#start = behind;
        this.#isReply = true;
        continue;
      }
      // Step 4, for the whole run: the last blob stays when nothing else is left to be the base.
      this.#start = blobs === this.#end ? last : blobs;
      return;
    }
  }

  /** Step 6. subj-fwd = "[fwd:" subject "]" */
  #forwarded(): boolean {
    if (this.#end - this.#start < 6 || this.text[this.#end - 1] !== "]") return false;
    if (!this.#lower.startsWith("[fwd:", this.#start)) return false;
    this.#start += 5;
    this.#end--;
    return this.#isReply = true;
  }

  /** subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"; gives its end, or `at` where none is. */
  #refwd(at: number): number {
    const word = this.#lower.startsWith("re", at)
      ? 2
      : this.#lower.startsWith("fwd", at)
      ? 3
      : this.#lower.startsWith("fw", at)
      ? 2
      : 0;
    if (word === 0) return at;
    const end = this.#blob(this.#skipSpace(at + word));
    return end < this.#end && this.text[end] === ":" ? end + 1 : at;
  }

  /** subj-blob = "[" *BLOBCHAR "]" *WSP; gives its end, or `at` where none is. */
  #blob(at: number): number {
    if (this.text[at] !== "[") return at;
    for (let i = at + 1; i < this.#end; i++) {
      const char = this.text[i];
      if (char === "[") return at;
      if (char === "]") return this.#skipSpace(i + 1);
    }
    return at;
  }

  #skipSpace(at: number): number {
    while (at < this.#end && this.text[at] === " ") at++;
    return at;
  }
}

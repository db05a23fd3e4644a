/** One header field as it is written: words, folded where the line would grow too long (RFC 5322 §2.2.3). */
import { encodedWords, LINE, octetLength } from "./compose_words.ts";

/** Octets of a line without its end (RFC 5322 §2.1.1). */
const HARD_LINE = 998;

/** A field that grows word by word. */
export class FieldWriter {
  readonly #name: string;
  #done = "";
  #line: string;
  #column: number;

  /**
   * @throws RangeError when `name` is no field name (RFC 5322 §3.6.8).
   */
  constructor(name: string) {
    if (!/^[!-9;-~]{1,70}$/.test(name)) {
      throw new RangeError(`Cannot compose a field: bad name ${quoted(name)}`);
    }
    this.#name = name;
    this.#line = `${name}:`;
    this.#column = this.#line.length;
  }

  /** Adds a word behind white space, on a line of its own if it does not fit. */
  word(word: string, space = " "): this {
    const size = octetLength(word);
    // The first word stays on the line of the name unless another line really helps.
    const fits = this.#column + space.length + size <= LINE;
    const first = this.#done === "" && this.#column === this.#name.length + 1;
    if (!fits && !(first && size >= LINE)) this.#fold();
    this.#line += space + word;
    this.#column += space.length + size;
    return this;
  }

  /** Adds text as encoded words behind white space; `tail` follows without any. */
  encoded(text: string, space = " ", tail = ""): this {
    const words = encodedWords(text, LINE - space.length - this.#column, LINE - space.length, tail.length);
    words.forEach((word, i) => this.word(i === words.length - 1 ? word + tail : word, i === 0 ? space : " "));
    return this;
  }

  /**
   * The whole field with its line end.
   *
   * @throws RangeError when a word is longer than a line may be.
   */
  take(): string {
    this.#check();
    return `${this.#done}${this.#line}\r\n`;
  }

  #fold(): void {
    this.#check();
    this.#done += this.#line + "\r\n";
    this.#line = "";
    this.#column = 0;
  }

  #check(): void {
    if (this.#column > HARD_LINE) {
      throw new RangeError(`Cannot compose the field ${this.#name}: a word of more than ${HARD_LINE} octets`);
    }
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

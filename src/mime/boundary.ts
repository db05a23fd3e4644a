/** Boundaries of the multiparts that are open (RFC 2046 §5.1.1). */

/** A line that is a delimiter. */
export interface Delimiter {
  /** The depth of the multipart that it belongs to. */
  readonly level: number;
  /** True for `--boundary--`. */
  readonly closing: boolean;
}

interface Open {
  readonly boundary: Uint8Array;
  readonly level: number;
}

/** The open boundaries, outermost first. */
export class BoundaryStack {
  readonly #open: Open[] = [];
  readonly #limit: number;

  /** @param limit Octets of a boundary that are compared. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many are open. */
  get active(): number {
    return this.#open.length;
  }

  /** Opens the boundary of the multipart at depth `level`. */
  push(boundary: Uint8Array, level: number): void {
    this.#open.push({ boundary: boundary.subarray(0, this.#limit), level });
  }

  /** True when the multipart at that depth waits for its closing delimiter. */
  isOpen(level: number): boolean {
    return this.#open.some((one) => one.level === level);
  }

  /** Forgets the boundaries of multiparts deeper than `level`: they ended, or an epilogue follows. */
  dropAbove(level: number): void {
    while (this.#open.length > 0 && this.#open[this.#open.length - 1]!.level > level) this.#open.pop();
  }

  /**
   * The delimiter that `line[from..to)` is. It is enough that the line begins with one (RFC 2046 §5.1.1);
   * where several boundaries fit, the one that is the whole line wins, then the longest, then the innermost.
   */
  match(line: Uint8Array, from: number, to: number): Delimiter | undefined {
    if (to - from < 3 || line[from] !== 0x2d || line[from + 1] !== 0x2d) return undefined;
    const start = from + 2;
    let end = to;
    while (end > start && isBlank(line[end - 1]!)) end--;
    let best: Open | undefined;
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const one = this.#open[i]!;
      const size = one.boundary.length;
      if (size > to - start || (best !== undefined && size <= best.boundary.length)) continue;
      if (!beginsWith(line, start, one.boundary)) continue;
      best = one;
      const rest = end - start - size;
      if (rest === 0 || (rest === 2 && isDashes(line, start + size))) break;
    }
    if (best === undefined) return undefined;
    const behind = start + best.boundary.length;
    return { level: best.level, closing: behind + 2 <= to && isDashes(line, behind) };
  }
}

function beginsWith(line: Uint8Array, start: number, boundary: Uint8Array): boolean {
  for (let i = 0; i < boundary.length; i++) if (line[start + i] !== boundary[i]) return false;
  return true;
}

function isDashes(line: Uint8Array, at: number): boolean {
  return line[at] === 0x2d && line[at + 1] === 0x2d;
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d;
}

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
  /** Octets at the beginning that it shares with the one before it in alphabetical order. */
  common: number;
}

/** The open boundaries. */
export class BoundaryStack {
  /** Outermost first. */
  readonly #open: Open[] = [];
  /**
   * In the order of their octets, equal ones outermost first: then a line is compared once with what all of them
   * have in common, and not once with each.
   */
  readonly #sorted: Open[] = [];
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
    const one: Open = { boundary: boundary.subarray(0, this.#limit), level, common: 0 };
    this.#open.push(one);
    const at = this.#sorted.findLastIndex((other) => !isBefore(one.boundary, other.boundary)) + 1;
    this.#sorted.splice(at, 0, one);
    this.#compare(at);
    this.#compare(at + 1);
  }

  /** True when the multipart at that depth waits for its closing delimiter. */
  isOpen(level: number): boolean {
    return this.#open.some((one) => one.level === level);
  }

  /** Forgets the boundaries of multiparts deeper than `level`: they ended, or an epilogue follows. */
  dropAbove(level: number): void {
    while (this.#open.length > 0 && this.#open[this.#open.length - 1]!.level > level) {
      const at = this.#sorted.indexOf(this.#open.pop()!);
      this.#sorted.splice(at, 1);
      this.#compare(at);
    }
  }

  /** Sets what the boundary at `at` of the order has in common with the one before it. */
  #compare(at: number): void {
    const one = this.#sorted[at], before = this.#sorted[at - 1];
    if (one !== undefined) one.common = before === undefined ? 0 : agreeing(one.boundary, before.boundary);
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
    let best: Open | undefined, bestIsWhole = false;
    /** Octets that the line shares with the boundary before. */
    let same = 0;
    for (const one of this.#sorted) {
      // The line comes before this one in the order, and so before all that follow.
      if (one.common < same) break;
      // They differ where the one before differed from the line.
      if (one.common > same) continue;
      same = agreeing(one.boundary, line, start, to, same);
      const size = one.boundary.length;
      if (same < size) continue;
      const rest = end - start - size;
      const isWhole = rest === 0 || (rest === 2 && isDashes(line, start + size));
      if (bestIsWhole && (!isWhole || one.level < best!.level)) continue;
      [best, bestIsWhole] = [one, isWhole];
    }
    if (best === undefined) return undefined;
    const behind = start + best.boundary.length;
    return { level: best.level, closing: behind + 2 <= to && isDashes(line, behind) };
  }
}

/** How many octets at the beginning of `line[start..to)` are the boundary's; `from` of them are known to be. */
function agreeing(boundary: Uint8Array, line: Uint8Array, start = 0, to = line.length, from = 0): number {
  const most = Math.min(boundary.length, to - start);
  let at = from;
  while (at < most && line[start + at] === boundary[at]) at++;
  return at;
}

/** In the order of octets. */
function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  const same = agreeing(one, other);
  return same < other.length && (same === one.length || one[same]! < other[same]!);
}

function isDashes(line: Uint8Array, at: number): boolean {
  return line[at] === 0x2d && line[at + 1] === 0x2d;
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09 || c === 0x0d;
}

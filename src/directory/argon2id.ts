/**
 * Computes argon2id (RFC 9106 section 3.2) with the compression functions of npm's argon2id, which are WebAssembly. The
 * package's own driver makes a view of each block, 3.6 MB of garbage for a hash of ours; here a block is its offset.
 */
import { createBLAKE2b, type IHasher } from "hash-wasm";
import { simd } from "./argon2_module.js";

/** What goes into a hash. */
export interface Argon2idInput {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** KiB, which are blocks; at least eight for each lane. */
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
  readonly hashOctets: number;
}

/** What the WebAssembly exports; every number but those of `getLZ` after the second is an offset into its memory. */
interface Kernel {
  /** The compression function G (section 3.5) of x and y into `to`; `scratch` is a block. */
  G(x: number, y: number, to: number, scratch: number): void;
  /** G(x, G(x, y)). */
  G2(x: number, y: number, to: number, scratch: number): void;
  xor(to: number, x: number, y: number): void;
  /** Writes lane and column of the reference block (section 3.4) as two uint32 to `to`; `random`: J1 and J2. */
  getLZ(
    to: number,
    random: number,
    lane: number,
    lanes: number,
    pass: number,
    slice: number,
    index: number,
    slices: number,
    segment: number,
  ): void;
}

const BLOCK = 1024, PAGE = 65_536;
/** Pairs of J1 and J2 in a block. */
const BLOCK_PAIRS = BLOCK / 8;
const SLICES = 4, VERSION = 0x13, TYPE = 2;
/** The least memory, in pages, with which the WebAssembly can be instantiated. */
const LEAST_PAGES = 1040;

// Where what is not a block of the hash lies in the memory.
const SCRATCH = 0,
  RANDOM = BLOCK,
  COUNTER = 2 * BLOCK,
  ZERO = 3 * BLOCK,
  FRESH = 4 * BLOCK,
  REFERENCE = 5 * BLOCK;
const BLOCKS = 6 * BLOCK;

/** One memory, in which one hash is computed after the other. */
export class Argon2id {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #blake = new Map<number, IHasher>();

  private constructor(memory: WebAssembly.Memory, private readonly kernel: Kernel) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Makes a memory for hashes of up to `most` KiB. The kernel gives pages only to what hashes have used. */
  static async create(most: number): Promise<Argon2id> {
    const pages = Math.max(LEAST_PAGES, Math.ceil((BLOCKS + most * BLOCK) / PAGE));
    const memory = new WebAssembly.Memory({ initial: pages, maximum: PAGE });
    // Every processor that Deno runs on has SIMD, so there is nothing else to fall back to.
    const instance = await WebAssembly.instantiate(simd, { env: { memory } });
    return new Argon2id(memory, instance.exports as unknown as Kernel);
  }

  /** The hash. */
  async compute(input: Argon2idInput): Promise<Uint8Array> {
    const { memory, passes, lanes, hashOctets } = input;
    const segment = Math.floor(memory / (SLICES * lanes)), columns = segment * SLICES;
    await this.#prepare(64);
    await this.#prepare(lastOctets(hashOctets));
    // From here on nothing waits: the memory belongs to this hash until it is done.
    this.#fillFirst(input, columns);
    for (let pass = 0; pass < passes; pass++) {
      for (let slice = 0; slice < SLICES; slice++) {
        for (let lane = 0; lane < lanes; lane++) this.#fillSegment(input, segment, pass, slice, lane);
      }
    }
    const last = BLOCKS + (columns - 1) * BLOCK;
    for (let lane = 1; lane < lanes; lane++) this.kernel.xor(last, last, last + lane * columns * BLOCK);
    const hash = new Uint8Array(hashOctets);
    this.#expand(this.#bytes.subarray(last, last + BLOCK), hash);
    this.#bytes.fill(0, 0, BLOCKS);
    return hash;
  }

  /** H0 (section 3.2, step 1), and from it the first two blocks of each lane. */
  #fillFirst({ password, salt, memory, passes, lanes, hashOctets }: Argon2idInput, columns: number): void {
    const seed = new Uint8Array(64 + 8);
    const blake = this.#blake.get(64)!.init();
    for (const number of [lanes, hashOctets, memory, passes, VERSION, TYPE]) blake.update(le32(number));
    // Neither a secret nor associated data.
    for (const part of [password, salt, "", ""]) blake.update(le32(part.length)).update(part);
    seed.set(blake.digest("binary"));
    for (let lane = 0; lane < lanes; lane++) {
      seed.set(le32(lane), 68);
      for (const column of [0, 1]) {
        seed.set(le32(column), 64);
        const at = BLOCKS + (lane * columns + column) * BLOCK;
        this.#expand(seed, this.#bytes.subarray(at, at + BLOCK));
      }
    }
  }

  /** A fourth of a lane (section 3.4). The first half of the first pass refers to blocks without regard to the password. */
  #fillSegment(
    { passes, lanes }: Argon2idInput,
    segment: number,
    pass: number,
    slice: number,
    lane: number,
  ): void {
    const { kernel } = this, columns = segment * SLICES, laneAt = BLOCKS + lane * columns * BLOCK;
    const isIndependent = pass === 0 && slice < SLICES / 2;
    if (isIndependent) {
      this.#bytes.fill(0, COUNTER, COUNTER + BLOCK);
      for (const [i, number] of [pass, lane, slice, columns * lanes, passes, TYPE].entries()) {
        this.#view.setUint32(COUNTER + i * 8, number, true);
      }
    }
    let counter = 0;
    for (let index = pass === 0 && slice === 0 ? 2 : 0; index < segment; index++) {
      const column = slice * segment + index;
      const at = laneAt + column * BLOCK;
      const before = column > 0 ? at - BLOCK : at + (columns - 1) * BLOCK;
      let random = before;
      if (isIndependent) {
        const needed = Math.floor(index / BLOCK_PAIRS) + 1;
        if (counter !== needed) this.#fillRandom(counter = needed);
        random = RANDOM + index % BLOCK_PAIRS * 8;
      }
      kernel.getLZ(REFERENCE, random, lane, lanes, pass, slice, index, SLICES, segment);
      const referenceLane = this.#view.getUint32(REFERENCE, true);
      const referenceColumn = this.#view.getUint32(REFERENCE + 4, true);
      const from = BLOCKS + (referenceLane * columns + referenceColumn) * BLOCK;
      if (pass === 0) kernel.G(before, from, at, SCRATCH);
      else {
        kernel.G(before, from, FRESH, SCRATCH);
        kernel.xor(at, FRESH, at);
      }
    }
  }

  #fillRandom(counter: number): void {
    this.#view.setUint32(COUNTER + 6 * 8, counter, true);
    this.kernel.G2(ZERO, COUNTER, RANDOM, SCRATCH);
  }

  /** H' (section 3.3): `from` expanded or reduced to the length of `to`. */
  #expand(from: Uint8Array, to: Uint8Array): void {
    const last = lastOctets(to.length), wide = this.#blake.get(64)!;
    let value: Uint8Array | undefined, at = 0;
    const digest = (blake: IHasher) =>
      value === undefined
        ? blake.init().update(le32(to.length)).update(from).digest("binary")
        : blake.init().update(value).digest("binary");
    for (; to.length - at > 64; at += 32) {
      value = digest(wide);
      to.set(value.subarray(0, 32), at);
    }
    to.set(digest(this.#blake.get(last)!), at);
  }

  async #prepare(octets: number): Promise<void> {
    if (!this.#blake.has(octets)) this.#blake.set(octets, await createBLAKE2b(octets * 8));
  }
}

/** How many octets the last BLAKE2b in H' of so many gives: the first ones give 32 each until 64 or less are left. */
function lastOctets(octets: number): number {
  return octets <= 64 ? octets : octets - 32 * (Math.ceil(octets / 32) - 2);
}

function le32(number: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, number, true);
  return octets;
}

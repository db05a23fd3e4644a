/** The one way out for octets: ranges of messages, in pieces, read ahead and bounded. */
import type { AccountId, MessageId } from "../core/brands.ts";
import type { OctetPiece, OctetRange } from "../core/store.ts";
import type { StoreContext } from "./context.ts";
import { retrying } from "./failures.ts";
import type { Rows } from "./pg/door.ts";
import { messageBlobs, readMessages, readOctets } from "./sql/read.ts";

/** Ranges whose messages are looked up together, and pieces that are read together at most. */
const RANGES = 256, PIECES = 64;

/** A piece of one chunk that is to be read. */
interface Wanted {
  readonly index: number;
  /** Undefined: the first chunk of `message`, whatever its blob is. */
  readonly blob: string | undefined;
  readonly message: MessageId;
  readonly seq: number;
  /** From 1, as `substring` counts. */
  readonly first: number;
  readonly count: number;
  readonly last: boolean;
}

/**
 * MailStore.octets. At most `readAhead` reads of `readOctets` each are in flight or waiting for the caller,
 * so memory stays bounded however large the messages are.
 */
export async function* octets(
  context: StoreContext,
  account: AccountId,
  ranges: readonly OctetRange[],
): AsyncGenerator<OctetPiece> {
  const { readAhead } = context.limits;
  for (let at = 0; at < ranges.length; at += RANGES) {
    const { plan, complete } = shortPlan(ranges, at, context.limits.chunkOctets) ??
      await planOf(context, account, ranges, at);
    const batches = batchesOf(plan, context.limits.readOctets);
    const flying: { readonly wanted: readonly Wanted[]; readonly read: Promise<readonly Uint8Array[]> }[] =
      [];
    for (let next = 0; next < batches.length || flying.length > 0;) {
      while (flying.length < readAhead && next < batches.length) {
        const wanted = batches[next++]!;
        const read = readPieces(context, account, wanted);
        // Whoever stops iterating never awaits it.
        read.catch(() => {});
        flying.push({ wanted, read });
      }
      const { wanted, read } = flying.shift()!;
      const pieces = await read;
      for (const [i, one] of wanted.entries()) {
        const found = pieces[i];
        if (found === undefined) return; // swept meanwhile
        yield { index: one.index, octets: found, last: one.last };
      }
    }
    if (!complete) return;
  }
}

/** The same when all ranges lie within first chunks: then the octets are found in one round trip. */
function shortPlan(ranges: readonly OctetRange[], at: number, chunkOctets: number) {
  const plan: Wanted[] = [];
  for (let index = at; index < Math.min(ranges.length, at + RANGES); index++) {
    const { message, start, end } = ranges[index]!;
    if (end > chunkOctets || start < 0) return undefined;
    const count = Math.max(0, end - start);
    plan.push({ index, blob: undefined, message, seq: 0, first: start + 1, count, last: true });
  }
  return { plan, complete: true };
}

/** The pieces of some ranges from `at`; not complete when a message is gone. */
async function planOf(
  context: StoreContext,
  account: AccountId,
  ranges: readonly OctetRange[],
  at: number,
): Promise<{ readonly plan: readonly Wanted[]; readonly complete: boolean }> {
  const { chunkOctets } = context.limits;
  const some = ranges.slice(at, at + RANGES);
  const ids = [...new Set(some.map((range) => range.message))];
  const rows = await retrying(() => context.door.query(messageBlobs, account, ids));
  const blobs = new Map<MessageId, { readonly blob: string; readonly size: number }>();
  for (let row = 0; row < rows.count; row++) {
    blobs.set(rows.int(row, 0) as MessageId, { blob: rows.uuid(row, 1), size: rows.int(row, 2) });
  }
  const plan: Wanted[] = [];
  for (const [i, range] of some.entries()) {
    const found = blobs.get(range.message);
    if (found === undefined) return { plan, complete: false };
    const { blob, size } = found;
    const start = Math.max(0, range.start), end = Math.min(range.end, size);
    const index = at + i;
    if (start >= end) {
      plan.push({ index, blob, message: range.message, seq: -1, first: 1, count: 0, last: true });
      continue;
    }
    for (let from = start; from < end;) {
      const seq = Math.floor(from / chunkOctets);
      const to = Math.min(end, (seq + 1) * chunkOctets);
      plan.push({
        index,
        blob,
        message: range.message,
        seq,
        first: from - seq * chunkOctets + 1,
        count: to - from,
        last: to === end,
      });
      from = to;
    }
  }
  return { plan, complete: true };
}

/** Groups pieces into reads of about as many octets. */
function batchesOf(plan: readonly Wanted[], octetsEach: number): readonly (readonly Wanted[])[] {
  const batches: Wanted[][] = [];
  let octets = 0;
  let batch: Wanted[] | undefined;
  for (const wanted of plan) {
    if (batch === undefined || batch.length === PIECES || octets + wanted.count > octetsEach) {
      batches.push(batch = []);
      octets = 0;
    }
    batch.push(wanted);
    octets += wanted.count;
  }
  return batches;
}

const EMPTY = new Uint8Array(0);

/** Reads pieces, in order; ends early when a chunk is gone. All have a blob, or none has. */
async function readPieces(
  context: StoreContext,
  account: AccountId,
  wanted: readonly Wanted[],
): Promise<readonly Uint8Array[]> {
  const asked = wanted.filter((one) => one.count > 0);
  const pieces: Uint8Array[] = [];
  const rows = asked.length === 0
    ? undefined
    : await context.reads.run(account, () => retrying(() => query(context, account, asked)));
  let row = 0;
  for (const one of wanted) {
    if (one.count === 0) pieces.push(EMPTY);
    else {
      if (rows === undefined || rows.isNull(row, 0)) break;
      pieces.push(rows.octets(row++, 0));
    }
  }
  return pieces;
}

function query({ door }: StoreContext, account: AccountId, asked: readonly Wanted[]): Promise<Rows> {
  const firsts = asked.map((one) => one.first), counts = asked.map((one) => one.count);
  if (asked[0]!.blob === undefined) {
    return door.query(readMessages, account, asked.map((one) => one.message), firsts, counts);
  }
  return door.query(readOctets, asked.map((one) => one.blob!), asked.map((one) => one.seq), firsts, counts);
}

/** Random lives of a mailbox, by sessions that have it selected. */
import type { TestSession } from "../support/imap_session.ts";

/** mulberry32: the same history for the same seed. */
export function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) % n;
  };
}

/** The numbers of a sequence set. */
export function* uidsIn(set: string): Generator<number> {
  for (const range of set.split(",")) {
    const [low, high] = range.split(":").map(Number);
    for (let uid = low!; uid <= (high ?? low!); uid++) yield uid;
  }
}

const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "$Junk", "$Done"];

/** A random act of a session that has INBOX selected; refusals are part of it. */
export async function act(
  session: TestSession,
  deliver: () => Promise<unknown>,
  roll: (n: number) => number,
  count: number,
): Promise<readonly string[]> {
  const seq = 1 + roll(Math.max(1, count)), flag = FLAGS[roll(FLAGS.length)]!;
  switch (roll(9)) {
    case 0:
    case 1:
      await deliver();
      return [];
    case 2:
      return await session.run(`STORE ${seq} ${roll(2) ? "+" : "-"}FLAGS (${flag})`);
    case 3:
      return await session.run(`UID STORE ${roll(40)}:${roll(40)} +FLAGS (${flag})`);
    case 4:
      return await session.run("EXPUNGE");
    case 5:
      return await session.run(`UID MOVE ${1 + roll(40)} Moved`);
    case 6:
      return await session.run(`FETCH ${seq} (UID FLAGS)`);
    case 7:
      return await session.run("UID SEARCH 1:* SEEN");
    default:
      return await session.run("NOOP");
  }
}

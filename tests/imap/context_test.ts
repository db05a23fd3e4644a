/** A result that UPDATE keeps up to date must be what a fresh SEARCH finds (RFC 5267 §4.3). */
import { assertEquals } from "@std/assert";
import type { MailStore } from "../../src/core/store.ts";
import { bench, mail, put } from "../store/support.ts";
import { ALICE } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";
import { act, dice, uidsIn } from "./random.ts";

/** A client's result, by the tag of its search. */
class Result {
  readonly numbers = new Set<number>();

  constructor(readonly tag: string, readonly byUid: boolean) {}

  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const said = new RegExp(`^\\* ESEARCH \\(TAG "${this.tag}"\\)(?: UID)? (\\S+) (?:\\(0 )?([0-9:,]+)`)
        .exec(line);
      if (said !== null) {
        for (const n of uidsIn(said[2]!)) {
          const had = this.numbers.has(n), removes = said[1] === "REMOVEFROM";
          assertEquals(had, removes, `told twice: ${line}`);
          if (removes) this.numbers.delete(n);
          else this.numbers.add(n);
        }
      }
      const expunged = /^\* (\d+) EXPUNGE$/.exec(line);
      if (expunged !== null && !this.byUid) this.#shift(Number(expunged[1]));
    }
  }

  #shift(gone: number): void {
    const after = [...this.numbers].map((n) => n > gone ? n - 1 : n);
    this.numbers.clear();
    for (const n of after) this.numbers.add(n);
  }

  get sorted(): readonly number[] {
    return [...this.numbers].sort((a, b) => a - b);
  }
}

/** A client's sorted result: what comes and goes does so at places (RFC 5267 §4.3.3, §4.3.4). */
class SortedResult {
  numbers: number[] = [];

  constructor(readonly tag: string, readonly byUid: boolean) {}

  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const said = new RegExp(
        `^\\* ESEARCH \\(TAG "${this.tag}"\\)(?: UID)? (ALL|ADDTO|REMOVEFROM) \\(?([0-9:, ]+)`,
      )
        .exec(line);
      if (said?.[1] === "ALL") this.numbers = ordered(said[2]!);
      else if (said !== null) this.#change(said[1]!, said[2]!.split(" "), line);
      const expunged = /^\* (\d+) EXPUNGE$/.exec(line);
      if (expunged !== null && !this.byUid) {
        const gone = Number(expunged[1]);
        assertEquals(this.numbers.includes(gone), false, `gone before it was taken away: ${line}`);
        this.numbers = this.numbers.map((n) => n > gone ? n - 1 : n);
      }
    }
  }

  #change(what: string, pairs: readonly string[], line: string): void {
    for (let i = 0; i < pairs.length; i += 2) {
      const at = Number(pairs[i]) - 1, set = ordered(pairs[i + 1]!);
      if (what === "ADDTO") this.numbers.splice(at, 0, ...set);
      else assertEquals(this.numbers.splice(at, set.length), set, line);
    }
  }
}

/** Numbers of a set in its order. */
function ordered(set: string): number[] {
  return set.split(",").flatMap((range) => {
    const [low, high] = range.split(":").map(Number) as [number, number?];
    return Array.from({ length: (high ?? low) - low + 1 }, (_, n) => low + n);
  });
}

const SORTS = [
  "UID SORT RETURN (UPDATE ALL) (SUBJECT REVERSE UID) UTF-8 UNDELETED",
  "SORT RETURN (UPDATE ALL) (REVERSE MODSEQ) UTF-8 NOT SUBJECT m2",
  "SORT RETURN (UPDATE ALL) (REVERSE ARRIVAL SIZE) UTF-8 ALL",
];

const SEARCHES = [
  "UID SEARCH RETURN (UPDATE ALL) FLAGGED",
  "SEARCH RETURN (UPDATE ALL) UNDELETED",
  "UID SEARCH RETURN (UPDATE ALL) OR SUBJECT m1 (KEYWORD $Junk NOT SEEN)",
  "SEARCH RETURN (UPDATE ALL) NOT SUBJECT m2",
  "UID SEARCH RETURN (UPDATE ALL) ALL",
];

async function history(store: MailStore, deliver: () => Promise<unknown>, seed: number) {
  const roll = dice(seed);
  for (let n = 0; n < 6; n++) await deliver();
  await using other = await TestSession.open(store, {}, "CREATE Moved", "SELECT INBOX");
  await using session = await TestSession.open(store, {}, "SELECT INBOX");
  const results: Result[] = [];
  for (const search of SEARCHES) {
    const lines = await session.good(search);
    const result = new Result(/TAG "(\w+)"/.exec(lines.at(-1)!)![1]!, search.startsWith("UID"));
    result.hear(lines);
    results.push(result);
  }
  const sorts: SortedResult[] = [];
  for (const sort of SORTS) {
    const lines = await session.good(sort);
    const result = new SortedResult(/TAG "(\w+)"/.exec(lines.at(-1)!)![1]!, sort.startsWith("UID"));
    result.hear(lines);
    sorts.push(result);
  }
  for (let n = 0; n < 60; n++) {
    await act(other, deliver, roll, 12);
    const lines = await act(session, deliver, roll, 12);
    for (const result of [...results, ...sorts]) result.hear(lines);
  }
  const last = await session.good("NOOP");
  for (const result of [...results, ...sorts]) result.hear(last);
  for (const [at, sort] of SORTS.entries()) {
    const fresh = new SortedResult("\\w+", true);
    fresh.hear(await session.good(sort.replace("UPDATE ", "")));
    assertEquals(sorts[at]!.numbers, fresh.numbers, `seed ${seed}: ${sort}`);
  }
  for (const [at, search] of SEARCHES.entries()) {
    const fresh = new Result(".+", true);
    fresh.hear(await session.good(search.replace("UPDATE ", "")));
    assertEquals(results[at]!.sorted, fresh.sorted, `seed ${seed}: ${search}`);
  }
}

Deno.test("results that are kept up to date are what a fresh SEARCH finds (store in memory)", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const store = new MemoryStore();
    store.addAccount(ALICE);
    const roll = dice(seed);
    await history(store, () => store.put(ALICE, "INBOX", mail(`m${roll(4)}`)), seed);
  }
});

Deno.test("results that are kept up to date are what a fresh SEARCH finds (PostgreSQL)", async () => {
  for (let seed = 1; seed <= 2; seed++) {
    await using t = await bench(1);
    const roll = dice(seed);
    await history(t.store, () => put(t.store, ALICE, mail(`m${roll(4)}`)), seed);
  }
});

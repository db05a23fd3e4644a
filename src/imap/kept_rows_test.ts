import { assertEquals } from "@std/assert";
import type { MessageId, ModSeq, Uid } from "../core/brands.ts";
import type { FetchRow } from "../core/store.ts";
import { KeptRows, maskOf } from "./kept_rows.ts";

const ENVELOPE = maskOf({ envelope: true }), STRUCTURE = maskOf({ bodyStructure: true });

function row(uid: number, parts: Partial<FetchRow>): FetchRow {
  return {
    uid: uid as Uid,
    flags: 0,
    keywords: [],
    modSeq: 1 as ModSeq,
    message: uid as MessageId,
    internalDate: 0,
    saveDate: 0,
    size: 1,
    headerSize: 0,
    envelope: undefined,
    bodyStructure: undefined,
    structure: undefined,
    batch: { octets: (parts.envelope?.length ?? 0) + (parts.bodyStructure?.length ?? 0) },
    ...parts,
  };
}

const octets = (count: number, value: number) => new Uint8Array(count).fill(value);

Deno.test("a row is given when all that is wanted of it was kept, together if it came apart", () => {
  const rows = new KeptRows();
  rows.keep([row(1, { envelope: octets(5, 1) })], ENVELOPE, 10_000);
  assertEquals(rows.get(1, ENVELOPE)?.envelope, octets(5, 1));
  assertEquals(rows.get(1, ENVELOPE | STRUCTURE), undefined);
  assertEquals(rows.get(2, ENVELOPE), undefined);
  rows.keep([row(1, { bodyStructure: octets(7, 2) })], STRUCTURE, 10_000);
  const both = rows.get(1, ENVELOPE | STRUCTURE)!;
  assertEquals([both.envelope, both.bodyStructure], [octets(5, 1), octets(7, 2)]);
  rows.delete(1);
  for (const mask of [ENVELOPE, STRUCTURE, ENVELOPE | STRUCTURE]) assertEquals(rows.get(1, mask), undefined);
  rows.close();
});

Deno.test("a batch counts as long as one of its rows is there", () => {
  const rows = new KeptRows();
  const together = { octets: 5000 };
  const batch = [1, 5, 9].map((uid) => row(uid, { batch: together }));
  rows.keep(batch, ENVELOPE, 10_000);
  assertEquals([1, 5, 9, 4].map((uid) => rows.get(uid, ENVELOPE)), [...batch, undefined]);
  rows.delete(1);
  rows.delete(1);
  rows.delete(9);
  const large = [row(1, { batch: { octets: 5000 } })];
  assertEquals(rows.get(5, ENVELOPE), batch[1]);
  rows.keep(large, ENVELOPE, 10_000);
  assertEquals(rows.get(1, ENVELOPE), undefined, "no room beside one row of three");
  rows.delete(5);
  rows.keep(large, ENVELOPE, 10_000);
  assertEquals(rows.get(1, ENVELOPE), large[0]);
  rows.close();
});

Deno.test("within the limit the mailbox that was used last stays, and a closed one keeps nothing", () => {
  const [first, second, third] = [new KeptRows(), new KeptRows(), new KeptRows()];
  const one = [row(1, { envelope: octets(1000, 1) })];
  first.keep(one, ENVELOPE, 8000);
  second.keep(one, ENVELOPE, 8000);
  first.touch();
  third.keep(one, ENVELOPE, 8000);
  assertEquals([first, second, third].map((rows) => rows.get(1, ENVELOPE) !== undefined), [
    true,
    false,
    true,
  ]);
  first.close();
  first.keep(one, ENVELOPE, 8000);
  assertEquals(first.get(1, ENVELOPE), undefined);
  second.keep([row(1, { envelope: octets(8000, 1) })], ENVELOPE, 8000);
  assertEquals(second.get(1, ENVELOPE), undefined, "one row alone is more than the limit");
  for (const rows of [second, third]) rows.close();
});

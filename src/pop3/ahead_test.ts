import { assertEquals } from "@std/assert";
import type { AccountId, MessageId, Uid } from "../core/brands.ts";
import type { MailboxInfo, MailStore, OctetRange } from "../core/store.ts";
import { type Part, ReadAhead } from "./ahead.ts";
import { Maildrop } from "./maildrop.ts";

const LIMITS = { aheadOctets: 1000, aheadTotal: 10_000 };

/** A maildrop of messages of those sizes, and a store that notes what it was asked for. */
function drop(sizes: readonly number[], fails: (message: number) => boolean = () => false) {
  const maildrop = new Maildrop(1 as AccountId, {} as MailboxInfo);
  sizes.forEach((size, i) =>
    maildrop.add({ message: i + 1 as MessageId, uid: i + 1 as Uid, size, headerSize: 10 })
  );
  const asked: number[][] = [];
  const store = {
    async *octets(_: AccountId, ranges: readonly OctetRange[]) {
      asked.push(ranges.map(({ message }) => message));
      for (const [index, { message, end }] of ranges.entries()) {
        if (fails(message)) throw new Error("no octets");
        yield { index, octets: new Uint8Array(end).fill(message), last: true };
      }
    },
  } as unknown as MailStore;
  const ahead = new ReadAhead();
  const read = async (n: number, part: Part = "message", limits = LIMITS) => {
    let octets = 0;
    for await (const piece of ahead.pieces(store, maildrop, n, part, limits)) {
      assertEquals(piece.octets.every((octet) => octet === n), true);
      octets += piece.octets.length;
    }
    return octets;
  };
  return { maildrop, asked, read };
}

Deno.test("who retrieves one message after another is given the next ones from one read", async () => {
  const { asked, read } = drop([300, 300, 300, 300, 300]);
  for (const n of [1, 2, 3, 4, 5]) assertEquals(await read(n), 300);
  assertEquals(asked, [[1], [2, 3, 4], [5]]);
});

Deno.test("deleted messages are not read, and who jumps about reads one at a time", async () => {
  const { maildrop, asked, read } = drop([300, 300, 300, 300, 300]);
  maildrop.delete(3);
  for (const n of [1, 2, 5, 1, 4]) await read(n);
  assertEquals(asked, [[1], [2, 4, 5], [5], [1], [4]]);
});

Deno.test("headers are read ahead for who asks for headers only", async () => {
  const { asked, read } = drop([300, 300, 300]);
  for (const n of [1, 2, 3]) assertEquals(await read(n, "header"), 10);
  assertEquals(await read(3), 300);
  assertEquals(asked, [[1], [2, 3], [3]]);
});

Deno.test("a read that fails behind the message asked for is nobody's failure until it is asked for", async () => {
  const { asked, read } = drop([300, 300, 300], (message) => message === 3);
  assertEquals([await read(1), await read(2)], [300, 300]);
  assertEquals(await read(3).catch((error: Error) => error.message), "no octets");
  assertEquals(asked, [[1], [2, 3], [3]]);
});

Deno.test("nothing is held beyond what all sessions may hold", async () => {
  const { asked, read } = drop([300, 300, 300]);
  const limits = { aheadOctets: 1000, aheadTotal: 0 };
  for (const n of [1, 2, 3]) await read(n, "message", limits);
  assertEquals(asked, [[1], [2, 3], [3]]);
});

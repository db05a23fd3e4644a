import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ALICE } from "../../../tests/support/imap_auth.ts";
import { MemoryStore } from "../../../tests/support/imap_store.ts";
import type { SearchKey } from "../../core/search.ts";
import { View } from "../view.ts";
import { localTest } from "./search_local.ts";

const LEAF: fc.Arbitrary<SearchKey> = fc.oneof(
  fc.constant<SearchKey>({ key: "all" }),
  fc.record({ key: fc.constant("flag" as const), flag: fc.constantFrom(1, 2, 4), set: fc.boolean() }),
  fc.record({
    key: fc.constant("keyword" as const),
    name: fc.constantFrom("$A", "$a", "$none"),
    set: fc.boolean(),
  }),
  fc.record({ key: fc.constant("modseq" as const), atLeast: fc.integer({ min: 1, max: 30 }) }),
  fc.integer({ min: 1, max: 12 }).map((n): SearchKey => ({ key: "uid", set: [[n, n + 3]] })),
) as fc.Arbitrary<SearchKey>;

const KEY: fc.Arbitrary<SearchKey> = fc.letrec<{ key: SearchKey }>((tie) => ({
  key: fc.oneof(
    { depthSize: "small" },
    LEAF,
    fc.array(tie("key"), { minLength: 1, maxLength: 3 }).map((of): SearchKey => ({ key: "and", of })),
    fc.tuple(tie("key"), tie("key")).map((of): SearchKey => ({ key: "or", of })),
    tie("key").map((of): SearchKey => ({ key: "not", of })),
  ),
})).key;

Deno.test("the view finds what the store finds", async () => {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  for (let n = 0; n < 12; n++) await store.put(ALICE, "INBOX", new Uint8Array(4), n & 7);
  const inbox = (await store.mailbox(ALICE, "INBOX"))!;
  await store.setFlags(ALICE, inbox.id, [[3, 6]], { op: "add", flags: 0, keywords: ["$A"] });
  const opened = await View.open(store, ALICE, inbox);
  assert(opened.ok);
  using view = opened.value;
  await fc.assert(fc.asyncProperty(KEY, async (key) => {
    const test = localTest(key, view.mirror)!;
    const found = Array.from({ length: 12 }, (_, n) => n + 1).filter((uid) =>
      test(uid, view.mirror.indexOf(uid))
    );
    const want = await store.search(ALICE, inbox.id, key);
    assert(want.ok);
    assertEquals(found, Array.from(want.value));
  }));
});

Deno.test("what needs the messages themselves is left to the store", async () => {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  const opened = await View.open(store, ALICE, (await store.mailbox(ALICE, "INBOX"))!);
  assert(opened.ok);
  using view = opened.value;
  const body: SearchKey = { key: "body", text: "x" };
  for (
    const key of [body, { key: "not", of: body }, { key: "and", of: [{ key: "all" }, body] }] as SearchKey[]
  ) {
    assertEquals(localTest(key, view.mirror), undefined);
  }
});

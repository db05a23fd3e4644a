import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ALICE } from "../../tests/support/imap_auth.ts";
import { MemoryStore } from "../../tests/support/imap_store.ts";
import type { AccountId, Uid } from "../core/brands.ts";
import { type ChangeNotice, Flag, type MailboxInfo } from "../core/store.ts";
import { rangesOf } from "../core/uidset.ts";
import { NO_UPDATES, View } from "./view.ts";

const OCTETS = new TextEncoder().encode("a: b\r\n\r\n");

/** What a client knows, from nothing but what it was told. */
class Client {
  messages: { uid: number; flags: number }[] = [];
  hears(view: View, expunge: boolean): void {
    const updates = view.updates(expunge);
    for (const seq of updates.expunged) {
      const [gone] = this.messages.splice(seq - 1, 1);
      assert(view.mirror.indexOf(gone!.uid) < 0, `${gone!.uid} was told to be gone and is not`);
    }
    if (updates.exists !== undefined) {
      for (let seq = this.messages.length + 1; seq <= updates.exists; seq++) this.fetches(view, seq);
    }
    assertEquals(this.messages.length, view.count);
    for (const seq of updates.changed) this.fetches(view, seq);
  }
  fetches(view: View, seq: number): void {
    const uid = view.uidAt(seq), at = view.mirror.indexOf(uid);
    this.messages[seq - 1] = { uid, flags: at < 0 ? -1 : view.mirror.flagsAt(at) };
  }
}

async function setUp(count: number): Promise<{ store: MemoryStore; inbox: MailboxInfo }> {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  for (let n = 0; n < count; n++) await store.put(ALICE, "INBOX", OCTETS);
  return { store, inbox: (await store.mailbox(ALICE, "INBOX"))! };
}

async function open(store: MemoryStore, inbox: MailboxInfo): Promise<View> {
  const opened = await View.open(store, ALICE, inbox);
  assert(opened.ok);
  return opened.value;
}

const STEP = fc.record({
  what: fc.constantFrom("append", "delete", "expunge", "flag", "own", "tell", "tell-some", "settle"),
  which: fc.nat(30),
});

Deno.test("what a client was told equals what the server has, after any history", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
      const { store, inbox } = await setUp(5);
      using view = await open(store, inbox);
      using other = await open(store, inbox);
      const client = new Client();
      for (let seq = 1; seq <= view.count; seq++) client.fetches(view, seq);
      for (const { what, which } of steps) {
        const index = await store.index(ALICE, inbox.id);
        assert(index.ok);
        const uids = index.value.uids;
        const one = uids.length === 0 ? [] : rangesOf([uids[which % uids.length]!]);
        if (what === "append") await store.put(ALICE, "INBOX", OCTETS);
        else if (what === "delete") {
          await store.setFlags(ALICE, inbox.id, one, { op: "add", flags: Flag.Deleted, keywords: [] });
        } else if (what === "flag") {
          await store.setFlags(ALICE, inbox.id, one, {
            op: "replace",
            flags: which & 7,
            keywords: which > 15 ? ["k"] : [],
          });
        } else if (what === "own" && client.messages.length > 0) {
          const { uid } = client.messages[which % client.messages.length]!;
          const set = await store.setFlags(ALICE, inbox.id, [[uid, uid]], {
            op: "replace",
            flags: which & 7,
            keywords: [],
          });
          assert(set.ok);
          for (const seq of view.own(set.value.changed)) client.fetches(view, seq);
          for (const row of set.value.changed) client.fetches(view, view.seqOf(row.uid));
        } else if (what === "expunge") {
          const gone = await store.expunge(ALICE, inbox.id, "all");
          // As the session does it that said EXPUNGE: ahead of the notice.
          if (gone.ok) other.mirror.remove(gone.value.removed);
        } else if (what === "settle") await view.mirror.refresh();
        else client.hears(view, what === "tell");
      }
      await view.mirror.refresh();
      client.hears(view, true);
      const index = await store.index(ALICE, inbox.id);
      assert(index.ok);
      const { uids, flags } = index.value;
      assertEquals(client.messages, Array.from(uids, (uid, at) => ({ uid, flags: flags[at]! })));
      for (let seq = 1; seq <= view.count; seq++) assertEquals(view.seqOf(view.uidAt(seq)), seq);
    }),
    { numRuns: 200 },
  );
});

Deno.test("a message keeps its number until the client may be told that it is gone", async () => {
  const { store, inbox } = await setUp(3);
  using view = await open(store, inbox);
  await store.setFlags(ALICE, inbox.id, [[1, 1]], { op: "add", flags: Flag.Deleted, keywords: [] });
  await store.expunge(ALICE, inbox.id, "all");
  await store.put(ALICE, "INBOX", OCTETS);
  await view.mirror.refresh();
  assertEquals(view.updates(false), { ...NO_UPDATES, exists: 4, arrived: [4] });
  assertEquals([1, 2, 3, 4].map((seq) => view.uidAt(seq)), [1, 2, 3, 4]);
  assert(view.behind);
  assertEquals(view.updates(true), { ...NO_UPDATES, expunged: [1], vanished: [[1, 1]] });
  assertEquals([1, 2, 3].map((seq) => view.uidAt(seq)), [2, 3, 4]);
  assert(!view.behind);
});

Deno.test("sessions share one mirror, and the last one closes it", async () => {
  const { store, inbox } = await setUp(1);
  const first = await open(store, inbox), second = await open(store, inbox);
  assert(first.mirror === second.mirror);
  first[Symbol.dispose]();
  assertEquals(store.watchers(ALICE), 1);
  second[Symbol.dispose]();
  await Promise.resolve();
  assertEquals(store.watchers(ALICE), 0);
  using third = await open(store, inbox);
  assert(third.mirror !== first.mirror);
});

Deno.test("a session that is far behind is told of every change, others of theirs only", async () => {
  const { store, inbox } = await setUp(0);
  for (let n = 0; n < 20; n++) await store.put(ALICE, "INBOX", OCTETS);
  using view = await open(store, inbox);
  let modSeq = view.mirror.modSeq;
  // More changes than the log holds, of two messages.
  for (let n = 0; n < 9000; n++) {
    const row = { uid: (n % 2 + 1) as Uid, flags: n & 4, keywords: [], modSeq: ++modSeq as never };
    view.mirror.apply([row]);
  }
  // Nor does it hold many more than the mailbox has messages.
  assertEquals(view.mirror.changedSince(view.mirror.logEnd - 300), undefined);
  assertEquals(view.updates(true).changed, [1, 2]);
  assertEquals(view.updates(true).changed, []);
});

Deno.test("an answer that was read before our own EXPUNGE does not bring the message back", async () => {
  const { store, inbox } = await setUp(3);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const slow = new Proxy(store, {
    get(target, name) {
      if (name === "changes") {
        return async (...asked: Parameters<MemoryStore["changes"]>) => {
          const answer = await target.changes(...asked);
          await held;
          return answer;
        };
      }
      const own = Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  using view = await open(slow, inbox);
  await store.setFlags(ALICE, inbox.id, [[3, 3]], { op: "add", flags: Flag.Deleted, keywords: [] });
  const reading = view.mirror.refresh();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const gone = await store.expunge(ALICE, inbox.id, "all");
  assert(gone.ok);
  view.mirror.remove(gone.value.removed);
  let back = false;
  using _listening = view.listen(() => back ||= view.mirror.indexOf(3) >= 0);
  release();
  await reading;
  assert(!back);
  assertEquals(view.updates(true), { ...NO_UPDATES, expunged: [3], vanished: [[3, 3]] });
});

Deno.test("flags that this worker wrote are taken over without asking, unless something lies between", async () => {
  const { store, inbox } = await setUp(3);
  let asked = 0;
  let notice: (notice: ChangeNotice) => void = () => {};
  const counting = new Proxy(store, {
    get(target, name) {
      if (name === "watch") {
        return (_account: AccountId, listener: typeof notice) => {
          notice = listener;
          return { [Symbol.dispose]() {} };
        };
      }
      if (name === "changes") asked++;
      const own = Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  using view = await open(counting, inbox);
  const { mirror } = view;
  const write = async (uid: Uid, keywords: readonly string[], tell = true) => {
    const after = (await store.mailbox(ALICE, "INBOX"))!.highestModSeq;
    const set = await store.setFlags(ALICE, inbox.id, [[uid, uid]], {
      op: "add",
      flags: Flag.Seen,
      keywords,
    });
    assert(set.ok);
    const rows = set.value.changed;
    const { modSeq } = rows[0]!;
    if (tell) notice({ account: ALICE, mailbox: inbox.id, modSeq, flags: { after, rows } });
    return modSeq;
  };
  assertEquals([await write(2 as Uid, []), asked], [mirror.modSeq, 0]);
  assertEquals([mirror.info.highestModSeq, view.updates(true).changed], [mirror.modSeq, [2]]);
  // A keyword whose name is not known, and a change that nobody told of.
  await write(2 as Uid, ["$New"]);
  assertEquals(asked, 1);
  await mirror.refresh();
  assertEquals(view.updates(true).changed, [2]);
  asked = 0;
  await write(1 as Uid, [], false);
  await write(3 as Uid, []);
  assertEquals(asked, 1);
  await mirror.refresh();
  assertEquals(view.updates(true).changed, [1, 3]);
});

Deno.test("sequence sets become UIDs: any order, stars, holes", async () => {
  const { store, inbox } = await setUp(6);
  await store.remove(ALICE, inbox.id, [[2, 2], [5, 5]]);
  using view = await open(store, inbox);
  const seq = (...ranges: [number, number][]) => view.resolve({ kind: "ranges", ranges }, "seq", []);
  const uid = (...ranges: [number, number][]) => view.resolve({ kind: "ranges", ranges }, "uid", []);
  assertEquals(seq([1, 2]), [[1, 3]]);
  assertEquals(seq([0, 3]), [[4, 6]]);
  assertEquals(seq([0, 0]), [[6, 6]]);
  assertEquals(seq([5, 5]), undefined);
  assertEquals(seq([4, 0], [1, 1]), [[1, 1], [6, 6]]);
  assertEquals(uid([100, 0]), [[6, 6]]);
  assertEquals(uid([0, 4]), [[4, 6]]);
  assertEquals(uid([7, 9]), []);
  assertEquals(view.resolve({ kind: "saved" }, "seq", [[3, 3]]), [[3, 3]]);
  assertEquals([...view.seqRanges([[2, 4], [6, 9]])], [[2, 3], [4, 4]]);
});

Deno.test("a mailbox of a million messages", async () => {
  const { store, inbox } = await setUp(0);
  const count = 1_000_000;
  const uids = Uint32Array.from({ length: count }, (_, n) => n * 2 + 1);
  const big = Object.assign(Object.create(store), {
    index: () =>
      Promise.resolve({
        ok: true,
        value: {
          mailbox: inbox,
          uids,
          flags: new Uint8Array(count),
          modSeqs: new Float64Array(count).fill(1),
          keywords: new Map(),
        },
      }),
    watch: () => ({ [Symbol.dispose]() {} }),
  }) as MemoryStore;
  using view = await open(big, inbox);
  assertEquals([view.count, view.uidAt(500_000), view.seqOf(999_999)], [count, 999_999, 500_000]);
  view.mirror.remove([[1, 3], [1_999_999, 1_999_999]]);
  assertEquals(view.updates(true).expunged, [1_000_000, 2, 1]);
  assertEquals(view.count, count - 3);
});

Deno.test("a mailbox that is not there, and one that cannot be read, leave nothing open", async () => {
  const { store, inbox } = await setUp(1);
  await store.deleteMailbox(ALICE, "INBOX");
  const missing = await View.open(store, ALICE, { ...inbox, id: 99 as never });
  assert(!missing.ok);
  const down = Object.assign(Object.create(store), {
    index: () => Promise.reject(new Error("down")),
  }) as MemoryStore;
  await View.open(down, ALICE, inbox).then(() => assert(false), () => {});
  assertEquals(store.watchers(ALICE), 0);
});

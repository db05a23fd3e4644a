import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Gather } from "../bytes/gather.ts";
import type { ThreadRow } from "../core/search.ts";
import type { ThreadAlgorithm } from "./command.ts";
import { threadList } from "./encode/mod.ts";
import { type ThreadNode, threads } from "./threads.ts";

/** A row: subject, reply or not, date, id, references. */
function row(
  uid: number,
  subject: string,
  sentAt: number,
  id?: string,
  references: readonly string[] = [],
): ThreadRow {
  const isReply = subject.startsWith("re:");
  return { uid, subject: subject.replace(/^re:/, ""), isReply, sentAt, messageId: id, references };
}

function shown(algorithm: ThreadAlgorithm, rows: readonly ThreadRow[]): string {
  return text(threads(algorithm, rows), rows.map(({ uid }) => uid));
}

function text(roots: readonly ThreadNode[], numbers: readonly number[]): string {
  const out = new Gather();
  for (const root of roots) threadList(out, root, numbers);
  return out.take().map((octets) => new TextDecoder().decode(octets)).join("");
}

Deno.test("THREAD responses as RFC 5256 §4 writes them", () => {
  const leaf = (at: number, ...children: ThreadNode[]): ThreadNode => ({ at, children });
  const numbers = [2, 3, 6, 4, 23, 44, 7, 96, 5];
  const second = leaf(1, leaf(2, leaf(3, leaf(4)), leaf(5, leaf(6, leaf(7)))));
  assertEquals(text([leaf(0), second], numbers), "(2)(3 6 (4 23)(44 7 96))");
  assertEquals(text([leaf(-1, leaf(1), leaf(8))], numbers), "((3)(5))");
  let deep = leaf(0);
  for (let i = 0; i < 200_000; i++) deep = i % 2 === 0 ? leaf(0, deep) : leaf(0, leaf(1), deep);
  assertEquals(text([deep], numbers).length > 200_000, true);
});

Deno.test("ORDEREDSUBJECT", () => {
  const rows = [
    row(1, "b", 5),
    row(2, "a", 9),
    row(3, "re:b", 4),
    row(4, "b", 4),
    row(5, "", 1),
    row(6, "", 0),
  ];
  assertEquals(shown("ORDEREDSUBJECT", rows), "(6 5)(3 (4)(1))(2)");
  assertEquals(shown("ORDEREDSUBJECT", []), "");
});

Deno.test("REFERENCES: links", () => {
  const refs = (...rows: ThreadRow[]) => shown("REFERENCES", rows);
  // A chain, whatever its order.
  assertEquals(
    refs(row(1, "", 3, "c", ["a", "b"]), row(2, "", 2, "b", ["a"]), row(3, "", 1, "a")),
    "(3 2 1)",
  );
  // A truncated References field: the later, correct link replaces the guess.
  assertEquals(
    refs(
      row(1, "", 1, "a"),
      row(2, "", 4, "d", ["a", "c"]),
      row(3, "", 2, "b", ["a"]),
      row(4, "", 3, "c", ["b"]),
    ),
    "(1 3 4 2)",
  );
  // No loops.
  assertEquals(refs(row(1, "", 1, "a", ["b"]), row(2, "", 2, "b", ["a"])), "(2 1)");
  assertEquals(refs(row(1, "", 1, "a", ["a"])), "(1)");
  assertEquals(refs(row(1, "", 1, "c", ["a", "b", "a", "c"])), "(1)");
  // Of two with the same Message-ID the first has it.
  assertEquals(refs(row(1, "", 1, "a"), row(2, "", 2, "a"), row(3, "", 3, "b", ["a"])), "(1 3)(2)");
  // What is not there is left out, but holds siblings together at the top.
  assertEquals(refs(row(1, "", 2, "a", ["x", "y"]), row(2, "", 1, "b", ["x", "z"])), "((2)(1))");
  assertEquals(refs(row(1, "", 2, "a", ["x", "y"])), "(1)");
  assertEquals(
    refs(row(1, "", 1, "a"), row(2, "", 3, "b", ["a", "x"]), row(3, "", 2, "c", ["a", "x"])),
    "(1 (3)(2))",
  );
  // A message without references has no parent, although another one says so.
  assertEquals(refs(row(1, "", 1, "c", ["a", "b"]), row(2, "", 2, "b"), row(3, "", 3, "a")), "(2 1)(3)");
});

Deno.test("REFERENCES: subjects", () => {
  const refs = (...rows: ThreadRow[]) => shown("REFERENCES", rows);
  // A reply becomes a child of what it replies to.
  assertEquals(refs(row(1, "re:s", 1, "a"), row(2, "s", 2, "b")), "(2 1)");
  // Two that are no replies become siblings, and so do two replies.
  assertEquals(refs(row(1, "s", 2, "a"), row(2, "s", 1, "b")), "((2)(1))");
  assertEquals(refs(row(1, "re:s", 2, "a"), row(2, "re:s", 1, "b"), row(3, "re:s", 3, "c")), "((2)(1)(3))");
  // Empty subjects are no subjects.
  assertEquals(refs(row(1, "re:", 1, "a"), row(2, "", 2, "b")), "(1)(2)");
  // Two threads whose beginnings are missing become one.
  assertEquals(
    refs(
      row(1, "s", 1, "a", ["x"]),
      row(2, "s", 4, "b", ["x"]),
      row(3, "s", 3, "c", ["y"]),
      row(4, "s", 2, "d", ["y"]),
      row(5, "re:s", 5, "e"),
    ),
    "((1)(4)(3)(2)(5))",
  );
});

Deno.test("REFS: no subjects, the newest thread last", () => {
  const rows = [
    row(1, "s", 1, "a"),
    row(2, "s", 2, "b"),
    row(3, "re:s", 9, "c", ["a"]),
    row(4, "", 4, "d", ["x"]),
    row(5, "", 3, "e", ["x"]),
  ];
  assertEquals(shown("REFS", rows), "(2)((5)(4))(1 3)");
});

Deno.test("every message is in exactly one thread, whatever the references say", () => {
  const id = fc.integer({ min: 0, max: 9 }).map((n) => `m${n}`);
  const one = fc.record({
    subject: fc.constantFrom("", "a", "re:a", "b", "re:b"),
    sentAt: fc.integer({ min: 0, max: 5 }),
    messageId: fc.option(id, { nil: undefined }),
    references: fc.uniqueArray(id, { maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 14 }), (messages) => {
      const rows = messages.map((m, i) => row(i + 1, m.subject, m.sentAt, m.messageId, m.references));
      for (const algorithm of ["ORDEREDSUBJECT", "REFERENCES", "REFS"] as const) {
        const found = shown(algorithm, rows).match(/\d+/g)?.map(Number) ?? [];
        assertEquals(found.sort((a, b) => a - b), rows.map(({ uid }) => uid), algorithm);
        const dummiesBelow = (node: ThreadNode, top: boolean): boolean =>
          node.at < 0 && (!top || node.children.length < 2) ||
          node.children.some((c) => dummiesBelow(c, false));
        assert(!threads(algorithm, rows).some((root) => dummiesBelow(root, true)), algorithm);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("threads that were made to be slow are not", () => {
  const COUNT = 20_000;
  const begun = performance.now();
  const chain = Array.from(
    { length: COUNT },
    (_, i) => row(i + 1, "", i, `m${i}`, i === 0 ? [] : [`m${i - 1}`]),
  );
  assertEquals(shown("REFERENCES", chain).startsWith("(1 2 3 "), true);
  assertEquals(shown("REFS", chain.toReversed()).startsWith("(1 2 3 "), true);
  // Each message is guessed to be above the next one and then is put below a long chain.
  const odd = Array.from(
    { length: COUNT },
    (_, i) => row(i + 1, "s", i, `m${i}`, [`m${(i * 7) % COUNT}`, `m${i + 1}`]),
  );
  shown("REFERENCES", odd);
  const same = Array.from({ length: COUNT }, (_, i) => row(i + 1, "s", i));
  shown("REFERENCES", same);
  assert(performance.now() - begun < 10_000, `${performance.now() - begun} ms`);
});

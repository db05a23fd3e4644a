import { assert, assertEquals } from "@std/assert";
import { argon2id } from "hash-wasm";
import { argon2 } from "./argon2.ts";
import { ARGON2 } from "./schemes.ts";

const utf8 = new TextEncoder();
const salt = Uint8Array.from({ length: 16 }, (_, i) => 250 - i * 13);

Deno.test("two implementations agree: lanes, passes, memory, lengths", async () => {
  for (
    const [memory, passes, lanes, hashOctets, word] of [
      [8, 1, 1, 12, "x"],
      [1024, 3, 4, 32, "correct horse"],
      [1027, 1, 2, 128, "pässwörd"],
      [1024, 2, 1, 65, "\x05"],
      [ARGON2.memory, ARGON2.passes, ARGON2.lanes, ARGON2.hashOctets, "w".repeat(1024)],
    ] as const
  ) {
    const password = utf8.encode(word);
    const theirs = await argon2id({
      ...{ password, salt, iterations: passes, memorySize: memory },
      ...{ parallelism: lanes, hashLength: hashOctets, outputType: "binary" },
    });
    assertEquals(
      await argon2(password, { variant: "argon2id", memory, passes, lanes, salt, hashOctets }),
      theirs,
    );
  }
});

Deno.test("hashes of RFC 9106's other variants, and those that need much memory", async () => {
  const asked = { memory: 1024, passes: 2, lanes: 1, salt, hashOctets: 32 };
  const hashes = await Promise.all(
    (["argon2d", "argon2i", "argon2id"] as const).map((variant) =>
      argon2(utf8.encode("x"), { ...asked, variant })
    ),
  );
  assertEquals(new Set(hashes.map(String)).size, 3);
  const much = { ...asked, variant: "argon2id", memory: 70_000, passes: 1 } as const;
  assertEquals((await argon2(utf8.encode("x"), much)).length, 32);
});

Deno.test("one hash after the other takes no more memory than one", async () => {
  const hash = () => argon2(utf8.encode("x"), { ...ARGON2, variant: "argon2id", salt });
  await hash();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 20; i++) await hash();
  const grown = (Deno.memoryUsage().rss - before) / 1024 / 1024;
  // A memory for each would be 19 MiB × 20.
  assert(grown < 95, `${grown} MiB more`);
});

Deno.test("a hash leaves little to the garbage collector", async () => {
  const left: number[] = [];
  for (let i = 0; i < 9; i++) {
    const before = Deno.memoryUsage().heapUsed;
    await argon2(utf8.encode("x"), { ...ARGON2, variant: "argon2id", salt });
    left.push(Deno.memoryUsage().heapUsed - before);
  }
  const median = left.toSorted((a, b) => a - b)[4]!;
  // A view of each of its 19,456 blocks would be 3.7 MB.
  assert(median < 500_000, `${median} octets`);
});

/** Every sentence of PROMISES.md names its tests, and they are there. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const REFERENCE = /\(([\w/.-]+\.(?:ts|md)): "([^"]*)"\)/g;

Deno.test("every promise names a test that is there", async () => {
  const text = await Deno.readTextFile(new URL("PROMISES.md", root));
  const promises = text.split("\n").filter((line) => line.startsWith("- "));
  assert(promises.length > 30);
  for (const promise of promises) {
    const references = [...promise.matchAll(REFERENCE)];
    assert(references.length > 0, `no test is named: ${promise}`);
    assertEquals(promise.replaceAll(REFERENCE, "").trim().endsWith("."), true, `not a sentence: ${promise}`);
    for (const [, path, name] of references) {
      const source = await Deno.readTextFile(new URL(path!, root));
      // A name may have what varies behind it, or before it.
      const isThere = path!.endsWith(".md")
        ? source.includes(`### ${name}\n`)
        : ['"', "`", ") "].some((before) =>
          source.includes(`${before}${name}`) || source.includes(`: ${name}`)
        );
      assert(name !== "" && isThere, `${path} has no test ${JSON.stringify(name)}`);
    }
  }
});

import { assertEquals } from "@std/assert";
import { octets, table } from "./output.ts";

Deno.test("a table: columns aligned, numbers to the right, no blanks at the end", () => {
  assertEquals(
    table(["name", "count", ""], [["a", 5, ""], ["longer", 1234, "x"]]),
    "name    count\na           5\nlonger   1234  x",
  );
  assertEquals(table(["name"], []), "name");
});

Deno.test("octets for a person", () => {
  assertEquals([0, 1023, 1024, 1536, 5 * 1024 ** 3, 2 ** 53].map(octets), [
    "0 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "5.0 GiB",
    "8192.0 TiB",
  ]);
});

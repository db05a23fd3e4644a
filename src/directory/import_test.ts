import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseImport, parseQuota } from "./import.ts";

function parsed(csv: string): string[] {
  const outcome = parseImport(csv);
  assert(outcome.ok);
  const rows = outcome.value.rows.map((row) => {
    const secret = row.secret.kind === "plain" ? row.secret.password : row.secret.scheme.kind;
    return `${row.line}: ${row.address.local}@${row.address.domain} ${secret} ${row.octets ?? "-"}`;
  });
  return [...rows, ...outcome.value.errors.map((error) => `${error.line}! ${error.text}`)];
}

const ARGON2 = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";

Deno.test("lines of an import: passwords, hashes with commas, quotas, quotes", () => {
  const csv = [
    "# comment",
    "Jane@Example.org,secret",
    "john@example.org,secret,500M\r",
    "",
    `a@example.org,{ARGON2ID}${ARGON2}`,
    `b@example.org,${ARGON2},2G`,
    `c@example.org,"{ARGON2ID}${ARGON2}",none`,
    'd@example.org,"pass,""word""",1024',
    "e@example.org,{PLAIN}clear",
    "f@example.org,{SSHA}qMJGRvLQTATfh94g96i+OD3xk4VzYWx0,",
  ].join("\n");
  assertEquals(parsed(`\ufeff${csv}`), [
    "2: jane@example.org secret -",
    "3: john@example.org secret 524288000",
    "5: a@example.org argon2 -",
    "6: b@example.org argon2 2147483648",
    "7: c@example.org argon2 -",
    '8: d@example.org pass,"word" 1024',
    "9: e@example.org clear -",
    "10: f@example.org digest -",
  ]);
});

Deno.test("wrong lines are named with their number, and the rest is still read", () => {
  assertEquals(
    parsed(
      "jane\njane@example.org,pass,word,5\nx,y\na@example.org,\na@example.org,p,5X\n" +
        "b@example.org,{NTLM}x\nb@example.org,p\nB@example.org,p",
    ),
    [
      "7: b@example.org p -",
      "1! a line must look like address,password-or-hash or address,hash,quota",
      '2! a password with a comma must stand in quotes: "a,b"',
      '3! "x" is not an address: it must look like name@example.org',
      "4! The password is empty or holds control characters",
      "5! the quota must look like 500M or 2G",
      "6! the scheme NTLM is not supported: give the account a new password",
      "8! b@example.org stands in line 7 already",
    ],
  );
});

Deno.test("a file of too many lines is refused", () => {
  const outcome = parseImport("\n".repeat(100_000));
  assert(!outcome.ok && outcome.failure.kind === "refused");
  assertEquals(outcome.failure.code, "LIMIT");
  assert(parseImport("\n".repeat(99_999)).ok);
});

Deno.test("quotas", () => {
  const octets = (text: string) => {
    const outcome = parseQuota(text);
    return outcome.ok ? outcome.value : "refused";
  };
  assertEquals(["5", "1k", "1 KiB", "2MB", "1g", "1T", "10b"].map(octets), [
    5,
    1024,
    1024,
    2 * 1024 ** 2,
    1024 ** 3,
    1024 ** 4,
    10,
  ]);
  assertEquals(["", "0", "none", "0M"].map(octets), [undefined, undefined, undefined, undefined]);
  assertEquals(["-1", "1.5G", "x", "1P", "9".repeat(16), `${"9".repeat(15)}T`].map(octets), [
    "refused",
    "refused",
    "refused",
    "refused",
    "refused",
    "refused",
  ]);
});

Deno.test("whatever is in a file, reading it throws nothing and accounts for every line", () => {
  const field = fc.oneof(
    fc.constantFrom("a@example.org", '"', ",", "{SSHA}", "$6$", "\r", "#", "5M"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(field).map((fields) => fields.join("")), { maxLength: 8 }), (lines) => {
      const outcome = parseImport(lines.join("\n"));
      assert(outcome.ok);
      const numbers = [...outcome.value.rows, ...outcome.value.errors].map((one) => one.line);
      assertEquals(new Set(numbers).size, numbers.length);
    }),
  );
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { call, type Statement, statement } from "./door.ts";
import { EVERYBODY, FENCED, namedBy, settingOf } from "./fence.ts";

const one = statement("one", ["int8"], "select from entry where account_id = $1");
const some = statement("some", ["int8[]"], "select from mailbox b, entry e where b.account_id = any ($1)");
const two = statement("two", ["int8", "text", "int8"], "insert into acl select $1, $3", [0, 2]);
const all = statement("all", ["text[]"], "delete from acl where identifier = any ($1)", "everybody");
const none = statement("none", ["int8"], "select from queue_message where queue_id = $1");

Deno.test("a statement that touches rows of accounts says whose, or cannot be made", () => {
  assertEquals([one.whose, some.whose, none.whose], [[0], [0], undefined]);
  for (
    const text of ["select from entry", "select 1 from account a, message m", "update mailbox set name = $1"]
  ) {
    assertThrows(() => statement("forgotten", ["text"], text), Error, "say whose rows it touches");
  }
});

Deno.test("the accounts of calls that run together", () => {
  assertEquals(namedBy([]), undefined);
  assertEquals(namedBy([call(none, 7)]), undefined);
  assertEquals(namedBy([call(some, [])]), undefined);
  assertEquals(namedBy([call(one, 7), call(none, 9), call(some, [7, 7]), call(two, 7, "x", 7)]), 7);
  assertEquals(namedBy([call(one, 9), call(two, 7, "x", 10), call(some, [9, 7])]), "7,9,10");
  assertEquals(namedBy([call(some, Float64Array.of(3, 4, 3))]), "3,4");
  assertEquals(namedBy([call(one, 7), call(all, [])]), EVERYBODY);
  assertEquals([settingOf(7), settingOf("7,9"), settingOf(EVERYBODY)], ["{7}", "{7,9}", "*"]);
});

Deno.test("what is no account names nobody", () => {
  for (const value of [null, NaN, 0.5, "7", "*"]) {
    assertThrows(() => namedBy([call(one, value)]), RangeError, "no account");
    assertThrows(() => namedBy([call(some, [7, value])]), RangeError, "no account");
  }
});

Deno.test("every statement that touches rows of accounts has accounts among its parameters, or a reason", async () => {
  const tables = new RegExp(`\\b(${FENCED.join("|")})\\b`);
  const everybody: string[] = [];
  let fenced = 0;
  for (const folder of ["../sql/", "../", "../../queue/sql/", "../../queue/", "../../directory/"]) {
    const at = new URL(folder, import.meta.url);
    for (const { name } of Deno.readDirSync(at)) {
      if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      const exported: Record<string, unknown> = await import(new URL(name, at).href);
      for (const of of Object.values(exported).flat().filter(isStatement)) {
        if (of.whose === "everybody") everybody.push(of.name);
        for (const position of of.whose === "everybody" ? [] : of.whose ?? []) {
          assert(
            ["int8", "int8[]"].includes(of.params[position]!),
            `${of.name}: $${position + 1} is no account`,
          );
          fenced++;
        }
        if (of.whose === undefined && tables.test(of.sql)) {
          // Words of a table's name that are something else: a column, a lane.
          assert(!/account_id/.test(of.sql), `${of.name} touches rows of accounts and does not say whose`);
        }
      }
    }
  }
  assert(fenced > 60, String(fenced));
  assertEquals(everybody.sort(), ["forget_url_keys", "shared_mailbox_by_name", "shared_mailboxes"]);
});

function isStatement(value: unknown): value is Statement {
  return typeof value === "object" && value !== null && "sql" in value && "params" in value;
}

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { canonicalName } from "./mailbox_name.ts";
import { foreignName, isForeign, mayMatchForeign, placeOf } from "./namespace.ts";

const ME = "me@example.test";

/** Addresses with what a local part may hold, and names with what a mailbox may. */
const local = fc.string({
  unit: fc.constantFrom(...'abz/%*=.@#&~ é\\"2F'),
  minLength: 1,
  maxLength: 12,
});
const owner = fc.tuple(local, fc.constantFrom("example.test", "other.test", "münchen.test"))
  .map(([name, domain]) => `${name}@${domain}`)
  .filter((address) => address !== ME && !address.startsWith("#shared@example"));
const name = fc.array(
  fc.string({ unit: fc.constantFrom(..."abI#user=2F%. é&"), minLength: 1, maxLength: 6 }),
  {
    minLength: 1,
    maxLength: 4,
  },
).map((parts) => canonicalName(parts.join("/"))!);

Deno.test("another's mailbox has a name that leads back to it, and to nobody else's", () => {
  fc.assert(fc.property(owner, name, (owner, name) => {
    const wire = foreignName(owner, name, ME);
    assert(isForeign(wire));
    assertEquals(placeOf(wire, ME), { owner, name });
  }));
  fc.assert(fc.property(owner, name, owner, name, (a, x, b, y) => {
    if (a !== b || x !== y) assert(foreignName(a, x, ME) !== foreignName(b, y, ME));
  }));
});

Deno.test("whatever is written: it leads nowhere, or is the one name of a mailbox", () => {
  const unit = fc.constantFrom(
    "#user",
    "#shared",
    "/",
    "me@example.test",
    "bob@example.test",
    "=2F",
    "=2f",
    "x",
    "INBOX",
  );
  fc.assert(fc.property(fc.string({ unit, maxLength: 10 }), (text) => {
    const wire = canonicalName(text);
    if (wire === undefined) return;
    const place = placeOf(wire, ME);
    if (place === undefined) return assert(isForeign(wire));
    if (place.owner === undefined) return assertEquals(place.name, wire);
    assert(place.owner !== ME);
    assertEquals(foreignName(place.owner, place.name, ME), wire);
  }));
});

Deno.test("the shared mailboxes of one's own domain stand behind #shared/, of another one behind #user/", () => {
  assertEquals(placeOf("#shared/Info", ME), { owner: "#shared@example.test", name: "Info" });
  assertEquals(placeOf("#user/#shared@example.test/Info", ME), undefined);
  assertEquals(foreignName("#shared@other.test", "Info", ME), "#user/#shared@other.test/Info");
  for (
    const nowhere of [
      "#user",
      "#user/",
      "#user/bob@example.test",
      "#user/bob@example.test/",
      "#shared",
      "#shared/",
    ]
  ) {
    assertEquals(placeOf(nowhere, ME), undefined, nowhere);
  }
});

Deno.test("patterns that may mean others' mailboxes", () => {
  for (const pattern of ["*", "%", "", "#*", "#user/*", "#u%", "#user/bob@example.test/INBOX", "#shared/x"]) {
    assert(mayMatchForeign(pattern), pattern);
  }
  for (const pattern of ["INBOX", "a*", "#users/*", "#x%", "user/*"]) {
    assert(!mayMatchForeign(pattern), pattern);
  }
});

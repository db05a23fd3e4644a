/** Commands as a client may write them, put together from what `encode/` writes: grammar reads back what was meant. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Gather } from "../../bytes/gather.ts";
import type { AnnotationValue } from "../../core/annotation.ts";
import { type Command, type FetchItem, type SearchNode, type SectionSpec, STAR } from "../command.ts";
import { octetString } from "../encode/metadata.ts";
import { allFlags, astring, dateTime, flagList, mailbox, section, uidSet } from "../encode/mod.ts";
import { AFTER_LOGIN } from "../limits.ts";
import { canonicalName } from "../mailbox_name.ts";
import { Cursor } from "./cursor.ts";
import { annotationValues } from "./annotation.ts";
import { flagList as parseFlags } from "./flags.ts";
import { command } from "./mod.ts";

type Named<Name extends Command["name"]> = Extract<Command, { readonly name: Name }>;

const MODE = { utf8: true };

/** Plain objects, as grammar makes them. */
function record<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

function written(write: (out: Gather) => void): string {
  const out = new Gather();
  write(out);
  return new TextDecoder().decode(join(out.take()));
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

function parsed(text: string): Command | string {
  const c = new Cursor(new TextEncoder().encode(`A1 ${text}`), AFTER_LOGIN, MODE);
  const tagged = command(c);
  return c.fault === undefined && tagged !== undefined ? tagged.command : `fault: ${c.fault?.text}`;
}

const number = fc.integer({ min: 1, max: 0xffff_ffff });
const by = fc.constantFrom("seq", "uid");
const uid = (of: "seq" | "uid") => of === "uid" ? "UID " : "";
/** Merged and ascending, as grammar gives it. */
const sets = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 6 }).map((gaps) => {
  let at = 0;
  return gaps.map((gap): [number, number] => {
    const low = at + 2 + gap;
    at = low + gap % 3;
    return [low, at];
  });
});
const set = sets.map((ranges) => ({ kind: "ranges", ranges } as const));
const setText = (ranges: readonly (readonly [number, number])[]) => written((out) => uidSet(out, ranges));

const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((one) =>
  !one.includes("\0") && one.isWellFormed()
);
const quote = (one: string) => written((out) => astring(out, one, MODE));
// A separator at the end of a new name only says that it will have children.
const name = text.map((one) => canonicalName(one)).filter((one) => one !== undefined)
  .filter((one) => !one.endsWith("/"));
const box = (one: string) => written((out) => mailbox(out, one, MODE));
const keyword = fc.stringMatching(/^[A-Za-z$][A-Za-z0-9_.-]{0,10}$/);
const flags = record({
  flags: fc.integer({ min: 0, max: 31 }),
  keywords: fc.uniqueArray(keyword, { maxLength: 4, selector: (one) => one.toLowerCase() }),
});
const flagText = (list: { readonly flags: number; readonly keywords: readonly string[] }) =>
  written((out) => flagList(out, list.flags, list.keywords.map((_, i) => i), list.keywords));

const part = fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 4 });
const field = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,9}$/);
const sections: fc.Arbitrary<SectionSpec> = fc.oneof(
  record({
    part,
    text: fc.constantFrom("" as const, "HEADER" as const, "TEXT" as const),
    fields: fc.constant([]),
  }),
  record({
    part,
    text: fc.constantFrom("HEADER.FIELDS" as const, "HEADER.FIELDS.NOT" as const),
    fields: fc.array(field, { minLength: 1, maxLength: 3 }),
  }),
);
const partial = fc.option(
  record({ start: fc.nat(), length: fc.integer({ min: 1, max: 99_999 }) }),
  { nil: undefined },
);
const partialText = (one: { start: number; length: number } | undefined) =>
  one === undefined ? "" : `<${one.start}.${one.length}>`;
const entry = fc.stringMatching(/^\/[a-z]{1,5}(\/[a-z0-9-]{1,5}){0,2}$/).filter((one) =>
  !one.startsWith("/flags")
);

const items: fc.Arbitrary<FetchItem> = fc.oneof(
  fc.constantFrom(
    "UID",
    "FLAGS",
    "INTERNALDATE",
    "RFC822.SIZE",
    "ENVELOPE",
    "BODY",
    "BODYSTRUCTURE",
    "MODSEQ",
  )
    .map((item) => ({ item } as FetchItem)),
  fc.constantFrom("SAVEDATE", "EMAILID", "PREVIEW", "SNIPPET", "RFC822", "RFC822.TEXT").map((
    item,
  ) => ({ item } as FetchItem)),
  record({ item: fc.constant("BODY[]" as const), peek: fc.boolean(), section: sections, partial }),
  record({ item: fc.constant("BINARY" as const), peek: fc.boolean(), part, partial }),
  record({
    item: fc.constant("ANNOTATION" as const),
    entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    attributes: fc.array(
      record({
        name: fc.constantFrom("value" as const, "size" as const),
        of: fc.constantFrom("private" as const, "shared" as const, "both" as const),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

function itemText(one: FetchItem): string {
  switch (one.item) {
    case "BODY[]":
      return `BODY${one.peek ? ".PEEK" : ""}${written((out) => section(out, one.section))}${
        partialText(one.partial)
      }`;
    case "BINARY":
      return `BINARY${one.peek ? ".PEEK" : ""}[${one.part.join(".")}]${partialText(one.partial)}`;
    case "ANNOTATION": {
      const suffix = { private: ".priv", shared: ".shared", both: "" };
      const attributes = one.attributes.map((each) => each.name + suffix[each.of]);
      return `ANNOTATION ((${one.entries.join(" ")}) (${attributes.join(" ")}))`;
    }
    default:
      return one.item;
  }
}

const leaves: fc.Arbitrary<SearchNode> = fc.oneof(
  record({ key: fc.constantFrom("BODY" as const, "TEXT" as const), text }),
  record({ key: fc.constant("HEADER" as const), field, text }),
  record({
    key: fc.constant("SIZE" as const),
    is: fc.constantFrom("larger" as const, "smaller" as const),
    octets: fc.nat(),
  }),
  record({ key: fc.constant("SET" as const), by: by, set }),
  record({ key: fc.constant("KEYWORD" as const), name: keyword, set: fc.boolean() }),
  record({ key: fc.constant("MODSEQ" as const), atLeast: fc.nat() }),
  record({
    key: fc.constant("ANNOTATION" as const),
    entry,
    of: fc.constantFrom("private" as const, "shared" as const, "both" as const),
    text: text.filter((one) => one.toUpperCase() !== "NIL"),
  }),
);
const nodes: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaves,
    record({ key: fc.constant("OR" as const), of: fc.tuple(leaves, leaves) }),
    record({ key: fc.constant("NOT" as const), of: leaves }),
    record({
      key: fc.constant("AND" as const),
      of: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).node;

function keyText(node: SearchNode): string {
  switch (node.key) {
    case "AND":
      return `(${node.of.map(keyText).join(" ")})`;
    case "OR":
      return `OR ${node.of.map(keyText).join(" ")}`;
    case "NOT":
      return `NOT ${keyText(node.of)}`;
    case "BODY":
    case "TEXT":
      return `${node.key} ${quote(node.text)}`;
    case "HEADER":
      return `HEADER ${node.field} ${quote(node.text)}`;
    case "SIZE":
      return `${node.is.toUpperCase()} ${node.octets}`;
    case "SET":
      return `${node.by === "uid" ? "UID " : ""}${
        setText(node.set.kind === "ranges" ? node.set.ranges : [])
      }`;
    case "KEYWORD":
      return `${node.set ? "" : "UN"}KEYWORD ${node.name}`;
    case "MODSEQ":
      return `MODSEQ ${node.atLeast}`;
    case "ANNOTATION": {
      const suffix = { private: ".priv", shared: ".shared", both: "" }[node.of];
      return `ANNOTATION ${node.entry} value${suffix} ${quote(node.text)}`;
    }
    default:
      throw new Error(node.key);
  }
}

Deno.test("FETCH is read back", () => {
  const commands = record({ by, set, items: fc.array(items, { minLength: 1, maxLength: 5 }) });
  fc.assert(fc.property(commands, ({ by, set, items }) => {
    const want: Named<"FETCH"> = {
      name: "FETCH",
      by,
      set,
      items,
      changedSince: undefined,
      vanished: false,
      partial: undefined,
    };
    const line = `${uid(by)}FETCH ${setText(set.ranges)} (${items.map(itemText).join(" ")})`;
    assertEquals<unknown>(parsed(line), want, line);
  }));
});

Deno.test("STORE is read back, flags and annotations", () => {
  const ops = fc.constantFrom(["add", "+"] as const, ["remove", "-"] as const, ["replace", ""] as const);
  const commands = record({ by, set, list: flags, op: ops, silent: fc.boolean() });
  fc.assert(fc.property(commands, ({ by, set, list, op: [op, sign], silent }) => {
    const line = `${uid(by)}STORE ${setText(set.ranges)} ${sign}FLAGS${silent ? ".SILENT" : ""} ${
      flagText(list)
    }`;
    const want = {
      name: "STORE",
      by,
      set,
      op,
      silent,
      list,
      unchangedSince: undefined,
      annotations: undefined,
    };
    assertEquals<unknown>(parsed(line), want, line);
  }));
  const values = fc.uniqueArray(
    record({
      entry,
      shared: fc.boolean(),
      value: fc.option(fc.uint8Array({ maxLength: 12 }), { nil: null }),
    }),
    { minLength: 1, maxLength: 4, selector: (one) => `${one.shared} ${one.entry}` },
  ) as fc.Arbitrary<AnnotationValue[]>;
  fc.assert(fc.property(values, (values) => {
    const out = new Gather();
    out.text(" (");
    values.forEach(({ entry, shared, value }, i) => {
      out.text(`${i === 0 ? "" : " "}${entry} (value${shared ? ".shared" : ".priv"} `);
      if (value === null) out.text("NIL");
      else octetString(out, value, MODE);
      out.text(")");
    });
    out.text(")");
    const c = new Cursor(join(out.take()), AFTER_LOGIN, MODE);
    assertEquals(annotationValues(c), values, c.fault?.text);
  }));
});

Deno.test("SEARCH is read back", () => {
  fc.assert(fc.property(by, nodes, (by, criteria) => {
    const line = `${uid(by)}SEARCH ${keyText(criteria)}`;
    assertEquals<unknown>(parsed(line), { name: "SEARCH", by, returns: undefined, criteria }, line);
  }));
});

Deno.test("commands about mailboxes are read back", () => {
  fc.assert(fc.property(name, name, by, set, (one, other, by, set) => {
    assertEquals<unknown>(parsed(`RENAME ${box(one)} ${box(other)}`), {
      name: "RENAME",
      from: one,
      to: other,
    });
    for (const verb of ["COPY", "MOVE"] as const) {
      const line = `${uid(by)}${verb} ${setText(set.ranges)} ${box(one)}`;
      assertEquals<unknown>(parsed(line), { name: verb, by, set, mailbox: one }, line);
    }
    assertEquals<unknown>(parsed(`RESETKEY ${box(one)} INTERNAL`), {
      name: "RESETKEY",
      mailbox: one,
      mechanisms: ["INTERNAL"],
    });
  }));
});

Deno.test("flags, dates and open sets are read back", () => {
  fc.assert(fc.property(flags, fc.boolean(), (list, more) => {
    const c = new Cursor(new TextEncoder().encode(flagText(list)), AFTER_LOGIN, MODE);
    assertEquals(parseFlags(c), list);
    const all = written((out) => allFlags(out, list.keywords, more));
    assertEquals(all.endsWith("\\*)"), more);
  }));
  const date = fc.integer({ min: 0, max: 4_000_000_000 });
  fc.assert(fc.property(name, flags, date, (box_, list, seconds) => {
    const when = written((out) => dateTime(out, seconds * 1000));
    const line = `APPEND ${box(box_)} ${flagText(list)} ${when} CATENATE (URL a)`;
    assertEquals<unknown>((parsed(line) as Named<"APPEND">).steps?.[0], {
      step: "message",
      flags: list,
      internalDate: seconds * 1000,
      annotations: undefined,
      catenate: true,
    }, line);
  }));
  fc.assert(fc.property(sets, number, (ranges, last) => {
    const line = `UID EXPUNGE ${setText(ranges)},${Math.max(last, ranges.at(-1)![1] + 2)}:*`;
    const got = (parsed(line) as Named<"EXPUNGE">).uids as {
      readonly ranges: readonly (readonly [number, number])[];
    };
    assertEquals(got.ranges.at(-1), [Math.max(last, ranges.at(-1)![1] + 2), STAR], line);
  }));
});

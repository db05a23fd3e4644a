/** SEARCH against a plain scan, under every comparator; and what is meant rather than written (RFC 6203). */
import { assert, assertEquals } from "@std/assert";
import { sql } from "kysely";
import { COMPARATORS, type SearchKey, type SortOrder } from "../../src/core/search.ts";
import { Flag } from "../../src/core/store.ts";
import { compareFolded, foldOf } from "../../src/mime/mod.ts";
import { bench, good, idOf, octetsOf, put } from "./support.ts";
import { dice } from "../imap/random.ts";

/** What a message is made of, as a reader sees it. */
interface Letter {
  readonly subject: string;
  readonly from: string;
  readonly body: string;
  readonly flags: number;
  readonly size: number;
  /** Its fields as SEARCH TEXT sees them. */
  readonly header: string;
}

const WORDS = [
  "Köln",
  "köln",
  "KÖLN",
  "straße",
  "STRASSE",
  "Привет",
  "привет",
  "漢字",
  "100%",
  "a_b",
  "back\\slash",
];
const ENDS = ["Ende", "ende", "e\u0301te\u0316", "ÉTÉ", "\u{1f600}", "x".repeat(300), "ﬁne", "FINE"];

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The letter as octets, in one of several disguises, and its header decoded. */
function disguised(
  { subject, from, body }: Pick<Letter, "subject" | "from" | "body">,
  how: number,
): { readonly raw: Uint8Array; readonly header: string } {
  const fields = [`From: ${from}`, "To: bob@example.test", "MIME-Version: 1.0"];
  const part = (type: string) => [
    `Content-Type: text/${type}; charset=utf-8`,
    "Content-Transfer-Encoding: base64",
  ];
  const escaped = body.replace(/[<&]/g, (c) => c === "<" ? "&lt;" : "&amp;");
  const content = base64(how === 1 ? `<p>${escaped}</p>` : body).replace(/.{76}/g, "$&\n");
  const top = how === 2
    ? ["Content-Type: multipart/mixed; boundary=cut"]
    : part(how === 1 ? "html" : "plain");
  const rest = how === 2 ? `--cut\n${part("plain").join("\n")}\n\n${content}\n--cut--` : content;
  const encoded = `Subject: =?utf-8?B?${base64(subject)}?=`;
  return {
    raw: octetsOf(`${[...fields, encoded, ...top].join("\n")}\n\n${rest}\n`),
    header: [...fields, `Subject: ${subject}`, ...top].join("\n"),
  };
}

/** A plain look at the letter itself. */
function matches(key: SearchKey, letter: Letter, uid: number): boolean {
  const has = (text: string, needle: string, match: "fuzzy" | typeof COMPARATORS[number] | undefined) => {
    if (match === "fuzzy") throw new Error("not here");
    const fold = foldOf(match ?? COMPARATORS[0]);
    return fold(text).includes(fold(needle));
  };
  switch (key.key) {
    case "and":
      return key.of.every((of) => matches(of, letter, uid));
    case "or":
      return key.of.some((of) => matches(of, letter, uid));
    case "not":
      return !matches(key.of, letter, uid);
    case "header":
      return key.field === "Subject"
        ? has(letter.subject, key.text, key.match)
        : has(letter.from, key.text, key.match);
    case "body":
      return has(letter.body, key.text, key.match);
    case "text":
      return has(letter.header, key.text, key.match) || has(letter.body, key.text, key.match);
    case "flag":
      return ((letter.flags & key.flag) !== 0) === key.set;
    case "size":
      return key.is === "larger" ? letter.size > key.octets : letter.size < key.octets;
    case "uid":
      return key.set.some(([low, high]) => low <= uid && uid <= high);
    default:
      throw new Error(`not here: ${key.key}`);
  }
}

Deno.test("SEARCH and SORT find what a plain scan finds, under every comparator", async () => {
  await using t = await bench(1, { limits: { searchGramsFrom: 15 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const roll = dice(5);
  const some = (list: readonly string[]) => list[roll(list.length)]!;
  const letters: Letter[] = [];
  for (let n = 0; n < 40; n++) {
    const made = {
      subject: `${some(WORDS)} ${some(ENDS)}`,
      from: `${some(["ann", "Ann", "ANN", "zoe"])}@example.test`,
      body: `${some(ENDS)} ${some(WORDS)} ${some(WORDS)}`,
      flags: roll(2) ? Flag.Seen : 0,
    };
    const { raw, header } = disguised(made, roll(3));
    await put(t.store, account, raw, { flags: made.flags });
    letters.push({ ...made, header, size: raw.length });
    // Some have trigrams, some have none.
    if (n === 9) good(await t.store.search(account, inbox, { key: "text", text: "x" }));
  }
  const piece = (): string => {
    const word = [...some([...WORDS, ...ENDS])];
    const from = roll(word.length), to = from + 1 + roll(word.length - from);
    return word.slice(from, to).join("");
  };
  const leaf = (): SearchKey => {
    const comparator = COMPARATORS[roll(COMPARATORS.length)]!;
    const how = comparator === "i;unicode-casemap" ? {} : { match: comparator };
    switch (roll(8)) {
      case 0:
      case 1:
        return { key: "header", field: "Subject", text: piece(), ...how };
      case 2:
        return { key: "header", field: "From", text: some(["ann@", "Ann", "E", "zoe"]), ...how };
      case 3:
        return { key: "body", text: piece(), ...how };
      case 4:
        return { key: "text", text: piece(), ...how };
      case 5:
        return { key: "flag", flag: Flag.Seen, set: roll(2) === 0 };
      case 6:
        return { key: "size", is: roll(2) ? "larger" : "smaller", octets: letters[roll(40)]!.size };
      default:
        return { key: "uid", set: [[1 + roll(20), 21 + roll(30)]] };
    }
  };
  const tree = (depth: number): SearchKey => {
    switch (depth === 0 ? 9 : roll(5)) {
      case 0:
        return { key: "and", of: [tree(depth - 1), tree(depth - 1), tree(depth - 1)] };
      case 1:
        return { key: "or", of: [tree(depth - 1), tree(depth - 1)] };
      case 2:
        return { key: "not", of: tree(depth - 1) };
      default:
        return leaf();
    }
  };
  // A mailbox of many is searched the other way round than one of few.
  for (const messages of [40, 1_000_000]) {
    await t.db.database.updateTable("mailbox").set({ messages }).where("mailbox_id", "=", inbox).execute();
    for (let n = 0; n < 120; n++) {
      const key = tree(roll(4));
      const want = letters.flatMap((letter, at) => matches(key, letter, at + 1) ? [at + 1] : []);
      assertEquals([...good(await t.store.search(account, inbox, key))], want, JSON.stringify(key));
    }
  }
  for (const comparator of COMPARATORS) {
    const fold = foldOf(comparator);
    const order: readonly SortOrder[] = [{ by: "subject", reverse: true }, { by: "from", reverse: false }];
    const want = letters.map((letter, at) => ({
      uid: at + 1,
      subject: fold(letter.subject),
      from: fold(letter.from.split("@")[0]!),
    })).sort((a, b) => compareFolded(b.subject, a.subject) || compareFolded(a.from, b.from) || a.uid - b.uid);
    const sorted = good(await t.store.sort(account, inbox, { key: "all" }, order, comparator));
    assertEquals([...sorted], want.map(({ uid }) => uid), comparator);
    const rows = good(await t.store.threadRows(account, inbox, [[1, 100]], comparator));
    assertEquals(rows.map(({ subject }) => subject), letters.map(({ subject }) => fold(subject)), comparator);
  }
});

Deno.test("FUZZY finds words in any order with other endings, the best first", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const letter = (subject: string, body: string) =>
    put(t.store, account, octetsOf(`Subject: ${subject}\n\n${body}\n`));
  await letter("IMAP break", "all of it");
  await letter("nothing", "it breaks, says imap, and breaking it was");
  await letter("Broken", "imap");
  await letter("other", "Grüße aus Köln, привет");
  await letter("unbreakable", "an IMAPs' tale");
  const fuzzy = (text: string): SearchKey => ({ key: "text", text, match: "fuzzy" });
  const find = async (key: SearchKey) => [...good(await t.store.search(account, inbox, key))];
  assertEquals(await find(fuzzy("break IMAP")), [1, 2, 5]);
  assertEquals(await find(fuzzy("breaks")), [1, 2, 5]);
  assertEquals(await find(fuzzy("PRIVET приветы")), []);
  assertEquals(await find(fuzzy("приветы, GRÜSSE".replace("SS", "ß"))), [4]);
  assertEquals(await find({ key: "header", field: "Subject", text: "breaking", match: "fuzzy" }), [1, 5]);
  assertEquals(await find({ key: "body", text: "breakings", match: "fuzzy" }), [2]);
  // Nothing but signs is looked for as it stands.
  assertEquals(await find(fuzzy("',")), []);
  assertEquals(await find(fuzzy(",")), [2, 4]);
  const { uids, scores } = good(await t.store.relevancy(account, inbox, fuzzy("imap break")));
  assertEquals([...uids], [1, 2, 5]);
  assert(scores[0]! > scores[1]! && scores[1]! > scores[2]!, `${scores}`);
  assert(scores.every((score) => score >= 1 && score <= 100), `${scores}`);
  const both: SearchKey = { key: "or", of: [fuzzy("imap"), { key: "flag", flag: Flag.Seen, set: true }] };
  const order: readonly SortOrder[] = [{ by: "relevancy", reverse: false }];
  assertEquals([...good(await t.store.sort(account, inbox, fuzzy("break imap"), order))], [1, 2, 5]);
  const worst = [{ by: "relevancy", reverse: true }] as const;
  assertEquals([...good(await t.store.sort(account, inbox, fuzzy("break imap"), worst))], [5, 2, 1]);
  assertEquals(good(await t.store.sort(account, inbox, both, order)).length, 4);
  // Under another comparator what is compared as text changes, the best stay the best.
  const octet = await t.store.sort(account, inbox, fuzzy("break imap"), [...order, {
    by: "subject",
    reverse: false,
  }], "i;octet");
  assertEquals([...good(octet)], [1, 2, 5]);
  // Found as soon as it is there.
  await letter("late", "imap breaker");
  assertEquals(await find(fuzzy("break IMAP")), [1, 2, 5, 6]);
});

Deno.test("without the extensions SEARCH finds the same", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(t.store, account, octetsOf("Subject: one\n\nneedle\n"));
  const { rows } = await sql<{ name: string }>`
    select indexname as name from pg_indexes where tablename = 'message_text'`.execute(t.db.database);
  assert(rows.some(({ name }) => name === "message_text_body"), "an index serves where there can be one");
  await sql`drop extension pg_trgm cascade`.execute(t.db.database);
  assertEquals([...good(await t.store.search(account, inbox, { key: "body", text: "eedl" }))], [1]);
});

Deno.test("a body is read only where its filter lets it, and always where it has none", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  for (const size of [0, 50, 60_000]) {
    const words = Array.from({ length: size }, (_, i) => (i * 7919 + 12345).toString(36)).join(" ");
    await put(t.store, account, octetsOf(`Subject: of ${size}\n\nfirst ${words} last needle\n`));
  }
  const look = async (text: string) => good(await t.store.search(account, inbox, { key: "body", text }));
  assertEquals((await look("LAST NEEDLE")).length, 3);
  assertEquals((await look("e")).length, 3);
  assertEquals((await look("thread")).length, 0);
  const { rows } = await sql<{ has: boolean }>`select body_filter is not null as has from message_text
    order by message_id`.execute(t.db.database);
  assertEquals(rows.map(({ has }) => has), [true, true, false]);
  await sql`update message_text set body = body || 'THREAD'`.execute(t.db.database);
  assertEquals((await look("thread")).length, 1);
  await sql`update message_text set body_filter = null`.execute(t.db.database);
  assertEquals((await look("thread")).length, 3);
});

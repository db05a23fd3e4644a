import { assertEquals } from "@std/assert";
import type { SearchKey } from "../../src/core/search.ts";
import { Flag } from "../../src/core/store.ts";
import { bench, codeOf, good, idOf, mail, octetsOf, put } from "./support.ts";

Deno.test("every key of SEARCH", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(t.store, account, mail("Grüße aus Köln", "Erste Nachricht\n"), {
    flags: Flag.Seen,
    internalDate: Date.UTC(2026, 10, 1, 23, 59, 59),
  });
  await put(t.store, account, mail("100% off_now", "back\\slash and 50% o'quote\n", "X-Spam: yes\n"), {
    flags: Flag.Flagged,
    keywords: ["$Work"],
    internalDate: Date.UTC(2026, 10, 2, 0, 0, 0),
  });
  await put(t.store, account, mail("third", "x".repeat(2000) + "needle\n"), {
    keywords: ["other"],
    internalDate: Date.now() - 10_000,
  });
  await put(t.store, account, octetsOf("From: nobody@example.test\n\nno date, no subject \0 here\n"));
  const find = async (key: SearchKey) => [...good(await t.store.search(account, inbox, key))];
  const header = (field: string, text: string) => find({ key: "header", field, text });
  assertEquals(await find({ key: "all" }), [1, 2, 3, 4]);
  assertEquals(await find({ key: "flag", flag: Flag.Seen, set: true }), [1]);
  assertEquals(await find({ key: "flag", flag: Flag.Seen, set: false }), [2, 3, 4]);
  assertEquals(await find({ key: "keyword", name: "$work", set: true }), [2]);
  assertEquals(await find({ key: "keyword", name: "$work", set: false }), [1, 3, 4]);
  assertEquals(await find({ key: "keyword", name: "never", set: true }), []);
  assertEquals(await find({ key: "keyword", name: "never", set: false }), [1, 2, 3, 4]);
  assertEquals(await header("Subject", "gRÜSSE".replace("SS", "ß")), [1]);
  assertEquals(await header("subject", "100% OFF_N"), [2]);
  assertEquals(await header("Subject", "100_ off"), []);
  assertEquals(await header("subject", ""), [1, 2, 3]);
  assertEquals(await header("x-spam", ""), [2]);
  assertEquals(await header("to", "ann@"), []);
  assertEquals(await header("from", "ANN@example"), [1, 2, 3]);
  assertEquals(await header("x-s", ""), []);
  assertEquals(await find({ key: "body", text: "BACK\\SLASH" }), [2]);
  assertEquals(await find({ key: "body", text: "50% o'q" }), [2]);
  assertEquals(await find({ key: "body", text: "third" }), []);
  assertEquals(await find({ key: "text", text: "third" }), [3]);
  assertEquals(await find({ key: "text", text: "NEEDLE" }), [3]);
  assertEquals(await find({ key: "text", text: "'; drop table entry; --" }), []);
  assertEquals(await find({ key: "body", text: "subject \0 here" }), [4]);
  const date = (of: "internal" | "sent" | "saved", is: "before" | "on" | "since", day: string) =>
    find({ key: "date", of, is, date: day });
  assertEquals(await date("internal", "on", "2026-11-01"), [1]);
  assertEquals(await date("internal", "before", "2026-11-02"), [1]);
  assertEquals(await date("internal", "since", "2026-11-02"), [2, 3, 4]);
  assertEquals(await date("sent", "on", "2026-11-03"), [1, 2, 3]);
  assertEquals(await date("sent", "before", "2026-11-03"), []);
  assertEquals(await date("sent", "since", "2026-11-03"), [1, 2, 3]);
  assertEquals(await date("saved", "since", "2000-01-01"), [1, 2, 3, 4]);
  assertEquals(await find({ key: "age", is: "younger", seconds: 3600 }), [3, 4]);
  assertEquals(await find({ key: "age", is: "older", seconds: 5 }).then((l) => l.includes(4)), false);
  assertEquals(await find({ key: "size", is: "larger", octets: 2000 }), [3]);
  assertEquals(await find({ key: "size", is: "smaller", octets: 2000 }), [1, 2, 4]);
  assertEquals(await find({ key: "uid", set: [[2, 2], [4, 0xffff_ffff]] }), [2, 4]);
  assertEquals(await find({ key: "uid", set: [] }), []);
  const modSeq = good(await t.store.index(account, inbox)).modSeqs[2]!;
  assertEquals(await find({ key: "modseq", atLeast: modSeq as never }), [3, 4]);
  assertEquals(await find({ key: "not", of: { key: "date", of: "sent", is: "on", date: "2026-11-03" } }), [
    4,
  ]);
  assertEquals(await find({ key: "not", of: { key: "text", text: "third" } }), [1, 2, 4]);
  assertEquals(await find({ key: "and", of: [] }), [1, 2, 3, 4]);
  assertEquals(
    await find({ key: "or", of: [{ key: "uid", set: [[1, 1]] }, { key: "text", text: "needle" }] }),
    [1, 3],
  );
});

Deno.test("SEARCH is never stale, and never too deep", async () => {
  await using t = await bench(1, { limits: { textMessages: 2 } });
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const find = async (text: string) => [...good(await t.store.search(account, inbox, { key: "text", text }))];
  for (let i = 0; i < 5; i++) await put(t.store, account, mail(`number ${i}`));
  assertEquals(await find("number"), [1, 2, 3, 4, 5]);
  await put(t.store, account, mail("late"));
  assertEquals(await find("late"), [6]);
  good(await t.store.remove(account, inbox, [[6, 6]]));
  assertEquals(await find("late"), []);
  let deep: SearchKey = { key: "flag", flag: Flag.Seen, set: true };
  for (let i = 0; i < 62; i++) deep = { key: "not", of: deep };
  assertEquals([...good(await t.store.search(account, inbox, { key: "not", of: deep }))], [1, 2, 3, 4, 5]);
  for (let i = 0; i < 100_000; i++) deep = { key: "not", of: deep };
  assertEquals(codeOf(await t.store.search(account, inbox, deep)), "LIMIT");
  const wide: SearchKey = { key: "and", of: Array.from({ length: 1000 }, () => ({ key: "all" as const })) };
  assertEquals(codeOf(await t.store.search(account, inbox, wide)), "LIMIT");
  const many: SearchKey = {
    key: "and",
    of: Array.from(
      { length: 300 },
      (_, i) => ({ key: "not" as const, of: { key: "text" as const, text: `z${i}` } }),
    ),
  };
  assertEquals([...good(await t.store.search(account, inbox, many))], [1, 2, 3, 4, 5]);
});

Deno.test("text of parts in transfer encodings and charsets is found, attachments are not in the way", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  await put(
    t.store,
    account,
    octetsOf(
      `Subject: =?utf-8?Q?=C3=84pfel?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n` +
        `Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nStra=DFe\n` +
        `--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n` +
        `${btoa("<p>Hidden <b>markup</b></p>")}\n--b--\n`,
    ),
  );
  const find = async (key: SearchKey) => [...good(await t.store.search(account, inbox, key))];
  assertEquals(await find({ key: "header", field: "Subject", text: "äPFEL" }), [1]);
  assertEquals(await find({ key: "body", text: "STRAßE" }), [1]);
  assertEquals(await find({ key: "body", text: "hidden markup" }), [1]);
  assertEquals(await find({ key: "body", text: "<b>" }), []);
});

Deno.test("text of a message that is too large to be read whole is found as well", async () => {
  await using t = await bench();
  const account = t.accounts[0]!, inbox = await idOf(t.store, account, "INBOX");
  const body = "A line as long as such lines are.\n".repeat(3000);
  await put(t.store, account, octetsOf(`Subject: Large\n\n${body}needle\n`));
  await put(t.store, account, octetsOf(`Subject: Small\n\nneedle\n`));
  const find = async (key: SearchKey) => [...good(await t.store.search(account, inbox, key))];
  assertEquals(await find({ key: "body", text: "needle" }), [1, 2]);
  assertEquals(await find({ key: "header", field: "Subject", text: "large" }), [1]);
});

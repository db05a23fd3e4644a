import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { AccountId, MailboxId, MessageId, ModSeq, Uid } from "../core/brands.ts";
import { type Command, type CommandName, COMMANDS, type Rule } from "./command.ts";
import { type Language, languageFor, LANGUAGES, textIn, type TextKey } from "./language.ts";
import { Maildrop } from "./maildrop.ts";
import { err } from "./reply.ts";
import { BEGIN, capabilities, type Offer, type Session, step, type Transaction } from "./session.ts";

const OFFER: Offer = { mechanisms: ["SCRAM-SHA-256", "PLAIN"], stls: true };

function maildrop(...sizes: number[]): Maildrop {
  const drop = new Maildrop(1 as AccountId, {
    id: 7 as MailboxId,
    name: "INBOX",
    uidValidity: 4294967295,
    uidNext: 4294967295,
    highestModSeq: 1 as ModSeq,
    messages: sizes.length,
    unseen: 0,
    deleted: 0,
    octets: 0,
    keywords: [],
    subscribed: true,
    keyResets: 0,
    specialUse: undefined,
  });
  sizes.forEach((size, i) => {
    drop.add({ uid: (4294967294 - 10 + 2 * i) as Uid, message: i as MessageId, size, headerSize: 0 });
  });
  return drop;
}

function transaction(drop = maildrop(100, 20, 3)): Transaction {
  const identity = { account: 1 as AccountId, address: "kate@example.test" };
  return { state: "transaction", language: "en", utf8: false, identity, maildrop: drop };
}

const EXAMPLES: Readonly<Record<CommandName, Command>> = {
  USER: { name: "USER", user: "kate" },
  PASS: { name: "PASS", password: "x" },
  AUTH: { name: "AUTH", mechanism: "PLAIN", initial: undefined },
  STLS: { name: "STLS" },
  CAPA: { name: "CAPA" },
  UTF8: { name: "UTF8" },
  LANG: { name: "LANG", range: undefined },
  STAT: { name: "STAT" },
  LIST: { name: "LIST", message: undefined },
  UIDL: { name: "UIDL", message: undefined },
  RETR: { name: "RETR", message: 1 },
  TOP: { name: "TOP", message: 1, lines: 0 },
  DELE: { name: "DELE", message: 1 },
  NOOP: { name: "NOOP" },
  RSET: { name: "RSET" },
  QUIT: { name: "QUIT" },
};

Deno.test("every command in every wrong state is a bad command, in every right one it is not", () => {
  for (const [name, command] of Object.entries(EXAMPLES) as [CommandName, Command][]) {
    const rule: Rule = COMMANDS[name];
    assertMatch(rule.rfc, /^\d{4} §/);
    const sessions: readonly Session[] = [{ ...BEGIN, user: "kate" }, transaction()];
    for (const session of sessions) {
      const [after, effects] = step(session, command, OFFER);
      if (rule.states.includes(session.state)) {
        assert(effects.length > 0 && effects.every((effect) => effect.do !== "bad"), name);
      } else {
        assertEquals(effects, [{ do: "bad", key: "not-now" }]);
        assertEquals(after, session);
      }
    }
  }
});

Deno.test("USER is used up by PASS, AUTH and STLS, and PASS alone is a bad command", () => {
  const [named] = step(BEGIN, EXAMPLES.USER, OFFER);
  assertEquals(named, { ...BEGIN, user: "kate" });
  const [after, effects] = step(named, EXAMPLES.PASS, OFFER);
  assertEquals(effects, [{ do: "password", user: "kate", password: "x" }]);
  assertEquals(step(after, EXAMPLES.PASS, OFFER)[1], [{ do: "bad", key: "user-first" }]);
  assertEquals(step(named, EXAMPLES.AUTH, OFFER)[0], BEGIN);
  const german = { ...BEGIN, user: "kate", language: "de" as Language };
  assertEquals(step(german, EXAMPLES.STLS, OFFER), [BEGIN, [{ do: "start-tls" }]]);
});

Deno.test("without a mechanism no password is taken, with SCRAM alone only AUTH is", () => {
  const none = { mechanisms: [], stls: true };
  for (const name of ["USER", "PASS", "AUTH"] as const) {
    assertEquals(step(BEGIN, EXAMPLES[name], none)[1], [
      { do: "reply", text: "-ERR Passwords only travel under TLS: send STLS first\r\n" },
    ]);
  }
  const scram = { mechanisms: ["SCRAM-SHA-256"], stls: false };
  assertEquals(step(BEGIN, EXAMPLES.USER, scram)[1][0]!.do, "reply");
  assertEquals(step(BEGIN, EXAMPLES.AUTH, scram)[1][0]!.do, "exchange");
});

Deno.test("STLS is refused after UTF8 and where it is not offered", () => {
  const [utf8] = step(BEGIN, EXAMPLES.UTF8, OFFER);
  assertEquals(step(utf8, EXAMPLES.STLS, OFFER)[1], [{ do: "bad", key: "not-now" }]);
  const none = { ...OFFER, stls: false };
  assertEquals(step(BEGIN, EXAMPLES.STLS, none)[1], [
    { do: "reply", text: "-ERR TLS is not offered here\r\n" },
  ]);
});

Deno.test("CAPA lists everything that is offered, and only that", () => {
  assertEquals(capabilities(OFFER), [
    "TOP",
    "UIDL",
    "USER",
    "SASL SCRAM-SHA-256 PLAIN",
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    "STLS",
    "EXPIRE NEVER",
    "LOGIN-DELAY 0",
    "UTF8 USER",
    "LANG",
    "IMPLEMENTATION Malleposte",
  ]);
  const bare = capabilities({ mechanisms: [], stls: false });
  for (const tag of ["USER", "STLS"]) assert(!bare.includes(tag));
  assert(bare.includes("UTF8") && !bare.some((line) => line.startsWith("SASL")));
});

Deno.test("the maildrop keeps counts, octets and numbers while messages are marked", () => {
  const drop = maildrop(100, 20, 3);
  assertEquals([drop.count, drop.octets, drop.last], [3, 123, 3]);
  assert(drop.delete(2));
  assert(!drop.delete(2));
  for (const n of [0, 4, 1.5, -1, NaN]) assert(!drop.delete(n) && drop.at(n) === undefined);
  assertEquals([drop.count, drop.octets, drop.last], [2, 103, 3]);
  assertEquals(drop.at(2), undefined);
  assertEquals(drop.at(3)?.size, 3);
  assert(drop.delete(1));
  assertEquals(drop.deleted, [[4294967284, 4294967284], [4294967286, 4294967286]]);
  drop.reset();
  assertEquals([drop.count, drop.octets, drop.deletedCount], [3, 123, 0]);
});

Deno.test("unique-ids are unique, printable and at most 70 characters at the widest numbers", () => {
  const drop = maildrop(1, 1, 1, 1, 1);
  const ids = new Set([1, 2, 3, 4, 5].map((n) => drop.uniqueIdOf(n)));
  assertEquals(ids.size, 5);
  for (const id of ids) assertMatch(id, /^[\x21-\x7e]{1,70}$/);
});

Deno.test("every text exists in every language, takes the same values, and fits a line of 512 octets", () => {
  for (const key of Object.keys(LANGUAGES.en.texts) as TextKey[]) {
    const values = (text: string) => [...text.matchAll(/\{\d\}/g)].map((match) => match[0]).sort();
    const english = LANGUAGES.en.texts[key];
    assertMatch(english, /^[\x20-\x5a\x5c-\x7e]+$/);
    for (const language of Object.keys(LANGUAGES) as Language[]) {
      const text = textIn(language, key);
      assertEquals(values(text), values(english), `${language} ${key}`);
      assert(text !== "" && !text.includes("[") && new TextEncoder().encode(text).length < 400);
      if (language !== "en" && key !== "listing") assert(text !== english || text.includes("{"), key);
    }
  }
  assertEquals(err("de", "in-use"), "-ERR [IN-USE] Eine andere Sitzung hat dieses Postfach offen\r\n");
  assertEquals(textIn("en", "listing", ["$&", "{0}"]), "$& messages ({0} octets)");
});

Deno.test("languages are found by lookup (RFC 4647 §3.4)", () => {
  const cases: readonly [string, Language | undefined][] = [
    ["*", "en"],
    ["i-default", "en"],
    ["EN", "en"],
    ["en-GB", "en"],
    ["de-CH-1996", "de"],
    ["fr", "fr"],
    ["MUL", undefined],
    ["d", undefined],
    ["deu", undefined],
    ["constructor", undefined],
    ["__proto__", undefined],
    ["-", undefined],
    ["", undefined],
  ];
  for (const [range, want] of cases) assertEquals(languageFor(range), want, range);
});

Deno.test("a command that no state takes would be a bug", () => {
  assertThrows(() => step(transaction(), { name: "APOP" } as unknown as Command, OFFER), TypeError);
});

/**
 * Nobody reads, changes, writes to or detects another's mailbox without the right to, whatever the command and
 * however the name is written (RFC 4314 §6).
 */
import { assert, assertEquals } from "@std/assert";
import { parseRights } from "../../src/core/acl.ts";
import type { CommandName } from "../../src/imap/command.ts";
import { COMMANDS } from "../../src/imap/states.ts";
import { type MailStore, SEPARATOR } from "../../src/core/store.ts";
import { assertInvariants } from "../store/invariants.ts";
import { addAccount, bench, good, idOf, mail, put } from "../store/support.ts";
import { ALICE, BOB } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";

type Form = (name: string) => string;

const MESSAGE = "{12+}\r\nSubject: x\r\n";

/** Every command that can name a mailbox, in every place where it can; a new command does not compile without. */
const NAMING: Readonly<Record<CommandName, readonly Form[]>> = {
  CAPABILITY: [],
  NOOP: [],
  LOGOUT: [],
  ID: [],
  STARTTLS: [],
  AUTHENTICATE: [],
  LOGIN: [],
  ENABLE: [],
  SELECT: [(name) => `SELECT ${name}`, (name) => `SELECT ${name} (CONDSTORE)`],
  EXAMINE: [(name) => `EXAMINE ${name}`, (name) => `EXAMINE ${name} (QRESYNC (1 1))`],
  CREATE: [],
  DELETE: [(name) => `DELETE ${name}`],
  RENAME: [
    (name) => `RENAME ${name} Taken`,
    (name) => `RENAME Mine ${name}`,
    (name) => `RENAME ${name} ${name.replace(/"?$/, "2$&")}`,
  ],
  SUBSCRIBE: [(name) => `SUBSCRIBE ${name}`],
  UNSUBSCRIBE: [(name) => `UNSUBSCRIBE ${name}`],
  LIST: [
    (name) => `LIST "" ${name}`,
    (name) => `LIST ${name} *`,
    (name) => `LIST (SUBSCRIBED RECURSIVEMATCH) "" (${name} *) RETURN (MYRIGHTS STATUS (MESSAGES) CHILDREN)`,
    (name) => `LIST "" (${name} *) RETURN (METADATA (/shared/comment))`,
  ],
  LSUB: [(name) => `LSUB "" ${name}`, (name) => `LSUB ${name} *`],
  NAMESPACE: [],
  STATUS: [(name) => `STATUS ${name} (MESSAGES UIDNEXT UNSEEN HIGHESTMODSEQ MAILBOXID DELETED-STORAGE)`],
  APPEND: [
    (name) => `APPEND ${name} ${MESSAGE}`,
    (name) => `APPEND ${name} ${MESSAGE} ${MESSAGE}`,
    (name) => `APPEND ${name} CATENATE (TEXT ${MESSAGE})`,
    (name) => `APPEND INBOX CATENATE (URL "/${encodeURI(bare(name)).replaceAll("#", "%23")}/;UID=1")`,
  ],
  COMPRESS: [],
  GETMETADATA: [
    (name) => `GETMETADATA ${name} (/shared/comment /private/comment)`,
    (name) => `GETMETADATA (DEPTH infinity) ${name} /shared`,
  ],
  SETMETADATA: [
    (name) => `SETMETADATA ${name} (/shared/comment "x")`,
    (name) => `SETMETADATA ${name} (/private/comment NIL)`,
  ],
  GETQUOTA: [(name) => `GETQUOTA ${name}`],
  GETQUOTAROOT: [(name) => `GETQUOTAROOT ${name}`],
  SETQUOTA: [],
  SETACL: [(name) => `SETACL ${name} bob lrswipkxtea`, (name) => `SETACL ${name} anyone +l`],
  DELETEACL: [(name) => `DELETEACL ${name} bob`],
  GETACL: [(name) => `GETACL ${name}`],
  LISTRIGHTS: [(name) => `LISTRIGHTS ${name} bob`],
  MYRIGHTS: [(name) => `MYRIGHTS ${name}`],
  XLIST: [(name) => `XLIST "" ${name}`, (name) => `XLIST ${name} *`],
  GENURLAUTH: [
    (name) => {
      const path = encodeURI(bare(name)).replaceAll("#", "%23");
      return `GENURLAUTH "imap://bob@h/${path}/;UID=1;URLAUTH=anonymous" INTERNAL`;
    },
  ],
  RESETKEY: [(name) => `RESETKEY ${name}`, (name) => `RESETKEY ${name} INTERNAL`],
  // Its answer repeats the URL; without a key of the owner it gives NIL (urlauth_test.ts).
  URLFETCH: [],
  UNAUTHENTICATE: [],
  LANGUAGE: [],
  COMPARATOR: [],
  IDLE: [],
  CHECK: [],
  CLOSE: [],
  UNSELECT: [],
  EXPUNGE: [],
  REPLACE: [(name) => `UID REPLACE 1 ${name} ${MESSAGE}`],
  SEARCH: [],
  NOTIFY: [
    (name) => `NOTIFY SET STATUS (mailboxes ${name} (MessageNew MessageExpunge MailboxName))`,
    (name) => `NOTIFY SET STATUS (subtree ${name} (MessageNew MessageExpunge MailboxName))`,
  ],
  ESEARCH: [
    (name) => `ESEARCH IN (mailboxes ${name}) ALL`,
    (name) => `ESEARCH IN (subtree (${name} "#user" "#shared" INBOX)) RETURN (COUNT) SUBJECT secret`,
  ],
  UIDBATCHES: [],
  CANCELUPDATE: [],
  SORT: [],
  THREAD: [],
  FETCH: [],
  STORE: [],
  COPY: [(name) => `UID COPY 1 ${name}`],
  MOVE: [(name) => `UID MOVE 1 ${name}`],
};

function bare(name: string): string {
  return name.replace(/^"|"$/g, "");
}

/** Ways to write a name, from an honest one to those that hope for a careless server. */
const WAYS: readonly ((owner: string, box: string) => string)[] = [
  (owner, box) => `"#user/${owner}/${box}"`,
  (owner, box) => `#user/${owner}/${box}`,
  (owner, box) => `"#user/${owner.toUpperCase()}/${box}"`,
  (owner, box) => `"#User/${owner}/${box}"`,
  (owner, box) => `"#user//${owner}/${box}"`,
  (owner, box) => `"/#user/${owner}/${box}"`,
  (owner, box) => `"#user/./${owner}/${box}"`,
  (owner, box) => `"#user/bob@example.test/../${owner}/${box}"`,
  (owner, box) => `"#user/bob@example.test/#user/${owner}/${box}"`,
  (owner, box) => `"#user/${owner}/./${box}"`,
  (owner, box) => `"#user/${owner}/x/../${box}"`,
  (owner, box) => `"#user/${owner}/${box}/"`,
  (owner, box) => `"#user/${owner.replace("@", "=40")}/${box}"`,
  (owner, box) => `"#user/=${owner.charCodeAt(0).toString(16)}${owner.slice(1)}/${box}"`,
  (owner, box) => `"#user/${owner.replace("@", "%")}/${box}"`,
  (owner, box) => `"#shared/../${owner}/${box}"`,
  (owner, box) => `"#shared/${owner}/${box}"`,
  (owner, box) => `"../${owner}/${box}"`,
  (owner, box) => `"../../${owner}/${box}"`,
  (owner, box) => `"${owner}/${box}"`,
  (owner, box) => `"~${owner}/${box}"`,
  // Modified UTF-7: a character that may not be encoded, and look-alikes of "#" and "/".
  (owner, box) => `"&ACM-user/${owner}/${box}"`,
  (owner, box) => `"&/wM-user/${owner}/${box}"`,
  (owner, box) => `"#user&/w8-${owner}&/w8-${box}"`,
  (owner, box) => `"#user/${owner}&AAA-/${box}"`,
  (owner, box) => `"#user/${owner}/${box}' or '1'='1"`,
];

/** What alice has, and bob. */
async function fill(store: MailStore): Promise<void> {
  for (const name of ["Secret", "Secret/deep"]) good(await store.createMailbox(ALICE, name));
  for (const mailbox of ["INBOX", "Secret", "Secret/deep"]) {
    await put(store, ALICE, mail("secret"), { mailbox });
    const id = await idOf(store, ALICE, mailbox);
    const value = new TextEncoder().encode("secret");
    good(await store.setMetadata(ALICE, id, new Map([["/shared/comment", value]])));
  }
  good(await store.createMailbox(BOB, "Mine"));
  for (let n = 0; n < 3; n++) await put(store, BOB, mail("own"));
}

/** Everything of alice's that could be changed. */
async function state(store: MailStore): Promise<unknown> {
  const mailboxes = await store.mailboxes(ALICE);
  return {
    mailboxes,
    acl: await Promise.all(mailboxes.map(({ id }) => store.acl(ALICE, id))),
    index: await Promise.all(mailboxes.map(({ id }) => store.index(ALICE, id))),
    metadata: await store.metadata(ALICE, "all", ["/private", "/shared"], "infinity"),
    subscriptions: await store.subscriptions(ALICE),
    quota: await store.quota(ALICE),
  };
}

async function memory(): Promise<MailStore> {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  store.addAccount(BOB);
  await fill(store);
  return store;
}

function leaks(lines: string): boolean {
  return lines.replaceAll("SUBJECT secret", "").includes("secret");
}

/** One that is there first, then such as are not. */
const PLACES: readonly (readonly (readonly [owner: string, box: string])[])[] = [
  [["alice", "INBOX"], ["nobdy", "INBOX"]],
  [["alice", "Secret"], ["alice", "Hidden"], ["nobdy", "Secret"]],
];

for (const name of Object.keys(COMMANDS) as CommandName[]) {
  if (NAMING[name].length === 0) continue;
  Deno.test(`${name}: a mailbox without rights is as one that is not there, however it is named`, async () => {
    for (const form of NAMING[name]) {
      for (const write of WAYS) {
        for (const places of PLACES) {
          const answers: string[] = [];
          for (const [owner, box] of places) {
            const store = await memory();
            const before = await state(store);
            const command = form(write(`${owner}@example.test`, box));
            {
              await using bob = await TestSession.open(
                store,
                { user: "bob" },
                "ENABLE QRESYNC",
                "SELECT INBOX",
              );
              const lines = (await bob.run(command)).join("\n");
              assert(!leaks(lines), `${command}: ${lines}`);
              answers.push(
                lines.replaceAll(/BADURL \S+\]/g, "BADURL]").replaceAll(/nobdy|alice/gi, "OWNER").replaceAll(
                  /Secret|Hidden/gi,
                  "BOX",
                ),
              );
            }
            assertEquals(await state(store), before, command);
          }
          for (const answer of answers) {
            assertEquals(answer, answers[0], form(write("alice@example.test", places[0]![1])));
          }
        }
      }
    }
  });
}

Deno.test("the same on PostgreSQL: nothing is told, nothing changes", async () => {
  await using t = await bench(0);
  assertEquals(await addAccount(t.db, "alice"), ALICE);
  assertEquals(await addAccount(t.db, "bob"), BOB);
  await fill(t.store);
  const before = await state(t.store);
  for (const write of WAYS) {
    await using bob = await TestSession.open(t.store, { user: "bob" }, "ENABLE QRESYNC");
    for (const name of Object.keys(COMMANDS) as CommandName[]) {
      for (const form of NAMING[name]) {
        for (const box of ["INBOX", "Secret"]) {
          const command = form(write("alice@example.test", box));
          const lines = (await bob.run(command)).join("\n");
          assert(!leaks(lines), `${command}: ${lines}`);
        }
      }
    }
  }
  assertEquals(await state(t.store), before);
  await assertInvariants(t.db.database);
});

Deno.test("creating in another's account: one refusal, whatever is there", async () => {
  const store = await memory();
  await using bob = await TestSession.open(store, { user: "bob" });
  for (const write of WAYS.slice(0, 2)) {
    for (
      const [owner, box] of [["alice", "Secret"], ["alice", "Secret/new"], ["alice", "new"], [
        "nobody",
        "new",
      ]]
    ) {
      const name = write(`${owner}@example.test`, box!);
      assertEquals(await bob.run(`CREATE ${name}`), ["NO [NOPERM] Not permitted"], name);
    }
  }
  assertEquals((await store.mailboxes(ALICE)).length, 3);
});

/** What each right alone lets somebody do: nothing else, and this. */
const ALONE: Readonly<Record<string, readonly string[]>> = {
  l: ["SUBSCRIBE", "MYRIGHTS"],
  r: ["SELECT", "EXAMINE", "STATUS", "GETQUOTAROOT", "MYRIGHTS", "CATENATE"],
  s: [],
  w: [],
  i: ["APPEND", "COPY", "MOVE", "REPLACE", "MYRIGHTS"],
  p: [],
  k: ["CREATE", "MYRIGHTS"],
  x: ["DELETE", "RENAME AWAY", "MYRIGHTS"],
  t: [],
  e: [],
  n: [],
  a: ["SETACL", "DELETEACL", "GETACL", "LISTRIGHTS", "MYRIGHTS"],
};

const ACTS: Readonly<Record<string, Form>> = {
  SELECT: (name) => `SELECT ${name}`,
  EXAMINE: (name) => `EXAMINE ${name}`,
  STATUS: (name) => `STATUS ${name} (MESSAGES)`,
  GETQUOTAROOT: (name) => `GETQUOTAROOT ${name}`,
  MYRIGHTS: (name) => `MYRIGHTS ${name}`,
  CATENATE: (name) => `APPEND INBOX CATENATE (URL "/${name.replace("#", "%23")}/;UID=1")`,
  APPEND: (name) => `APPEND ${name} ${MESSAGE}`,
  COPY: (name) => `UID COPY 1 ${name}`,
  MOVE: (name) => `UID MOVE 1 ${name}`,
  REPLACE: (name) => `UID REPLACE 1 ${name} ${MESSAGE}`,
  CREATE: (name) => `CREATE ${name}/new`,
  DELETE: (name) => `DELETE ${name}`,
  // The new parent is another mailbox, where bob has `k`.
  "RENAME AWAY": (name) => `RENAME ${name} #user/alice@example.test/open/there`,
  "RENAME INTO": (name) => `RENAME #user/alice@example.test/open ${name}/there`,
  GETMETADATA: (name) => `GETMETADATA ${name} /private/comment`,
  SETMETADATA: (name) => `SETMETADATA ${name} (/shared/comment "x")`,
  SETACL: (name) => `SETACL ${name} anyone l`,
  DELETEACL: (name) => `DELETEACL ${name} anyone`,
  GETACL: (name) => `GETACL ${name}`,
  LISTRIGHTS: (name) => `LISTRIGHTS ${name} anyone`,
};

async function shared(letters: string): Promise<MailStore> {
  const store = new MemoryStore();
  store.addAccount(ALICE);
  store.addAccount(BOB);
  await store.put(BOB, "INBOX", mail("own"));
  for (const [name, rights] of [["box", letters], ["open", "k"]] as const) {
    const box = good(await store.createMailbox(ALICE, name));
    const entry = { identifier: "bob@example.test", rights: parseRights(rights)! };
    good(await store.setAcl(ALICE, box.id, entry, "replace"));
  }
  await store.put(ALICE, "box", mail("secret"));
  return store;
}

for (const [right, allowed] of Object.entries(ALONE)) {
  Deno.test(`the right ${right} alone lets do: ${allowed.join(", ") || "nothing"}`, async () => {
    const seen = right === "l";
    const done: string[] = [];
    for (const [name, form] of Object.entries(ACTS)) {
      await using session = await TestSession.open(await shared(right), { user: "bob" }, "SELECT INBOX");
      const answer = (await session.run(form(`#user/alice@example.test${SEPARATOR}box`))).at(-1)!;
      if (answer.startsWith("OK")) done.push(name);
      // Who does not see the mailbox must not hear that it is there. What would be new has one refusal.
      else if (!/^(?:CREATE|RENAME INTO)$/.test(name)) {
        assertEquals(answer.includes("[NOPERM]"), seen && name !== "CATENATE", answer);
      }
    }
    assertEquals(done.sort(), allowed.filter((name) => name in ACTS).sort());
    await using session = await TestSession.open(await shared(right), { user: "bob" });
    assertEquals((await session.good(`LIST "" *`)).some((line) => line.includes("box")), seen);
  });
}

Deno.test("a right that is taken away while a message comes in is gone when it has come", async () => {
  const store = await shared("li");
  const box = (await store.mailbox(ALICE, "box"))!;
  await using session = await TestSession.open(store, { user: "bob" });
  const octets = new TextEncoder().encode(`Subject: x\r\n\r\n${"y".repeat(69_984)}\r\n`);
  const entry = { identifier: "bob@example.test", rights: parseRights("l")! };
  for (const [revoke, answer] of [[false, "OK"], [true, "NO [NOPERM] Not permitted"]] as const) {
    session.client.send(new TextEncoder().encode("x APPEND #user/alice@example.test/box {70000}\r\n"));
    assert((await session.client.line())!.startsWith("+"));
    if (revoke) good(await store.setAcl(ALICE, box.id, entry, "replace"));
    session.client.send(octets);
    session.client.send(new TextEncoder().encode("\r\n"));
    assert((await session.client.line())!.startsWith(`x ${answer}`));
  }
  assertEquals((await store.mailbox(ALICE, "box"))!.messages, 2);
});

import { assert, assertEquals } from "@std/assert";
import { ALICE } from "../../tests/support/imap_auth.ts";
import { MemoryClient, MemoryConn } from "../../tests/support/imap_conn.ts";
import { MemoryStore } from "../../tests/support/imap_store.ts";
import { testServices } from "../../tests/support/imap_transcript.ts";
import { CAPABILITIES, capabilityWords, enableable } from "./capabilities.ts";
import type { CommandName } from "./command.ts";
import { serveImap } from "./serve.ts";
import { COMMANDS, type Rule, type State } from "./states.ts";

/** One legal form of each command. */
const SAMPLES: Readonly<Record<CommandName, string>> = {
  CAPABILITY: "CAPABILITY",
  NOOP: "NOOP",
  LOGOUT: "LOGOUT",
  ID: "ID NIL",
  STARTTLS: "STARTTLS",
  LOGIN: "LOGIN a b",
  AUTHENTICATE: "AUTHENTICATE PLAIN",
  ENABLE: "ENABLE CONDSTORE",
  SELECT: "SELECT INBOX",
  EXAMINE: "EXAMINE INBOX",
  CREATE: "CREATE a",
  DELETE: "DELETE a",
  RENAME: "RENAME a b",
  SUBSCRIBE: "SUBSCRIBE a",
  UNSUBSCRIBE: "UNSUBSCRIBE a",
  LIST: 'LIST "" *',
  LSUB: 'LSUB "" *',
  XLIST: 'XLIST "" *',
  NAMESPACE: "NAMESPACE",
  STATUS: "STATUS INBOX (MESSAGES)",
  APPEND: "APPEND INBOX {3+}\r\nabc",
  COMPRESS: "COMPRESS DEFLATE",
  GETMETADATA: "GETMETADATA INBOX /private/comment",
  SETMETADATA: "SETMETADATA INBOX (/private/comment NIL)",
  GETQUOTA: "GETQUOTA x",
  GETQUOTAROOT: "GETQUOTAROOT INBOX",
  SETQUOTA: "SETQUOTA x (STORAGE 1)",
  SETACL: "SETACL INBOX bob@example.test lr",
  DELETEACL: "DELETEACL INBOX bob@example.test",
  GETACL: "GETACL INBOX",
  LISTRIGHTS: "LISTRIGHTS INBOX anyone",
  MYRIGHTS: "MYRIGHTS INBOX",
  UNAUTHENTICATE: "UNAUTHENTICATE",
  LANGUAGE: "LANGUAGE",
  GENURLAUTH: 'GENURLAUTH "imap://a@h/INBOX/;UID=1;URLAUTH=anonymous" INTERNAL',
  RESETKEY: "RESETKEY",
  URLFETCH: 'URLFETCH "imap://a@h/INBOX/;UID=1"',
  COMPARATOR: "COMPARATOR",
  IDLE: "IDLE",
  CHECK: "CHECK",
  CLOSE: "CLOSE",
  UNSELECT: "UNSELECT",
  EXPUNGE: "EXPUNGE",
  REPLACE: "REPLACE 1 INBOX {3+}\r\nabc",
  SEARCH: "SEARCH ALL",
  NOTIFY: "NOTIFY NONE",
  ESEARCH: "ESEARCH IN (inboxes) ALL",
  UIDBATCHES: "UIDBATCHES 500",
  CANCELUPDATE: 'CANCELUPDATE "a"',
  SORT: "SORT (DATE) UTF-8 ALL",
  THREAD: "THREAD REFERENCES UTF-8 ALL",
  FETCH: "FETCH 1 FLAGS",
  STORE: "STORE 1 +FLAGS (\\Seen)",
  COPY: "COPY 1 a",
  MOVE: "MOVE 1 a",
};

const WAY: Readonly<Record<State, readonly string[]>> = {
  "not-authenticated": [],
  authenticated: ['LOGIN alice "open sesame"'],
  selected: ['LOGIN alice "open sesame"', "SELECT INBOX"],
};

for (const state of Object.keys(WAY) as State[]) {
  const wrong = (Object.keys(COMMANDS) as CommandName[]).filter((name) =>
    !(COMMANDS[name] as Rule).states.includes(state)
  );
  Deno.test(`every command that is wrong when ${state} answers BAD and changes nothing`, async (t) => {
    for (const name of wrong) {
      await t.step(name, async () => {
        const store = new MemoryStore();
        store.addAccount(ALICE);
        const conn = new MemoryConn(true);
        const served = serveImap(conn, testServices(store));
        const client = new MemoryClient(conn);
        const send = (line: string) => client.send(new TextEncoder().encode(line + "\r\n"));
        for (const [n, line] of WAY[state].entries()) send(`way${n} ${line}`);
        send(`wrong ${SAMPLES[name]}`);
        send("end LOGOUT");
        const lines: string[] = [];
        for (let line = await client.line(); line !== null; line = await client.line()) lines.push(line);
        await served;
        assert(lines.some((line) => line.startsWith("wrong BAD ")), lines.join("\n"));
        assertEquals(lines.at(-1), "end OK LOGOUT completed");
        assertEquals((await store.mailboxes(ALICE)).map(({ messages }) => messages), [0]);
      });
    }
  });
}

Deno.test("capabilities have unique names, and what belongs to one state stays there", () => {
  assertEquals(new Set(CAPABILITIES.map((row) => row.name)).size, CAPABILITIES.length);
  const facts = {
    authenticated: false,
    mechanisms: ["PLAIN"],
    startTlsOffered: false,
    appendLimit: 7,
    messageLimit: 5000,
    saveLimit: 1000,
    utf8Only: false,
    referrals: true,
  };
  const before = capabilityWords(facts), after = capabilityWords({ ...facts, authenticated: true });
  assert(before.includes("LITERAL-") && !before.includes("LITERAL+") && before.includes("AUTH=PLAIN"));
  assert(after.includes("LITERAL+") && !after.includes("LITERAL-") && !after.includes("AUTH=PLAIN"));
  assert(after.includes("APPENDLIMIT=7"));
  assert(capabilityWords({ ...facts, mechanisms: [] }).includes("LOGINDISABLED"));
  assertEquals(["imap4REV2", "condstore", "utf8=accept", "IDLE", "x"].map(enableable), [
    "IMAP4rev2",
    "CONDSTORE",
    "UTF8=ACCEPT",
    undefined,
    undefined,
  ]);
});

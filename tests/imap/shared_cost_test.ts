/** What shared mailboxes cost those who do not use them: nothing. */
import { assert, assertEquals } from "@std/assert";
import { parseRights } from "../../src/core/acl.ts";
import type { MailStore } from "../../src/core/store.ts";
import { good, mail } from "../store/support.ts";
import { ALICE, BOB } from "../support/imap_auth.ts";
import { TestSession } from "../support/imap_session.ts";
import { MemoryStore } from "../support/imap_store.ts";

/** A store that notes what it is asked, and what of it before the question before was answered. */
function noting(store: MemoryStore): { readonly store: MailStore; take(): readonly string[] } {
  let asked: string[] = [];
  let open = 0;
  const noted = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        asked.push(open > 0 ? `+${String(name)}` : String(name));
        const answer: unknown = value.apply(target, args);
        if (answer instanceof Promise) {
          open++;
          answer.finally(() => open--).catch(() => {});
        }
        return answer;
      };
    },
  });
  return {
    store: noted,
    take() {
      const taken = asked;
      asked = [];
      return taken;
    },
  };
}

const OF_SHARED = /sharedMailbox|rights|acl|setAcl/;

Deno.test("in one's own mailboxes no command asks for rights, and LIST does so in the same turn", async () => {
  const memory = new MemoryStore();
  memory.addAccount(ALICE);
  memory.addAccount(BOB);
  for (let n = 0; n < 3; n++) await memory.put(ALICE, "INBOX", mail(`m${n}`));
  const { store, take } = noting(memory);
  await using session = await TestSession.open(store, {}, "CREATE a", "SELECT INBOX");
  for (
    const command of [
      "STATUS INBOX (MESSAGES)",
      "FETCH 1 (FLAGS BODY[])",
      "STORE 1 +FLAGS (\\Seen)",
      "SEARCH SUBJECT m1",
      "COPY 1 a",
      "MOVE 1 a",
      "APPEND a {12+}\r\nSubject: x\r\n",
      "UID REPLACE 2 a {12+}\r\nSubject: x\r\n",
      "EXPUNGE",
      "NOOP",
      "RENAME a b",
      "DELETE b",
      "CREATE c",
      "SUBSCRIBE c",
      'LSUB "" *',
      'LIST "" c%',
      'LIST "" INBOX',
      "GETQUOTAROOT INBOX",
      "GETMETADATA INBOX /shared/comment",
      "NOTIFY SET (personal (MessageNew MessageExpunge))",
      "ESEARCH IN (personal) ALL",
      "MYRIGHTS INBOX",
      "CLOSE",
    ]
  ) {
    take();
    await session.good(command);
    const asked = take();
    assertEquals(asked.filter((name) => OF_SHARED.test(name)), [], `${command}: ${asked}`);
  }
  take();
  await session.good('LIST "" *');
  // Mailboxes are asked for first; the others before they have come.
  assertEquals(take().filter((name) => name !== "watch"), ["mailboxes", "+sharedMailboxes"]);
});

Deno.test("in another's mailbox, rights are asked for once before each command", async () => {
  const memory = new MemoryStore();
  memory.addAccount(ALICE);
  memory.addAccount(BOB);
  const inbox = (await memory.mailbox(ALICE, "INBOX"))!.id;
  const entry = { identifier: "bob@example.test", rights: parseRights("lr")! };
  good(await memory.setAcl(ALICE, inbox, entry, "replace"));
  await memory.put(ALICE, "INBOX", mail("m"));
  const { store, take } = noting(memory);
  await using session = await TestSession.open(
    store,
    { user: "bob" },
    "SELECT #user/alice@example.test/INBOX",
  );
  for (const command of ["FETCH 1 (FLAGS)", "UID SEARCH ALL", "NOOP", 'LIST "" c%']) {
    take();
    await session.good(command);
    assertEquals(take().filter((name) => OF_SHARED.test(name)), ["rights"], command);
  }
  assert((await session.good('LIST "" *')).some((line) => line.includes("#user/alice")));
});

import { assertEquals } from "@std/assert";
import type { AccountId } from "../core/brands.ts";
import { type Command, COMMANDS, NO_PARAMETERS, NO_RCPT_PARAMETERS, type Rule } from "./command.ts";
import { SMTP_LIMITS } from "./limits.ts";
import {
  authenticated,
  ended,
  FRESH,
  greeted,
  may,
  opened,
  type Role,
  type Session,
  type Standing,
  withChunking,
  withRecipient,
} from "./session.ts";

const PATH = { address: { local: "a", domain: "b" }, utf8: false };
const IDENTITY = { account: 1 as AccountId, address: "a@b" };

const EACH: Record<Command["name"], Command> = {
  EHLO: { name: "EHLO", domain: "x" },
  HELO: { name: "HELO", domain: "x" },
  LHLO: { name: "LHLO", domain: "x" },
  MAIL: { name: "MAIL", from: PATH, parameters: NO_PARAMETERS },
  RCPT: { name: "RCPT", to: PATH, parameters: NO_RCPT_PARAMETERS },
  DATA: { name: "DATA" },
  BDAT: { name: "BDAT", size: 1, last: true },
  BURL: { name: "BURL", url: "imap:", last: true },
  AUTH: { name: "AUTH", mechanism: "PLAIN", initial: undefined },
  RSET: { name: "RSET" },
  NOOP: { name: "NOOP" },
  QUIT: { name: "QUIT" },
  HELP: { name: "HELP" },
  VRFY: { name: "VRFY", text: "a" },
  EXPN: { name: "EXPN", text: "a" },
  ETRN: { name: "ETRN", text: "b" },
  XCLIENT: { name: "XCLIENT", attributes: new Map() },
  XFORWARD: { name: "XFORWARD", attributes: new Map() },
  STARTTLS: { name: "STARTTLS" },
};

const standing = (role: Role): Standing => ({
  role,
  limits: SMTP_LIMITS,
  secure: false,
  startTls: true,
  mechanisms: ["PLAIN"],
  now: 0,
  offers: () => true,
  messages: 0,
  authFailures: 0,
});

const GREETED = greeted(FRESH, "x", true);
const OPEN = opened(GREETED, PATH, NO_PARAMETERS, 0);
const READY = withRecipient(OPEN, {
  path: PATH,
  parameters: NO_RCPT_PARAMETERS,
  targets: [],
  remote: [],
});

Deno.test("every command in every state: the table decides", () => {
  const states: readonly (readonly [string, Session])[] = [
    ["fresh", FRESH],
    ["greeted", GREETED],
    ["authenticated", authenticated(GREETED, IDENTITY)],
    ["open", OPEN],
    ["open, authenticated", { ...OPEN, identity: IDENTITY }],
    ["ready", READY],
    ["ready, authenticated", { ...READY, identity: IDENTITY }],
  ];
  for (const role of ["mx", "submission"] as const) {
    for (const [name, session] of states) {
      for (const command of Object.values(EACH)) {
        const rule: Rule = COMMANDS[command.name];
        const code = may(command, session, standing(role))?.code;
        const where = `${role}, ${name}, ${command.name}`;
        const open = session.transaction !== undefined;
        if (command.name === "LHLO") assertEquals(code, 500, where);
        else if (rule.afterHello && session.hello === undefined) assertEquals(code, 503, where);
        else if (rule.needsAuth && role === "submission" && session.identity === undefined) {
          assertEquals(code, 530, where);
        } else if (rule.transaction === "open" && !open) assertEquals(code, 503, where);
        else if (rule.transaction === "none" && open) assertEquals(code, 503, where);
        else if (command.name === "AUTH" && session.identity !== undefined) assertEquals(code, 503, where);
        else if (
          ["DATA", "BDAT", "BURL"].includes(command.name) && session.transaction!.recipients.length === 0
        ) assertEquals(code, 503, where);
        else assertEquals(code, undefined, where);
      }
    }
  }
});

Deno.test("state law: whatever ends a transaction leaves nothing of it", () => {
  const busy = withChunking(READY);
  for (const after of [ended(busy), greeted(busy, "y", true), authenticated(busy, IDENTITY), FRESH]) {
    assertEquals(after.transaction, undefined);
  }
  const next = opened(ended(busy), { address: undefined, utf8: false }, NO_PARAMETERS, 7);
  assertEquals(next.transaction, {
    from: { address: undefined, utf8: false },
    parameters: NO_PARAMETERS,
    recipients: [],
    at: 7,
    use: undefined,
    chunking: false,
  });
  assertEquals(READY.transaction!.chunking, false, "steps make new states");
  assertEquals(OPEN.transaction!.recipients.length, 0);
});

/** `mail account …` and `mail app-password …`. */
import { Command } from "commander";
import { done, type Outcome, refused, syntax } from "../core/failure.ts";
import type { Finish } from "./mail.ts";
import { type Answer, octets, table } from "./output.ts";
import { quotaOf, withQuotaOptions } from "./quota.ts";
import { verb } from "./verb.ts";

/** `mail account`. */
export function accountCommand(finish: Finish): Command {
  const account = new Command("account").description("people who have mailboxes here");
  verb(
    withQuotaOptions(
      withPassword(account.command("add").argument("<address>").description("add an account")),
    ),
    finish,
    async ({ admin, args, options }) => {
      const password = await passwordFrom(options);
      return password.ok
        ? await admin.accounts.add(args[0], { password: password.value, quota: quotaOf(options) })
        : password;
    },
    shownOnce,
  );
  verb(
    account.command("list").argument("[domain]").description("all accounts, or those of a domain"),
    finish,
    async ({ admin, args }) => done(await admin.accounts.list(args[0])),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "There is no account yet: mail account add you@example.test" : table(
        ["address", "messages", "size", "quota", ""],
        rows.map((row) => [
          row.address,
          row.messages,
          octets(row.octets),
          row.quota.octets === undefined ? "-" : octets(row.quota.octets),
          row.disabled ? "disabled" : "",
        ]),
      ),
    }),
  );
  verb(
    withPassword(account.command("password").argument("<address>").description("set a new password")),
    finish,
    async ({ admin, args, options }) => {
      const password = await passwordFrom(options);
      return password.ok ? await admin.accounts.setPassword(args[0], password.value) : password;
    },
    shownOnce,
  );
  verb(
    withQuotaOptions(
      account.command("quota").argument("<address>").description(
        "limit an account; without options: no limit",
      ),
    ),
    finish,
    ({ admin, args, options }) => admin.accounts.setQuota(args[0], quotaOf(options)),
    nothingToSay,
  );
  verb(
    account.command("charset").argument("<address>").argument(
      "[charset]",
      "e.g. koi8-r; none: as store.charset",
    )
      .description("how 8-bit text is read that declares no charset; without one: shows it"),
    finish,
    async ({ admin, args }) => {
      if (args[1] === undefined) return await admin.accounts.charset(args[0]);
      return await admin.accounts.setCharset(args[0], args[1] === "none" ? undefined : args[1]);
    },
    ({ address, charset }) => ({ json: { address, charset: charset ?? null }, text: charset ?? "none" }),
  );
  for (
    const [name, disabled, what] of [
      ["disable", true, "no login, no new mail; what is there stays"],
      ["enable", false, "take a disable back"],
    ] as const
  ) {
    verb(
      account.command(name).argument("<address>").description(what),
      finish,
      ({ admin, args }) => admin.accounts.setDisabled(args[0], disabled),
      nothingToSay,
    );
  }
  verb(
    account.command("remove").argument("<address>").description("remove an account and all its mail"),
    finish,
    ({ admin, args }) => admin.accounts.remove(args[0]),
    nothingToSay,
  );
  verb(
    account.command("import").argument("<file.csv>").description(
      "address,password-or-hash[,quota] a line; hashes as Dovecot writes them",
    ),
    finish,
    async ({ admin, args }) => {
      const text = await readFile(args[0]);
      return text.ok ? await admin.accounts.importCsv(text.value) : text;
    },
    ({ accounts }) => ({ json: { accounts }, text: `imported ${accounts} accounts` }),
  );
  return account;
}

/** `mail app-password`. */
export function appPasswordCommand(finish: Finish): Command {
  const app = new Command("app-password").description("a password for one device, that can be taken back");
  verb(
    app.command("add").argument("<address>").argument("[label]", "what it is for", "").description(
      "make one",
    ),
    finish,
    ({ admin, args }) => admin.appPasswords.add(args[0], args[1]),
    ({ id, password }) => ({ json: { id, password }, text: framed(`app password ${id}`, password) }),
  );
  verb(
    app.command("list").argument("<address>").description("those of an account"),
    finish,
    ({ admin, args }) => admin.appPasswords.list(args[0]),
    (rows) => ({
      json: rows,
      text: rows.length === 0 ? "There is none" : table(
        ["id", "label", "made"],
        rows.map((row) => [row.id, row.label, row.createdAt.toISOString().slice(0, 10)]),
      ),
    }),
  );
  verb(
    app.command("remove").argument("<address>").argument("<id>").description("take one back"),
    finish,
    async ({ admin, args }) =>
      /^\d{1,9}$/.test(args[1])
        ? await admin.appPasswords.remove(args[0], Number(args[1]))
        : syntax("the id is a number"),
    nothingToSay,
  );
  return app;
}

function withPassword(command: Command): Command {
  return command.option(
    "--password-stdin",
    "read the password from standard input; otherwise one is made and shown once",
  );
}

async function passwordFrom(options: Readonly<Record<string, any>>): Promise<Outcome<string | undefined>> {
  if (options["passwordStdin"] !== true) return done(undefined);
  const text = await new Response(Deno.stdin.readable).text();
  const password = text.replace(/\r?\n$/, "");
  return password === "" ? refused("CANNOT", "There was no password on standard input") : done(password);
}

async function readFile(file: string): Promise<Outcome<string>> {
  try {
    return done(await Deno.readTextFile(file));
  } catch (error) {
    return refused("NONEXISTENT", `Cannot read ${file}: ${(error as Error).message}`);
  }
}

function shownOnce(
  { address, password }: { readonly address: string; readonly password: string | undefined },
): Answer {
  const json = { address, ...(password === undefined ? {} : { password }) };
  return { json, text: password === undefined ? `done: ${address}` : framed(address, password) };
}

/** Easy to see and to copy; it will not be shown again. */
function framed(what: string, password: string): string {
  return `${what}\n\n    ${password}\n\nThis password is not shown again; a new one: mail account password ADDRESS`;
}

function nothingToSay(): Answer {
  return { json: {}, text: "done" };
}

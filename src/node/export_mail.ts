/** Mail of an account into files: Maildir with Maildir++ folders, or a mbox a mailbox. Streams. */
import { join } from "node:path";
import { LfMaker } from "../archive/line_ends.ts";
import { infoOf, writeKeywords } from "../archive/maildir.ts";
import { MboxQuoter, separatorLine } from "../archive/mbox.ts";
import type { AccountId } from "../core/brands.ts";
import { type FetchRow, type MailboxInfo, SEPARATOR } from "../core/store.ts";
import type { Store } from "../store/mod.ts";
import { folderOfMailbox } from "./maildir_folder.ts";

/** From where. */
export interface ExportSource {
  readonly store: Store;
  readonly account: AccountId;
  /** This one and those below it; all where it is left out. */
  readonly mailbox: string | undefined;
}

/** What came of it. */
export interface Exported {
  readonly messages: number;
  readonly mailboxes: readonly string[];
}

/** Exports into a Maildir that this makes; flags, keywords and dates are kept. */
export async function exportMaildir(path: string, source: ExportSource): Promise<Exported> {
  const found = await chosen(source);
  await newFolder(path);
  let messages = 0;
  for (const mailbox of found) {
    const folder = isRoot(mailbox, source)
      ? path
      : join(path, folderOfMailbox(ownName(mailbox.name, source.mailbox)));
    for (const part of ["", "cur", "new", "tmp"]) {
      await Deno.mkdir(join(folder, part), { recursive: true, mode: 0o700 });
    }
    // Readers of Maildir++ know a folder by this file.
    if (folder !== path) await Deno.writeTextFile(join(folder, "maildirfolder"), "");
    if (mailbox.keywords.length > 0) {
      await Deno.writeTextFile(join(folder, "dovecot-keywords"), writeKeywords(mailbox.keywords));
    }
    for await (const row of rows(source, mailbox)) {
      const keywords = row.keywords.map((i) => mailbox.keywords[i]).filter((name) => name !== undefined);
      const name = `${Math.floor(row.internalDate / 1000)}.U${row.uid}V${mailbox.uidValidity}.malleposte`;
      const [staged, final] = [
        join(folder, "tmp", name),
        join(folder, "cur", name + infoOf({ flags: row.flags, keywords }, mailbox.keywords)),
      ];
      {
        using file = await Deno.open(staged, { write: true, createNew: true, mode: 0o600 });
        const lf = new LfMaker();
        for await (const octets of octetsOf(source, row)) await writeAll(file, lf.convert(octets));
        await writeAll(file, lf.finish());
        await file.utime(row.internalDate / 1000, row.internalDate / 1000);
      }
      await Deno.rename(staged, final);
      messages++;
    }
  }
  return { messages, mailboxes: found.map(({ name }) => name) };
}

/** Exports into mbox files, one a mailbox, in a folder that this makes; dates are kept, flags are not. */
export async function exportMbox(path: string, source: ExportSource): Promise<Exported> {
  const found = await chosen(source);
  await newFolder(path);
  let messages = 0;
  for (const mailbox of found) {
    const parts = mailbox.name.split(SEPARATOR).map((part) => part.replace(/[\0\\]|^\.+/g, "_"));
    const folder = join(path, ...parts.slice(0, -1));
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    using file = await Deno.open(join(folder, `${parts.at(-1)}.mbox`), {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    for await (const row of rows(source, mailbox)) {
      const lf = new LfMaker(), quoter = new MboxQuoter();
      await writeAll(file, separatorLine(row.internalDate));
      for await (const octets of octetsOf(source, row)) {
        await writeAll(file, quoter.convert(lf.convert(octets)));
      }
      await writeAll(file, quoter.convert(lf.finish()));
      await writeAll(file, quoter.finish());
      messages++;
    }
  }
  return { messages, mailboxes: found.map(({ name }) => name) };
}

/** The mailboxes that are meant, the uppermost first. @throws Error when there is none. */
async function chosen({ store, account, mailbox }: ExportSource): Promise<readonly MailboxInfo[]> {
  const all = await store.mailboxes(account);
  if (mailbox === undefined) return all;
  const found = all.filter(({ name }) => name === mailbox || name.startsWith(mailbox + SEPARATOR));
  if (found.length === 0) throw new Error(`Cannot export ${mailbox}: there is no such mailbox`);
  return found;
}

function isRoot({ name }: MailboxInfo, { mailbox }: ExportSource): boolean {
  return name === (mailbox ?? "INBOX");
}

function ownName(name: string, root: string | undefined): string {
  return root !== undefined && name.startsWith(root + SEPARATOR) ? name.slice(root.length + 1) : name;
}

async function newFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  for await (const _ of Deno.readDir(path)) {
    throw new Error(`Cannot export to ${path}: there is something in it; name a new folder`);
  }
}

async function* rows({ store, account }: ExportSource, mailbox: MailboxInfo): AsyncGenerator<FetchRow> {
  for await (const batch of store.fetch(account, mailbox.id, [[1, 0xffff_ffff]], { facts: true })) {
    yield* batch;
  }
}

async function* octetsOf({ store, account }: ExportSource, row: FetchRow): AsyncGenerator<Uint8Array> {
  const range = { message: row.message, start: 0, end: row.size };
  for await (const { octets } of store.octets(account, [range])) yield octets;
}

async function writeAll(file: Deno.FsFile, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length;) at += await file.write(octets.subarray(at));
}

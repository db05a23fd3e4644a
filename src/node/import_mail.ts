/** Mail of files into a mailbox: Maildir with its folders, mbox. Streams; nothing is lost or made up. */
import { join } from "node:path";
import { CrlfMaker } from "../archive/line_ends.ts";
import { flagsOfName, type MaildirFlags, readKeywords } from "../archive/maildir.ts";
import { MboxReader } from "../archive/mbox.ts";
import { latin1 } from "../bytes/ascii.ts";
import type { AccountId } from "../core/brands.ts";
import { type DeliveryTarget, type Draft, Flag, SEPARATOR, type StagedMessage } from "../core/store.ts";
import type { Store } from "../store/mod.ts";
import { mailboxOfFolder } from "./maildir_folder.ts";

/** Where to. */
export interface ImportTarget {
  readonly store: Store;
  readonly account: AccountId;
  /** Below this one, or INBOX where it is left out. */
  readonly mailbox: string | undefined;
}

/** What came of it. */
export interface Imported {
  readonly messages: number;
  readonly mailboxes: readonly string[];
  /** One sentence each, at most PROBLEMS; everything else was imported. */
  readonly problems: readonly string[];
}

/** Problems that are told; after that many the import stops. */
const PROBLEMS = 20;
/** Messages and octets in one delivery. */
const BATCH = 64, BATCH_OCTETS = 8 * 1024 * 1024;
/** Octets of a header that are searched for the fields that mailbox files keep flags in. */
const HEADER = 64 * 1024;
const PIECE = 256 * 1024;

/** Collects messages and delivers them together. */
class Importer {
  readonly #target: ImportTarget;
  readonly #mailboxes = new Set<string>();
  readonly problems: string[] = [];
  #batch: { readonly message: StagedMessage; readonly to: DeliveryTarget; readonly from: string }[] = [];
  #octets = 0;
  #messages = 0;

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  /** Too much went wrong for it to go on. */
  get hopeless(): boolean {
    return this.problems.length >= PROBLEMS;
  }

  stage(): Draft {
    return this.#target.store.stage();
  }

  /** `from`: where the message was, for what is said of it. */
  async add(
    message: StagedMessage,
    mailbox: string,
    { flags, keywords }: MaildirFlags,
    internalDate: number | undefined,
    from: string,
  ): Promise<void> {
    const dated = internalDate === undefined ? {} : { internalDate };
    const { account } = this.#target;
    this.#batch.push({ message, to: { account, mailbox, create: true, flags, keywords, ...dated }, from });
    this.#octets += message.size;
    if (this.#batch.length >= BATCH || this.#octets >= BATCH_OCTETS) await this.flush();
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#octets = 0;
    const items = batch.map(({ message, to }) => ({ message, to: [to] }));
    const results = items.length === 0 ? [] : await this.#target.store.deliver(items, { atomic: false });
    for (const [i, [outcome]] of results.entries()) {
      const { message, to, from } = batch[i]!;
      await message[Symbol.asyncDispose]();
      if (outcome!.ok) {
        this.#messages++;
        this.#mailboxes.add(to.mailbox);
      } else this.problem(`${from}: ${outcome!.failure.text}`);
    }
  }

  problem(sentence: string): void {
    if (this.problems.length < PROBLEMS) this.problems.push(sentence);
  }

  async finish(): Promise<Imported> {
    await this.flush();
    const { store, account } = this.#target;
    for (const name of this.#mailboxes) await store.subscribe(account, name, true);
    return { messages: this.#messages, mailboxes: [...this.#mailboxes].sort(), problems: this.problems };
  }
}

/** Imports a Maildir and its Maildir++ folders. @throws Error when there is no Maildir. */
export async function importMaildir(path: string, target: ImportTarget): Promise<Imported> {
  if (!await isFolder(join(path, "cur"))) {
    throw new Error(`Cannot import ${path}: there is no folder cur in it, so it is no Maildir`);
  }
  const importer = new Importer(target);
  await importFolder(importer, path, target.mailbox ?? "INBOX");
  for (const name of await names(path)) {
    if (!name.startsWith(".") || !await isFolder(join(path, name, "cur"))) continue;
    await importFolder(importer, join(path, name), below(target.mailbox, mailboxOfFolder(name)));
  }
  return await importer.finish();
}

async function importFolder(importer: Importer, folder: string, mailbox: string): Promise<void> {
  const keywords = readKeywords(await Deno.readTextFile(join(folder, "dovecot-keywords")).catch(() => ""));
  for (const part of ["new", "cur"]) {
    // Names begin with the time of delivery, so that their order is the mail's.
    for (const name of await names(join(folder, part))) {
      if (importer.hopeless) return;
      const path = join(folder, part, name);
      if (name.startsWith(".")) continue;
      try {
        using file = await Deno.open(path);
        const { mtime, isFile } = await file.stat();
        if (!isFile) continue;
        const draft = importer.stage();
        const crlf = new CrlfMaker();
        const buffer = new Uint8Array(PIECE);
        try {
          for (let got = await file.read(buffer); got !== null; got = await file.read(buffer)) {
            await draft.write(crlf.convert(buffer.subarray(0, got)));
          }
        } catch (error) {
          await draft[Symbol.asyncDispose]();
          throw error;
        }
        await importer.add(
          await draft.finish(),
          mailbox,
          flagsOfName(name, keywords),
          mtime?.getTime(),
          path,
        );
      } catch (error) {
        if (!isFileError(error)) throw error;
        importer.problem(`${path}: ${(error as Error).message}`);
      }
    }
  }
}

/** Imports a mbox file, or a folder of them: each becomes the mailbox of its name. */
export async function importMbox(path: string, target: ImportTarget): Promise<Imported> {
  const importer = new Importer(target);
  if (await isFolder(path)) {
    for (const name of await names(path)) {
      const file = join(path, name);
      if (name.startsWith(".") || await isFolder(file)) continue;
      const base = name.replace(/\.mbox$/i, "");
      const mailbox = base.toUpperCase() === "INBOX"
        ? target.mailbox ?? "INBOX"
        : below(target.mailbox, base);
      await importFile(importer, file, mailbox);
    }
  } else await importFile(importer, path, target.mailbox ?? "INBOX");
  return await importer.finish();
}

async function importFile(importer: Importer, path: string, mailbox: string): Promise<void> {
  const reader = new MboxReader();
  const buffer = new Uint8Array(PIECE);
  using file = await Deno.open(path);
  let at: { draft: Draft; crlf: CrlfMaker; head: string; date: number | undefined } | undefined;
  let count = 0;
  try {
    for (let got = await file.read(buffer);; got = await file.read(buffer)) {
      for (const item of got === null ? reader.finish() : reader.push(buffer.subarray(0, got))) {
        if (item.kind === "begin") {
          count++;
          at = { draft: importer.stage(), crlf: new CrlfMaker(), head: "", date: item.date };
        } else if (item.kind === "octets") {
          const octets = at!.crlf.convert(item.octets);
          if (at!.head.length < HEADER) at!.head += latin1(octets, 0, Math.min(octets.length, HEADER));
          await at!.draft.write(octets);
        } else {
          const { draft, head, date } = at!;
          at = undefined;
          await importer.add(
            await draft.finish(),
            mailbox,
            flagsOfHeader(head),
            date,
            `${path}, message ${count}`,
          );
        }
      }
      if (got === null || importer.hopeless) break;
      if (reader.isStray) {
        throw new Error(`Cannot import ${path}: it does not begin with From, so it is no mbox`);
      }
    }
  } finally {
    await at?.draft[Symbol.asyncDispose]();
  }
}

/** Flags where mailbox files keep them: Status, X-Status, X-Keywords. */
function flagsOfHeader(head: string): MaildirFlags {
  const end = head.indexOf("\r\n\r\n");
  const header = end < 0 ? head : head.slice(0, end);
  const field = (name: string) =>
    header.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1)
      .trim() ?? "";
  const status = field("status") + field("x-status");
  let flags = 0;
  if (status.includes("R")) flags |= Flag.Seen;
  if (status.includes("A")) flags |= Flag.Answered;
  if (status.includes("F")) flags |= Flag.Flagged;
  if (status.includes("D")) flags |= Flag.Deleted;
  if (status.includes("T")) flags |= Flag.Draft;
  const keywords = field("x-keywords").split(/[ ,]+/).filter((word) =>
    /^[!#$&'+\-./0-9:;<=>?@A-Z^_`a-z|}~]+$/.test(word)
  );
  return { flags, keywords: [...new Set(keywords)] };
}

function below(parent: string | undefined, name: string): string {
  return parent === undefined ? name : `${parent}${SEPARATOR}${name}`;
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
}

async function names(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) found.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => parseInt(a) - parseInt(b) || (a < b ? -1 : 1));
}

function isFileError(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
}

/** Clients that keep a copy of an account, and what is known of an account that several clients work in. */
import { join } from "node:path";
import { type Folder, run } from "./program.ts";
import { HOST, PASSWORD, type Site } from "./server.ts";

/** The mailboxes that they use. */
export const BOXES = ["INBOX", "Work", "Archive"];
/** Messages of each client. */
export const COUNT = 12;

/** Where messages are, with flags as a Maildir writes them, by subject; each client knows its own. */
export type Places = Map<string, readonly [mailbox: string, flags: string]>;

/** What a client sees: subjects with their flags, sorted, by mailbox. A doubled message is there twice. */
export type Seen = Readonly<Record<string, readonly string[]>>;

/** A message by its subject. */
export function mail(subject: string): string {
  return `From: a@remote.test\r\nTo: you@example.test\r\nSubject: ${subject}\r\n\r\nHello.\r\n`;
}

/** What `mail` put into a message. */
function subjectOf(octets: Uint8Array): string {
  return /^Subject: (\S+)/m.exec(new TextDecoder().decode(octets))![1]!;
}

/** Two digits: subjects must not be parts of others. */
export const number = (n: number) => String(n).padStart(2, "0");

/** A client that keeps Maildirs in step with the server, and a person who works in them between two runs. */
export abstract class Keeper {
  #made = 0;

  constructor(readonly site: Site, readonly user: string, readonly folder: Folder, readonly name: string) {}

  abstract begin(): Promise<void>;
  /** One run; `strict`: it must say that all went well. */
  abstract sync(strict?: boolean): Promise<void>;

  box(name: string): string {
    return this.folder.at(this.name, name);
  }

  /** Writes a message of its own, marks the one before it, and synchronizes. */
  async step(places: Places): Promise<void> {
    if (this.#made < COUNT / 2) {
      const subject = `${this.name}-${number(this.#made++)}-`;
      const lf = mail(subject).replaceAll("\r\n", "\n");
      await Deno.writeTextFile(join(this.box("Work"), "new", `${this.#made}.${this.name}.local`), lf);
      places.set(subject, ["Work", ""]);
      await this.#mark(places);
    }
    // Others take away what it is about to look at: it says so, and finds out the next time.
    await this.sync(false);
  }

  /** All of its mailboxes. */
  async seen(): Promise<Seen> {
    const seen: Record<string, string[]> = {};
    for (const box of BOXES) {
      const files = await this.#files(box);
      seen[box] = files.map(({ subject, flags }) => `${subject} ${flags}`).sort();
    }
    return seen;
  }

  /** Flags a message of its own that has been synchronized. */
  async #mark(places: Places): Promise<void> {
    for (const { path, subject, flags } of await this.#files("Work")) {
      if (!subject.startsWith(`${this.name}-`) || flags !== "" || places.get(subject)?.[1] !== "") continue;
      // Only what has a UID already, as a client would show it.
      if (!/,U=\d/.test(path)) continue;
      await Deno.rename(path, `${path.replace(/\/new\/([^/]*)$/, "/cur/$1").replace(/:2,\w*$/, "")}:2,F`);
      places.set(subject, ["Work", "F"]);
      return;
    }
  }

  async #files(box: string): Promise<{ path: string; subject: string; flags: string }[]> {
    const files: { path: string; subject: string; flags: string }[] = [];
    for (const sub of ["new", "cur"]) {
      for await (const { name } of Deno.readDir(join(this.box(box), sub))) {
        const path = join(this.box(box), sub, name);
        const flags = [.../:2,(\w*)$/.exec(name)?.[1] ?? ""].sort().join("");
        files.push({ path, subject: subjectOf(await Deno.readFile(path)), flags });
      }
    }
    return files;
  }
}

/** isync. */
export class Mbsync extends Keeper {
  #config = "";

  constructor(site: Site, user: string, folder: Folder) {
    super(site, user, folder, "mbsync");
  }

  async begin(): Promise<void> {
    const { site, user, folder } = this;
    await Deno.mkdir(folder.at(this.name));
    this.#config = await folder.write(
      "mbsyncrc",
      `IMAPAccount server
Host ${HOST}
Port ${site.ports.imaps}
User ${user}
Pass ${PASSWORD}
SSLType IMAPS
SystemCertificates no
CertificateFile ${site.certificate}
AuthMechs LOGIN

IMAPStore far
Account server

MaildirStore near
Path ${folder.at(this.name)}/
Inbox ${this.box("INBOX")}
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns ${BOXES.join(" ")}
Create Near
Expunge Both
Sync All
SyncState *
`,
    );
  }

  async sync(strict = true): Promise<void> {
    const codes = strict ? [0] : [0, 1];
    await run("mbsync", ["-c", this.#config, "-a"], { env: { HOME: this.folder.path }, codes });
  }
}

/** offlineimap3. */
export class OfflineImap extends Keeper {
  #config = "";

  constructor(site: Site, user: string, folder: Folder) {
    super(site, user, folder, "offline");
  }

  async begin(): Promise<void> {
    const { site, user, folder } = this;
    await Deno.mkdir(folder.at(this.name));
    this.#config = await folder.write(
      "offlineimaprc",
      `[general]
accounts = a
metadata = ${folder.at("offline-metadata")}
ui = quiet

[Account a]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = ${folder.at(this.name)}

[Repository far]
type = IMAP
remotehost = ${HOST}
remoteport = ${site.ports.imaps}
ssl = yes
sslcacertfile = ${site.certificate}
remoteuser = ${user}
remotepass = ${PASSWORD}
auth_mechanisms = LOGIN
folderfilter = lambda name: name in ${JSON.stringify(BOXES)}
`,
    );
  }

  async sync(strict = true): Promise<void> {
    const codes = strict ? [0] : [0, 1];
    await run("offlineimap", ["-o", "-c", this.#config], { env: { HOME: this.folder.path }, codes });
  }
}

/**
 * Fetches what it has not fetched yet, and leaves it where it is. From a mailbox of which nobody removes anything: it
 * ends with an exception of its own when a message goes that it has seen and not yet fetched.
 */
export class Getmail {
  #config = "";

  constructor(readonly site: Site, readonly user: string, readonly folder: Folder) {}

  async begin(): Promise<void> {
    const { site, user, folder } = this;
    await Deno.mkdir(folder.at("getmail"));
    this.#config = await folder.write(
      "getmailrc",
      `[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = ${HOST}\nport = ${site.ports.imaps}\n` +
        `username = ${user}\npassword = ${PASSWORD}\nmailboxes = ("Work",)\nca_certs = ${site.certificate}\n` +
        // Into a Maildir it delivers for no root.
        `[destination]\ntype = MDA_external\npath = /bin/sh\nallow_root_commands = true\nunixfrom = false\n` +
        `arguments = ("-c", "cat > $(mktemp ${folder.at("getmail", "XXXXXXXXXX")})")\n` +
        "[options]\nread_all = false\ndelete = false\ndelivered_to = false\nreceived = false\nverbose = 0\n",
    );
  }

  async step(): Promise<void> {
    const { folder } = this;
    await run("getmail", [`--getmaildir=${folder.path}`, `--rcfile=${this.#config}`], {
      env: { HOME: folder.path },
    });
  }

  async subjects(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { name } of Deno.readDir(this.folder.at("getmail"))) {
      found.push(subjectOf(await Deno.readFile(this.folder.at("getmail", name))));
    }
    return found;
  }
}

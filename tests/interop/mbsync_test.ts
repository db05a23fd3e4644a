/** mbsync (isync) keeps a Maildir and the server in step, both ways. */
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import {
  assertDelivered,
  assertSame,
  BUILT_IN,
  corpus,
  crlf,
  ended,
  lf,
  withoutFields,
} from "./support/corpus.ts";
import { connect, deliver, inbox } from "./support/imap.ts";
import { Folder, lacks, run } from "./support/program.ts";
import { HOST, PASSWORD, type Site, startSite } from "./support/server.ts";

/** The field by which mbsync finds again what it has just copied; it stays in the copy. */
const TUID = ["X-TUID"];

interface Kept {
  readonly uid: number;
  readonly flags: string;
  readonly path: string;
}

Deno.test({
  name: "mbsync",
  ignore: lacks("mbsync", "isync"),
  async fn(t) {
    await using site = await startSite(2);
    await using folder = await Folder.make();
    const user = site.account();
    const samples = await corpus();
    const config = await folder.write("mbsyncrc", mbsyncrc(site, user, folder));
    const sync = async () => {
      const { stdout } = await run("mbsync", ["-c", config, "-a", "-V"], { env: { HOME: folder.path } });
      return new TextDecoder().decode(stdout);
    };
    const inboxAt = folder.at("mail", "INBOX");
    const validity = async () =>
      (await Deno.readTextFile(join(inboxAt, ".mbsyncstate"))).match(/^FarUidValidity .*$/m)![0];
    let first = "";

    await t.step("the first run takes everything, and every mailbox", async () => {
      await Deno.mkdir(folder.at("mail"));
      await deliver(site, user, samples);
      await sync();
      const kept = await maildir(inboxAt);
      assertEquals(kept.length, samples.length);
      for (const [i, { name, octets }] of samples.entries()) {
        await assertDelivered(
          withoutFields(await Deno.readFile(kept[i]!.path), TUID),
          ended(octets),
          name,
          "lf",
        );
      }
      const names = Array.from(Deno.readDirSync(folder.at("mail")), (entry) => entry.name).sort();
      assertEquals(names, ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]);
      first = await validity();
    });

    await t.step("flags, new messages, new mailboxes and deletions go both ways", async () => {
      const kept = await maildir(inboxAt);
      await setFlags(kept[0]!, "FS");
      await setFlags(kept[1]!, "R");
      await setFlags(kept[2]!, "T");
      const text = new TextEncoder().encode("Subject: written here\n\nHier: größer\n.\nFrom me\n");
      await Deno.writeFile(join(inboxAt, "new", "1.here.local"), text);
      for (const sub of ["cur", "new", "tmp"]) {
        await Deno.mkdir(folder.at("mail", "Made", sub), { recursive: true });
      }
      await Deno.writeFile(folder.at("mail", "Made", "cur", "2.here.local:2,S"), text);
      {
        await using client = await connect(site, user);
        await client.mailboxCreate("There");
        await client.append("There", "Subject: written there\r\n\r\n", ["\\Flagged"]);
        await client.mailboxOpen("INBOX");
        await client.messageFlagsAdd("4", ["\\Flagged"], { uid: true });
        await client.messageDelete("5", { uid: true });
      }
      await sync();

      await using client = await connect(site, user);
      await client.mailboxOpen("INBOX");
      const there = new Map<number, { readonly flags: string; readonly source: Uint8Array }>();
      for (const message of await client.fetchAll("1:*", { uid: true, flags: true, source: true })) {
        const flags = [...message.flags!].filter((flag) => flag !== "\\Recent").sort().join(" ");
        there.set(message.uid, { flags, source: message.source! });
      }
      assertEquals(there.get(1)?.flags, "\\Flagged \\Seen");
      assertEquals(there.get(2)?.flags, "\\Answered");
      assert(!there.has(3), "deleted here");
      assert(!there.has(5), "deleted there");
      const copied = there.get(samples.length + 1)!.source;
      await assertSame(withoutFields(copied, TUID), crlf(text), "written here");
      const here = new Map((await maildir(inboxAt)).map((one) => [one.uid, one.flags]));
      assertEquals(here.get(4), "F");
      assertEquals([here.has(3), here.has(5)], [false, false]);
      assertEquals((await inbox(site, user, "Made")).length, 1);
      assertEquals((await maildir(folder.at("mail", "There"))).map((one) => one.flags), ["F"]);
    });

    await t.step("a third run finds nothing to do, and UIDVALIDITY is what it was", async () => {
      const before = await maildir(inboxAt);
      const said = await sync();
      assert(!/[*#+]\d*[1-9]\d*\/[1-9]/.test(said), said);
      assertEquals(await maildir(inboxAt), before);
      assertEquals(await validity(), first);
    });

    await t.step("by STARTTLS into a fresh Maildir, and back up again to another account", async () => {
      const other = site.account();
      const up = await folder.write("up", mbsyncrc(site, other, folder, "STARTTLS", "again"));
      const at = folder.at("again", "INBOX");
      for (const sub of ["cur", "new", "tmp"]) await Deno.mkdir(join(at, sub), { recursive: true });
      for (const [i, { octets }] of BUILT_IN.entries()) {
        await Deno.writeFile(join(at, "new", `${String(i).padStart(3, "0")}.up.local`), lf(octets));
      }
      await run("mbsync", ["-c", up, "-a"], { env: { HOME: folder.path } });
      const got = await inbox(site, other);
      assertEquals(got.length, BUILT_IN.length);
      // It goes through a Maildir in the order of the folder, which is none.
      const bySubject = new Map(got.map((octets) => [subject(octets), octets]));
      for (const { name, octets } of BUILT_IN) {
        await assertSame(withoutFields(bySubject.get(subject(octets))!, TUID), octets, name);
      }
    });
  },
});

function mbsyncrc(site: Site, user: string, folder: Folder, tls = "IMAPS", mail = "mail"): string {
  return `IMAPAccount server
Host ${HOST}
Port ${tls === "IMAPS" ? site.ports.imaps : site.ports.imap}
User ${user}
Pass ${PASSWORD}
SSLType ${tls}
SystemCertificates no
CertificateFile ${site.certificate}
AuthMechs LOGIN

IMAPStore far
Account server

MaildirStore near
Path ${folder.at(mail)}/
Inbox ${folder.at(mail, "INBOX")}
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
Sync All
SyncState *
`;
}

/** The messages of a Maildir that mbsync keeps: it writes UIDs into the names of files. */
async function maildir(path: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const sub of ["new", "cur"]) {
    for await (const { name } of Deno.readDir(join(path, sub))) {
      const uid = Number(/,U=(\d+)/.exec(name)?.[1]);
      kept.push({ uid, flags: /:2,(\w*)/.exec(name)?.[1] ?? "", path: join(path, sub, name) });
    }
  }
  return kept.sort((a, b) => a.uid - b.uid);
}

/** Renames a message as a mail reader does that sets flags. */
async function setFlags({ path }: Kept, flags: string): Promise<void> {
  const name = path.replace(/\/(new|cur)\/([^/:]+)(:2,\w*)?$/, "/cur/$2");
  await Deno.rename(path, `${name}:2,${flags}`);
}

function subject(octets: Uint8Array): string {
  return /^Subject: ([^\r\n]*)/m.exec(new TextDecoder().decode(octets.subarray(0, 4096)))![1]!;
}

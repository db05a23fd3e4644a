/**
 * Clients that work in one account at the same time: some append, flag, move and expunge, some keep a copy in step
 * both ways, some only fetch. In the end nothing is lost or doubled, and all of them have what the server has.
 */
import { assert, assertEquals } from "@std/assert";
import { connect, deliver } from "./support/imap.ts";
import {
  BOXES,
  COUNT,
  Getmail,
  mail,
  Mbsync,
  number,
  OfflineImap,
  type Places,
  type Seen,
} from "./support/keepers.ts";
import { Folder, lacks, run } from "./support/program.ts";
import { HOST, PASSWORD, type Site, startSite } from "./support/server.ts";

const PYTHON = await Deno.stat("/usr/bin/python3").then(() => "/usr/bin/python3", () => "python3");
/** Not `||`: each that is missing shall say so. */
const MISSING = [
  lacks(PYTHON, "python3"),
  lacks("curl", "curl"),
  lacks("mbsync", "isync"),
  lacks("offlineimap", "offlineimap3"),
  lacks("getmail", "getmail6"),
  lacks("neomutt", "neomutt"),
  lacks("script", "bsdutils"),
];

Deno.test({
  name: "clients of many kinds in one account at the same time",
  ignore: MISSING.includes(true),
  async fn() {
    await using site = await startSite(1);
    await using folder = await Folder.make();
    const user = site.account();
    {
      await using client = await connect(site, user);
      await client.mailboxCreate("Work");
      for (const subject of ["mutt-00-", "mutt-01-", "mutt-02-"]) {
        await client.append("Archive", mail(subject));
      }
    }
    const mbsync = new Mbsync(site, user, folder), offline = new OfflineImap(site, user, folder);
    const fetched = new Getmail(site, user, folder);
    await mbsync.begin();
    await offline.begin();
    await fetched.begin();
    await mbsync.sync();
    await offline.sync();

    const places: Places = new Map();
    let busy = true;
    /** A client that keeps copies runs again and again as long as others work. */
    const meanwhile = async (client: { step(places: Places): Promise<void> }) => {
      do await client.step(places); while (busy);
    };
    const workers = [
      byImapFlow(site, user, places),
      byPython(site, user, places),
      byCurl(site, user, folder, places),
      byNeomutt(site, user, folder, places),
      byDelivery(site, user, places),
    ];
    const ended = Promise.allSettled(workers).then((all) => (busy = false, all));
    const others = Promise.allSettled([mbsync, offline, fetched].map(meanwhile));
    // Whatever fails, nobody is left at work without a server.
    for (const result of [...await ended, ...await others]) {
      if (result.status === "rejected") throw result.reason;
    }

    // Until nobody has anything new for anybody.
    let truth = await seenByImapFlow(site, user), rounds = 0;
    for (let before = ""; before !== JSON.stringify(truth); rounds++) {
      assert(rounds < 6, "the clients do not come to rest");
      before = JSON.stringify(truth);
      await mbsync.sync();
      await offline.sync();
      truth = await seenByImapFlow(site, user);
    }
    await fetched.step();

    const expected: Record<string, string[]> = { INBOX: [], Work: [], Archive: [] };
    for (const [subject, [mailbox, flags]] of places) expected[mailbox]!.push(`${subject} ${flags}`);
    for (const box of BOXES) expected[box]!.sort();
    assertEquals<Seen>(truth, expected, "what the clients did is what is there");
    assertEquals(await mbsync.seen(), truth, "mbsync");
    assertEquals(await offline.seen(), truth, "offlineimap");
    const subjects = truth["Work"]!.map((line) => line.split(" ")[0]!);
    assertEquals((await fetched.subjects()).toSorted(), subjects, "getmail");
    const check = await site.server.mail("check");
    assertEquals([check.code, check.stderr], [0, ""], check.stdout);
  },
});

async function byImapFlow(site: Site, user: string, places: Places): Promise<void> {
  await using client = await connect(site, user);
  for (let n = 0; n < COUNT; n++) {
    const subject = `flow-${number(n)}-`;
    const added = await client.append("INBOX", mail(subject), n % 2 === 0 ? ["\\Answered"] : []);
    assert(added !== false);
    const uid = String(added.uid);
    await client.mailboxOpen("INBOX");
    if (n % 4 === 0) places.set(subject, ["INBOX", "R"]);
    else if (n % 4 === 1) {
      await client.messageFlagsAdd(uid, ["\\Seen", "\\Flagged"], { uid: true });
      await client.messageFlagsRemove(uid, ["\\Seen"], { uid: true });
      places.set(subject, ["INBOX", "F"]);
    } else if (n % 4 === 2) {
      await client.messageMove(uid, "Archive", { uid: true });
      places.set(subject, ["Archive", "R"]);
    } else await client.messageDelete(uid, { uid: true });
  }
}

async function byPython(site: Site, user: string, places: Places): Promise<void> {
  const script = new URL("python/work_imap.py", import.meta.url).pathname;
  const job = { host: HOST, port: site.ports.imaps, cafile: site.certificate, user, password: PASSWORD };
  const { stdout } = await run(PYTHON, [script], { stdin: JSON.stringify({ ...job, count: COUNT }) });
  const where = JSON.parse(new TextDecoder().decode(stdout)) as Record<string, [string, string]>;
  for (const [subject, place] of Object.entries(where)) places.set(subject, place);
}

async function byCurl(site: Site, user: string, folder: Folder, places: Places): Promise<void> {
  const url = `imaps://${HOST}:${site.ports.imaps}`;
  const login = ["-sS", "--cacert", site.certificate, "-u", `${user}:${PASSWORD}`];
  for (let n = 0; n < COUNT; n++) {
    const subject = `curl-${number(n)}-`;
    await run("curl", [...login, "-T", await folder.write(`curl${n}`, mail(subject)), `${url}/Work`]);
    const { stdout } = await run("curl", [...login, `${url}/Work?SUBJECT%20${subject}`]);
    const answer = new TextDecoder().decode(stdout);
    assert(/^\* SEARCH \d+\s*$/m.test(answer), answer);
    places.set(subject, ["Work", "S"]);
  }
}

/**
 * It moves what was there before the others began, out of a mailbox of which nobody else removes anything: what it has
 * marked and not yet sent, it forgets when it hears of an EXPUNGE ("Mailbox was externally modified").
 */
async function byNeomutt(site: Site, user: string, folder: Folder, places: Places): Promise<void> {
  const rc = await folder.write(
    "muttrc",
    `set imap_user="${user}" imap_pass="${PASSWORD}" ssl_force_tls=yes delete=yes quit=yes wait_key=no mark_old=no
set certificate_file="${site.certificate}" ssl_ca_certificates_file="${site.certificate}"
set folder="imaps://${HOST}:${site.ports.imaps}/" confirmappend=no confirmcreate=no tmpdir="${folder.path}"
`,
  );
  for (const subject of ["mutt-00-", "mutt-01-"]) {
    const keys = `<tag-pattern>~s${subject}<enter><tag-prefix><save-message><kill-line>=Work<enter><quit>`;
    const open = `neomutt -n -F ${rc} -f imaps://${HOST}:${site.ports.imaps}/Archive -e 'push "${keys}"'`;
    const env = { HOME: folder.path, TERM: "xterm" };
    await run("script", ["-qec", open, "/dev/null"], { env, timeoutMs: 60_000 });
    places.set(subject, ["Work", ""]);
  }
  places.set("mutt-02-", ["Archive", ""]);
}

async function byDelivery(site: Site, user: string, places: Places): Promise<void> {
  for (let n = 0; n < COUNT; n++) {
    const subject = `mail-${number(n)}-`;
    await deliver(site, user, [{ name: subject, octets: new TextEncoder().encode(mail(subject)) }]);
    places.set(subject, ["INBOX", ""]);
  }
}

async function seenByImapFlow(site: Site, user: string): Promise<Seen> {
  await using client = await connect(site, user);
  const seen: Record<string, string[]> = {};
  const letters: Readonly<Record<string, string>> = {
    "\\Answered": "R",
    "\\Flagged": "F",
    "\\Seen": "S",
    "\\Deleted": "T",
    "\\Draft": "D",
  };
  for (const box of BOXES) {
    await client.mailboxOpen(box, { readOnly: true });
    const messages = client.mailbox !== false && client.mailbox.exists > 0
      ? await client.fetchAll("1:*", { envelope: true, flags: true })
      : [];
    seen[box] = messages.map(({ envelope, flags }) =>
      `${envelope!.subject} ${[...flags!].map((flag) => letters[flag] ?? "").sort().join("")}`
    ).sort();
  }
  return seen;
}

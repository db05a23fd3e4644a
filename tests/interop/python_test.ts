/** Python's smtplib (and its LMTP), imaplib and poplib. */
import { assert, assertEquals } from "@std/assert";
import {
  assertDelivered,
  assertSame,
  BUILT_IN,
  corpus,
  ended,
  HEADER_ONLY,
  type Sample,
} from "./support/corpus.ts";
import { Folder, lacks, run } from "./support/program.ts";
import { HOST, PASSWORD, startSite } from "./support/server.ts";

/** The system's own where there is one: what a version manager puts into PATH may take half a second to start. */
const PYTHON = await Deno.stat("/usr/bin/python3").then(() => "/usr/bin/python3", () => "python3");

const UTF8_USER = "ñandú@example.test";

Deno.test({
  name: "Python's smtplib, imaplib, poplib",
  ignore: lacks(PYTHON, "python3"),
  async fn(t) {
    await using site = await startSite(9, [UTF8_USER]);
    await using folder = await Folder.make();
    const { ports, certificate: cafile } = site;
    // The built-in ones first: they go every way, the others two of them.
    const samples = [...BUILT_IN, HEADER_ONLY, ...(await corpus()).slice(BUILT_IN.length)];
    const files = await Promise.all(samples.map(({ octets }, i) => folder.write(`sent${i}`, octets)));
    const python = async (script: string, job: Record<string, unknown>) => {
      const path = new URL(`python/${script}`, import.meta.url).pathname;
      const stdin = JSON.stringify({ host: HOST, cafile, password: PASSWORD, out: folder.path, ...job });
      return JSON.parse(new TextDecoder().decode((await run(PYTHON, [path], { stdin })).stdout));
    };
    const got = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, i) => Deno.readFile(folder.at(String(i + 1)))));
    const compare = async (sent: readonly Sample[]) => {
      for (const [i, octets] of (await got(sent.length)).entries()) {
        await assertDelivered(octets, ended(sent[i]!.octets), sent[i]!.name);
      }
    };

    const senders = [
      { way: "smtp", port: ports.smtp },
      { way: "starttls", port: ports.smtp },
      { way: "starttls", port: ports.submission, user: "user1@example.test" },
      { way: "smtps", port: ports.submissions, user: "user1@example.test" },
      { way: "lmtp", port: ports.lmtp },
      { way: "lmtp-starttls", port: ports.lmtp },
    ];
    const readers = [
      { script: "read_imap.py", way: "imap", login: "login", port: ports.imap },
      { script: "read_imap.py", way: "starttls", login: "plain", port: ports.imap },
      { script: "read_imap.py", way: "imaps", login: "login", port: ports.imaps },
      { script: "read_pop3.py", way: "pop3", login: "user", port: ports.pop3 },
      { script: "read_pop3.py", way: "starttls", login: "user", port: ports.pop3 },
      { script: "read_pop3.py", way: "pop3s", login: "user", port: ports.pop3s },
    ];
    for (const [i, sender] of senders.entries()) {
      const { script, ...reader } = readers[i]!;
      const as = "user" in sender ? "submission" : sender.way.startsWith("lmtp") ? "lmtp" : "smtp";
      const count = sender.way === "smtp" || sender.way === "smtps" ? samples.length : BUILT_IN.length + 1;
      const sent = samples.slice(0, count);
      await t.step(`${as} (${sender.way}), ${script} (${reader.way}): every message comes back`, async () => {
        const user = site.account();
        const job = { ...sender, sender: "user1@example.test", recipients: [user] };
        const options = ["BODY=8BITMIME"];
        const refused = await python("send.py", { ...job, options, files: files.slice(0, count) });
        assertEquals(refused, sent.map(() => ({})));
        const seen = await python(script, { ...reader, user });
        assertEquals(seen.count, count);
        await compare(sent);
        if (script !== "read_pop3.py") return;
        const sizes = (await got(count)).map((octets) => octets.length);
        assertEquals(seen.sizes, sizes, "LIST gives the octets of RETR");
        assertEquals(seen.unique, count);
      });
    }

    await t.step("imaplib: APPEND, STORE, SEARCH, COPY, EXPUNGE, STATUS", async () => {
      // imaplib makes a line end of each lone CR or LF in what it appends; ours have none.
      const user = site.account();
      const append = files.slice(0, BUILT_IN.length);
      const seen = await python("read_imap.py", {
        way: "imaps",
        login: "plain",
        port: ports.imaps,
        user,
        append,
      });
      for (const [i, octets] of (await got(BUILT_IN.length)).entries()) {
        await assertSame(octets, BUILT_IN[i]!.octets, BUILT_IN[i]!.name);
      }
      assertEquals(seen.flags.filter((flag: string) => flag !== "\\Recent").sort(), ["\\Seen", "custom"]);
      assertEquals(seen.search, "1 2");
      assertEquals(seen.expunged, ["2", "1"], "the highest first, so that no number shifts another");
      assertEquals(seen.thread, "Archive (MESSAGES 1 UNSEEN 0)");
    });

    await t.step("imaplib: a mailbox that two share", async () => {
      const owner = site.account(), user = site.account();
      const seen = await python("shared_imap.py", { port: ports.imaps, owner, user });
      const name = `#user/${owner}/Team`;
      assertEquals(seen, {
        acl: [`Team ${owner} lrswipkxtenacd ${user} lrswited`],
        namespace: ['(("" "/")) (("#user/" "/")) (("#shared/" "/"))'],
        list: [`(\\Noselect \\HasChildren) "/" #user/${owner}`, `(\\HasNoChildren) "/" ${name}`],
        rights: [`${name} lrswited`],
        flags: ["\\Flagged", "\\Seen"],
        left: [""],
        copied: ["1"],
        refused: "NO",
      });
    });

    await t.step("SMTPUTF8 to a UTF-8 address; read by IMAP UTF8=ACCEPT and POP3 UTF8", async () => {
      const octets = new TextEncoder().encode(
        "From: zoë@remote.test\r\nSubject: größer 日本\r\n\r\nBody\r\n",
      );
      const file = await folder.write("utf8", octets);
      const job = { way: "starttls", port: ports.smtp, sender: "zoë@remote.test", recipients: [UTF8_USER] };
      assertEquals(
        await python("send.py", { ...job, files: [file], options: ["SMTPUTF8", "BODY=8BITMIME"] }),
        [{}],
      );
      // imaplib's and poplib's own logins are ASCII only; SASL PLAIN is UTF-8.
      const read = { port: ports.imaps, way: "imaps", login: "plain", user: UTF8_USER, utf8: true };
      const seen = await python("read_imap.py", read);
      assertEquals(seen.count, 1);
      assert(seen.list.some((line: string) => line.includes("Größe 日本")), String(seen.list));
      await assertDelivered((await got(1))[0]!, octets, "by IMAP");
      const ascii = { way: "pop3s", port: ports.pop3s, user: "user1@example.test", utf8: true };
      await python("send.py", {
        ...job,
        recipients: ["user1@example.test"],
        files: [file],
        options: ["SMTPUTF8"],
      });
      const { count, capa } = await python("read_pop3.py", ascii);
      assert(capa.includes("UTF8"), String(capa));
      await assertDelivered(await Deno.readFile(folder.at(String(count))), octets, "by POP3");
    });

    await t.step("LMTP answers for each recipient", async () => {
      const recipients = ["user1@example.test", "nobody@example.test", "user2@example.test"];
      const [refused] = await python("send.py", {
        way: "lmtp",
        port: ports.lmtp,
        sender: "",
        recipients,
        files: files.slice(0, 1),
      });
      assertEquals(Object.keys(refused), ["nobody@example.test"]);
      assertEquals(refused["nobody@example.test"][0], 550);
    });

    await t.step("poplib: what was deleted is gone after QUIT", async () => {
      const job = { way: "pop3", port: ports.pop3, user: "user2@example.test", utf8: true };
      const { count } = await python("read_pop3.py", { ...job, delete: [1, 2, 3] });
      assertEquals((await python("read_pop3.py", job)).count, count - 3);
    });
  },
});

/** `mail import` and `mail export`, beside a running server and read by a library of others. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer, type TestServer } from "../support/server.ts";
import { imap } from "./support.ts";

const you = "you@example.test", other = "other@example.test";
const settings = ["auth.allow_plaintext=true", "workers=1"];
const MESSAGE = "From: a@sender.test\nSubject: one\n\nFrom here\n\n>From there\n.\n";
const WIRE = MESSAGE.replaceAll("\n", "\r\n");

/** A Maildir as Dovecot leaves it: INBOX, a folder with a name outside ASCII, one with a dot. */
async function maildir(): Promise<string> {
  const root = await Deno.makeTempDir({ prefix: "malleposte-maildir-" });
  const put = async (folder: string, part: string, name: string, text: string) => {
    for (const one of ["cur", "new", "tmp"]) {
      await Deno.mkdir(`${root}/${folder}/${one}`, { recursive: true });
    }
    const path = `${root}/${folder}/${part}/${name}`;
    await Deno.writeTextFile(path, text);
    await Deno.utime(path, 1_234_567_890, 1_234_567_890);
  };
  await put("", "cur", "1.M1.host:2,FSa", MESSAGE);
  await put("", "new", "2.M1.host", "Subject: new\r\n\r\nbody\r\n");
  await put(".Entw&APw-rfe.v1", "cur", "3.M1.host:2,DT", MESSAGE);
  await put(".a&AC4-b", "cur", "4.M1.host:2,RP", MESSAGE);
  await Deno.writeTextFile(`${root}/dovecot-keywords`, "0 $Important\n");
  return root;
}

async function fetched(server: TestServer, user: string, mailbox: string): Promise<readonly string[]> {
  await using client = await imap(server.ports.imap, user);
  const lines: string[] = [];
  await client.exchange(`b EXAMINE "${mailbox}"`, /^b OK/);
  await client.send(new TextEncoder().encode("c FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE)\r\n"));
  for (;;) {
    const line = await client.line(/^(\*|c) /);
    if (line.startsWith("c ")) return lines;
    lines.push(line);
  }
}

async function said(server: TestServer, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.mail(...words);
  assertEquals([code, stderr], [0, ""]);
  return stdout.trim();
}

Deno.test("mail of files comes in and goes out again", async (t) => {
  await using server = await startServer({ settings, accounts: [you, other] });
  const from = await maildir();
  const out = await Deno.makeTempDir({ prefix: "malleposte-export-" });

  await t.step(
    "a Maildir: folders, flags, keywords, dates, line ends; an idling client is told",
    async () => {
      await using idler = await imap(server.ports.imap, you);
      await idler.exchange("b SELECT INBOX", /^b OK/);
      await idler.exchange("c IDLE", /^\+/);
      assertEquals(
        await said(server, "import", "maildir", from, "--to", you),
        "imported 4 messages into Entwürfe/v1, INBOX, a.b",
      );
      await idler.line(/^\* 2 EXISTS/);
      const date = `INTERNALDATE "13-Feb-2009 23:31:30 +0000"`;
      const size = `RFC822.SIZE ${WIRE.length}`;
      assertEquals(await fetched(server, you, "INBOX"), [
        `* 1 FETCH (FLAGS () ${date} RFC822.SIZE 22)`,
        `* 2 FETCH (FLAGS (\\Flagged \\Seen $Important) ${date} ${size})`,
      ]);
      assertEquals(await fetched(server, you, "Entw&APw-rfe/v1"), [
        `* 1 FETCH (FLAGS (\\Deleted \\Draft) ${date} ${size})`,
      ]);
      assertEquals(await fetched(server, you, "a.b"), [
        `* 1 FETCH (FLAGS (\\Answered $Forwarded) ${date} ${size})`,
      ]);
    },
  );

  await t.step("out as Maildir and in again: the same", async () => {
    assertMatch(
      await said(server, "export", "maildir", `${out}/md`, "--from", you),
      /^exported 4 messages of INBOX, /,
    );
    await said(server, "import", "maildir", `${out}/md`, "--to", `${other}/Old`);
    assertEquals(await fetched(server, other, "Old/a.b"), await fetched(server, you, "a.b"));
    assertEquals((await fetched(server, other, "Old")).length, 2);
    const again = await server.mail("export", "maildir", `${out}/md`, "--from", you);
    assertEquals([again.code, again.stdout], [1, ""]);
    assertStringIncludes(again.stderr, "there is something in it; name a new folder");
  });

  await t.step("out as mbox, which Python's mailbox reads, and in again", async () => {
    const answer = JSON.parse(
      await said(server, "export", "mbox", `${out}/mbox`, "--from", `${other}/Old`, "--json"),
    );
    assertEquals(answer, { messages: 4, mailboxes: ["Old", "Old/Entwürfe", "Old/Entwürfe/v1", "Old/a.b"] });
    const script =
      "import mailbox,sys\nfor m in mailbox.mbox(sys.argv[1], create=False): print(m.get_from(), m['subject'])";
    const { stdout } = await new Deno.Command("python3", { args: ["-c", script, `${out}/mbox/Old/a.b.mbox`] })
      .output();
    assertEquals(new TextDecoder().decode(stdout), "MAILER-DAEMON Fri Feb 13 23:31:30 2009 one\n");
    await said(server, "import", "mbox", `${out}/mbox/Old/a.b.mbox`, "--to", `${you}/Box`);
    const [line] = await fetched(server, you, "Box");
    assertEquals(
      line,
      `* 1 FETCH (FLAGS () INTERNALDATE "13-Feb-2009 23:31:30 +0000" RFC822.SIZE ${WIRE.length})`,
    );
  });

  await t.step("what is wrong is said, and what can be imported is", async () => {
    const said = async (...words: string[]) => {
      const { code, stderr } = await server.mail(...words);
      return [code, stderr.trim()];
    };
    await Deno.writeTextFile(`${out}/no.mbox`, "hello\n\n");
    assertEquals(await said("import", "mbox", `${out}/no.mbox`, "--to", you), [
      1,
      `Cannot import ${out}/no.mbox: it does not begin with From, so it is no mbox`,
    ]);
    assertEquals(await said("import", "maildir", out, "--to", you), [
      1,
      `Cannot import ${out}: there is no folder cur in it, so it is no Maildir`,
    ]);
    assertEquals(await said("import", "maildir", from, "--to", "nobody@example.test"), [
      1,
      "There is no account nobody@example.test",
    ]);
    assertEquals((await said("import", "maildir", from, "--to", "nobody"))[0], 2);
    assertEquals(await said("export", "mbox", `${out}/x`, "--from", `${you}/Nowhere`), [
      1,
      "Cannot export Nowhere: there is no such mailbox",
    ]);
    await server.mail("account", "quota", other, "--quota-messages", "5");
    const [code, text] = await said("import", "maildir", from, "--to", other);
    assertEquals(code, 1);
    assertMatch(String(text), /^Imported 1 messages, but:\n.*: Quota exceeded\n/);
  });

  for (const folder of [from, out]) await Deno.remove(folder, { recursive: true });
});

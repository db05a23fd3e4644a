/** NeoMutt without a person at it: sends by Submission, reads by IMAP and POP3. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concat } from "../support/transcript.ts";
import { assertDelivered, BUILT_IN, ended, withoutFields } from "./support/corpus.ts";
import { connect, deliver, inbox } from "./support/imap.ts";
import { Folder, lacks, maildirMessages, run } from "./support/program.ts";
import { HOST, PASSWORD, startSite } from "./support/server.ts";

const missing = lacks("neomutt", "neomutt");

Deno.test({
  name: "neomutt",
  ignore: missing || lacks("script", "bsdutils"),
  async fn(t) {
    await using site = await startSite(3);
    await using folder = await Folder.make();
    const { ports } = site;
    const [user, other] = [site.account(), site.account()];
    const login = user.replace("@", "%40");
    const rc = await folder.write(
      "rc",
      `set smtp_url="smtp://${login}@${HOST}:${ports.submission}/" smtp_pass="${PASSWORD}" ssl_force_tls=yes
set imap_user="${user}" imap_pass="${PASSWORD}" pop_user="${user}" pop_pass="${PASSWORD}" pop_delete=no pop_last=no
set certificate_file="${site.certificate}" ssl_ca_certificates_file="${site.certificate}"
set folder="imaps://${HOST}:${ports.imaps}/"
set from="${user}" realname="A B" use_envelope_from=yes charset=utf-8 send_charset="us-ascii:utf-8"
set mbox_type=Maildir tmpdir="${folder.path}" copy=yes delete=yes quit=yes wait_key=no imap_peek=yes
set confirmappend=no confirmcreate=no mark_old=no sort=mailbox-order
`,
    );
    /** Runs it on a terminal that nobody looks at, and presses keys. */
    const press = async (mailbox: string, keys: string) => {
      const command = `neomutt -n -F ${rc} -f ${mailbox} -e 'push "${keys}"'`;
      const env = { HOME: folder.path, TERM: "xterm" };
      return await run("script", ["-qec", command, "/dev/null"], { env, timeoutMs: 30_000 });
    };
    const copyAll = (to: string) =>
      `<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>${folder.at(to)}<enter><quit>`;

    await t.step("sends a message with an attachment", async () => {
      const attachment = Uint8Array.from({ length: 30_000 }, (_, i) => (i * 31) % 256);
      const file = await folder.write("bin.dat", attachment);
      await run("neomutt", ["-n", "-F", rc, "-s", "Grüße", "-a", file, "--", other], {
        env: { HOME: folder.path, TERM: "dumb" },
        stdin: "größer\n.\nFrom me\n",
      });
      const [arrived] = await inbox(site, other);
      assertMatch(new TextDecoder().decode(arrived), /\r\n\tby \S+ with ESMTPSA id /);
      await using client = await connect(site, other);
      await client.mailboxOpen("INBOX");
      const { content } = await client.download("1", "2");
      assertEquals(concat(await Array.fromAsync(content! as AsyncIterable<Uint8Array>)), attachment);
      const message = await client.fetchOne("1", { envelope: true });
      assert(message !== false);
      assertEquals(message.envelope?.subject, "Grüße");
    });

    for (
      const [name, url] of [
        ["IMAP, imaps", `imaps://${HOST}:${ports.imaps}/INBOX`],
        ["IMAP, STARTTLS", `imap://${HOST}:${ports.imap}/INBOX`],
        ["POP3, pop3s", `pops://${login}@${HOST}:${ports.pop3s}`],
        ["POP3, STLS", `pop://${login}@${HOST}:${ports.pop3}`],
      ] as const
    ) {
      await t.step(`reads every message: ${name}`, async () => {
        if ((await inbox(site, user)).length === 0) await deliver(site, user, BUILT_IN);
        const to = name.replaceAll(/\W/g, "");
        await press(url, copyAll(to));
        const got = await maildirMessages(folder.at(to));
        assertEquals(got.length, BUILT_IN.length);
        const byId = new Map(got.map((octets) => [messageId(octets), octets]));
        for (const { name, octets } of BUILT_IN) {
          // What it copies gets fields for readers of mbox files.
          const kept = withoutFields(byId.get(messageId(octets))!, ["Content-Length", "Lines", "Status"]);
          await assertDelivered(kept, ended(octets), name, "lf");
        }
      });
    }

    // After flagging it goes on to the next message by itself.
    await t.step("flags, deletes and moves", async () => {
      const url = `imaps://${HOST}:${ports.imaps}/INBOX`;
      const keys = "<first-entry><flag-message><save-message><kill-line>=Archive<enter><sync-mailbox><quit>";
      await press(url, keys);
      await using client = await connect(site, user);
      await client.mailboxOpen("INBOX");
      assertEquals(await client.search({ flagged: true }, { uid: true }), [1]);
      assertEquals(await client.search({ uid: "2" }, { uid: true }), []);
      const [moved] = await inbox(site, user, "Archive");
      assertStringIncludes(new TextDecoder().decode(moved), `Subject: ${BUILT_IN[1]!.name}\r\n`);
      await assertDelivered(moved!, BUILT_IN[1]!.octets, "moved");
    });
  },
});

function messageId(octets: Uint8Array): string {
  return /^Message-ID: (<[^>]*>)/m.exec(new TextDecoder().decode(octets.subarray(0, 2048)))![1]!;
}

/** mpop, fetchmail and getmail6 fetch mail, by POP3 and IMAP, and keep it in files or pass it on. */
import { assertEquals } from "@std/assert";
import {
  assertDelivered,
  BUILT_IN,
  corpus,
  ended,
  HEADER_ONLY,
  type Sample,
  withoutFields,
} from "./support/corpus.ts";
import { deliver, inbox } from "./support/imap.ts";
import { Folder, lacks, maildirMessages, run } from "./support/program.ts";
import { HOST, PASSWORD, startSite } from "./support/server.ts";

const [noMpop, noFetchmail, noGetmail] = [
  lacks("mpop", "mpop"),
  lacks("fetchmail", "fetchmail"),
  lacks("getmail", "getmail6"),
];

Deno.test({
  name: "fetchers: mpop, fetchmail, getmail",
  ignore: noMpop && noFetchmail && noGetmail,
  async fn(t) {
    await using site = await startSite(9);
    const { ports, certificate } = site;
    const compare = async (got: readonly Uint8Array[], sent: readonly Sample[]) => {
      assertEquals(got.length, sent.length);
      for (const [i, { name, octets }] of sent.entries()) {
        await assertDelivered(got[i]!, ended(octets), name, "lf");
      }
    };
    // mpop and fetchmail work on C strings: a NUL ends one. Both write files with LF.
    const samples = (await corpus()).filter(({ octets }) => !octets.includes(0));

    const mpop: Record<string, readonly string[]> = {
      "plain, USER": [`--port=${ports.pop3}`, "--tls=off", "--auth=user"],
      "STLS, SCRAM-SHA-256": [
        `--port=${ports.pop3}`,
        "--tls=on",
        "--tls-starttls=on",
        "--auth=scram-sha-256",
      ],
      "pop3s, PLAIN": [`--port=${ports.pop3s}`, "--tls=on", "--tls-starttls=off", "--auth=plain"],
    };
    for (const [name, options] of Object.entries(mpop)) {
      await t.step({
        name: `mpop: ${name}`,
        ignore: noMpop,
        async fn() {
          await using folder = await Folder.make();
          const user = site.account();
          const sent = name.startsWith("plain") ? [...samples, HEADER_ONLY] : BUILT_IN;
          await deliver(site, user, sent);
          for (const sub of ["cur", "new", "tmp"]) {
            await Deno.mkdir(folder.at("mail", sub), { recursive: true });
          }
          const args = ["-C", "/dev/null", `--host=${HOST}`, ...options, `--tls-trust-file=${certificate}`];
          const fetch = () =>
            run("mpop", [
              ...[...args, `--user=${user}`, `--passwordeval=echo ${PASSWORD}`, "--keep=off", "--quiet"],
              ...[
                `--delivery=maildir,${folder.at("mail")}`,
                `--uidls-file=${folder.at("uidls")}`,
                "--received-header=off",
              ],
            ]);
          await fetch();
          await compare(await maildirMessages(folder.at("mail")), sent);
          assertEquals(await inbox(site, user), [], "it deletes what it fetched");
          await fetch();
        },
      });
    }

    const fetchmail: Record<string, string> = {
      "IMAP, plain": `protocol IMAP port ${ports.imap} auth password: sslproto ''`,
      "IMAP, STARTTLS": `protocol IMAP port ${ports.imap} auth password: sslproto 'TLS1.2+' sslcertck`,
      "POP3, pop3s": `protocol POP3 port ${ports.pop3s}: ssl sslcertck`,
    };
    for (const [name, words] of Object.entries(fetchmail)) {
      await t.step({
        name: `fetchmail: ${name}`,
        ignore: noFetchmail,
        async fn() {
          await using folder = await Folder.make();
          await Deno.mkdir(folder.at("new"));
          await Deno.mkdir(folder.at("cur"));
          const user = site.account();
          // A line "From " of an mbox file before the header it takes out.
          const sent = name === "IMAP, plain"
            ? samples.filter(({ octets }) => !beginsAsMbox(octets))
            : BUILT_IN;
          await deliver(site, user, sent);
          const [poll, login] = words.split(": ");
          // The names of the files tell the order; fetchmail would put words of its own for a percent sign.
          const keep = `cat > ${folder.at("new")}/$(date --rfc-3339=ns | tr ' ' T)`;
          // A header that is not one is to be passed on, not refused.
          const server = `poll ${HOST} ${poll} bad-header accept`;
          const account = `user "${user}" password "${PASSWORD}" ${login} sslcertfile "${certificate}"`;
          const rc = await folder.write(
            "rc",
            `set no bouncemail\nset invisible\n${server}\n ${account} keep fetchall no rewrite mda "${keep}"\n`,
          );
          await run("fetchmail", ["-f", rc, "--nosyslog", "--silent"], {
            env: { HOME: folder.path, FETCHMAILHOME: folder.path },
          });
          await compare(await maildirMessages(folder.path), sent);
        },
      });
    }

    const getmail: Record<string, string> = {
      "IMAP, imaps":
        `type = SimpleIMAPSSLRetriever\nport = ${ports.imaps}\nmailboxes = ("INBOX",)\nca_certs = ${certificate}`,
      "POP3, plain": `type = SimplePOP3Retriever\nport = ${ports.pop3}`,
    };
    for (const [name, retriever] of Object.entries(getmail)) {
      await t.step({
        name: `getmail: ${name}, on to LMTP`,
        ignore: noGetmail,
        async fn() {
          await using folder = await Folder.make();
          const [user, next] = [site.account(), "user9@example.test"];
          // getmail stands on Python's email, which on the way through quotes "From " at the begin of a line and
          // puts a space into an empty field, and on poplib, which takes no line beyond 2048 octets.
          const unlike = ["from lines", "folded", "long lines"];
          const sent = BUILT_IN.filter(({ name }) => !unlike.includes(name));
          await deliver(site, user, sent);
          const before = (await inbox(site, next)).length;
          const rc = await folder.write(
            "getmailrc",
            `[retriever]\n${retriever}\nserver = ${HOST}\nusername = ${user}\npassword = ${PASSWORD}\n` +
              `[destination]\ntype = MDA_lmtp\nhost = ${HOST}\nport = ${ports.lmtp}\noverride = ${next}\n` +
              "[options]\nread_all = true\ndelete = false\ndelivered_to = false\nreceived = false\n",
          );
          await run("getmail", [`--getmaildir=${folder.path}`, `--rcfile=${rc}`], {
            env: { HOME: folder.path },
          });
          const first = await inbox(site, user), second = (await inbox(site, next)).slice(before);
          assertEquals(second.length, sent.length);
          for (const [i, { name }] of sent.entries()) {
            await assertDelivered(
              withoutFields(second[i]!, ["X-getmail-retrieved-from-mailbox"]),
              first[i]!,
              name,
            );
          }
        },
      });
    }
  },
});

function beginsAsMbox(octets: Uint8Array): boolean {
  return /^>?From /.test(new TextDecoder().decode(octets.subarray(0, 8)));
}

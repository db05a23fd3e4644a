/** curl: uploads by SMTP and IMAP, downloads by IMAP and POP3, each plain, by STARTTLS and in TLS from the start. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
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
import { HOST, PASSWORD, type Site, startSite } from "./support/server.ts";

/** How TLS comes in: which listener, which scheme, and whether curl asks for STARTTLS. */
interface Way {
  readonly name: string;
  readonly scheme: string;
  readonly port: number;
  readonly options: readonly string[];
}

Deno.test({
  name: "curl",
  ignore: lacks("curl", "curl"),
  async fn(t) {
    await using site = await startSite(3);
    await using folder = await Folder.make();
    const { ports } = site;
    const trust = ["--cacert", site.certificate];
    const required = [...trust, "--ssl-reqd"];
    const ways = (protocol: string, plain: number, secure: number): Way[] => [
      { name: `${protocol}, plain`, scheme: protocol, port: plain, options: [] },
      { name: `${protocol}, STARTTLS`, scheme: protocol, port: plain, options: required },
      { name: `${protocol}s`, scheme: `${protocol}s`, port: secure, options: trust },
    ];

    await t.step("smtp to the mail exchanger: every message comes back by POP3 and IMAP", async (t) => {
      const user = site.account();
      const samples = [...await corpus(), HEADER_ONLY];
      await upload(folder, samples, `smtp://${HOST}:${ports.smtp}`, [
        "mail-from = a@remote.test",
        `mail-rcpt = ${user}`,
      ]);
      for (
        const way of [...ways("pop3", ports.pop3, ports.pop3s), ...ways("imap", ports.imap, ports.imaps)]
      ) {
        await t.step(`read back: ${way.name}`, async () => {
          const got = await download(folder, samples.length, way, user);
          for (const [i, sample] of samples.entries()) {
            await assertDelivered(got[i]!, ended(sample.octets), sample.name);
          }
        });
      }
    });

    for (const way of ways("smtp", ports.submission, ports.submissions)) {
      for (const auth of ["PLAIN", "LOGIN"]) {
        await t.step(`submission: ${way.name}, AUTH=${auth}`, async () => {
          const [sender, user] = ["user1@example.test", "user2@example.test"];
          const text = new TextEncoder().encode(`Subject: ${way.name} ${auth}\r\n\r\n.\r\n`);
          const { stderr } = await run("curl", [
            ...[
              "-sSv",
              ...way.options,
              `${way.scheme}://${HOST}:${way.port}`,
              "--user",
              `${sender}:${PASSWORD}`,
            ],
            ...["--login-options", `AUTH=${auth}`, "--mail-from", sender, "--mail-rcpt", user, "-T", "-"],
          ], { stdin: text });
          assertStringIncludes(stderr, `> AUTH ${auth}`);
          await assertDelivered(await newest(site, user), text, way.name);
        });
      }
    }

    await t.step("a wrong password is refused, and curl says so", async () => {
      for (const [scheme, port] of [["imap", ports.imap], ["pop3", ports.pop3], ["smtp", ports.submission]]) {
        const { code } = await run("curl", [
          "-sS",
          `${scheme}://${HOST}:${port}`,
          "--user",
          "user1@example.test:wrong",
        ], {
          codes: [67],
        });
        assertEquals(code, 67, `${scheme}: CURLE_LOGIN_DENIED`);
      }
    });

    for (const way of ways("imap", ports.imap, ports.imaps)) {
      await t.step(`APPEND: ${way.name}`, async () => {
        const user = "user3@example.test";
        const box = `Box${way.port}${way.options.length}`;
        await run("curl", ["-sS", ...way.options, ...imap(way, user), "-X", `CREATE ${box}`]);
        await upload(folder, BUILT_IN, `${way.scheme}://${HOST}:${way.port}/${box}`, [
          `user = "${user}:${PASSWORD}"`,
          ...config(way.options),
        ]);
        const got = await download(folder, BUILT_IN.length, way, user, box);
        for (const [i, sample] of BUILT_IN.entries()) await assertSame(got[i]!, sample.octets, sample.name);
      });
    }

    await t.step("listings: EXAMINE, SEARCH, FETCH of a header; LIST, UIDL, TOP", async () => {
      const way = ways("imap", ports.imap, ports.imaps)[1]!;
      const user = "user1@example.test";
      const ask = async (path: string, ...args: string[]) =>
        new TextDecoder().decode(
          (await run("curl", ["-sS", ...way.options, ...imap(way, user, path), ...args])).stdout,
        );
      assertMatch(await ask("", "-X", "EXAMINE INBOX"), /^\* \d+ EXISTS\r$/m);
      assertMatch(await ask("INBOX", "-X", 'SEARCH SUBJECT "last line"'), /^\* SEARCH \d+\r\n$/);
      assertEquals(
        await ask("INBOX;MAILINDEX=1;SECTION=HEADER.FIELDS%20(Subject)"),
        "Subject: plain\r\n\r\n",
      );
      const pop3 = async (path: string, ...args: string[]) =>
        new TextDecoder().decode(
          (await run("curl", [
            "-sS",
            `pop3://${HOST}:${ports.pop3}/${path}`,
            "--user",
            `${user}:${PASSWORD}`,
            ...args,
          ])).stdout,
        );
      const list = (await pop3("")).trimEnd().split("\r\n");
      const uidl = (await pop3("", "-X", "UIDL")).trimEnd().split("\r\n");
      assertEquals(list.length, uidl.length);
      assert(new Set(uidl.map((line) => line.split(" ")[1])).size === uidl.length, "unique ids are unique");
      assertMatch(await pop3("", "-X", "TOP 1 0"), /\r\nSubject: plain\r\n\r\n$/);
    });
  },
});

function imap(way: Way, user: string, path = ""): string[] {
  return [`${way.scheme}://${HOST}:${way.port}/${path}`, "--user", `${user}:${PASSWORD}`];
}

/** Options of the command line as lines of a configuration file. */
function config(options: readonly string[]): string[] {
  return options.map((option, i) => {
    if (!option.startsWith("--")) return "";
    const value = options[i + 1];
    return value === undefined || value.startsWith("--")
      ? option.slice(2)
      : `${option.slice(2)} = "${value}"`;
  });
}

/** Uploads each message by a transfer of its own, all of them over one connection. */
async function upload(
  folder: Folder,
  samples: readonly Sample[],
  url: string,
  settings: readonly string[],
): Promise<void> {
  const lines: string[] = [];
  for (const [i, sample] of samples.entries()) {
    const file = await folder.write(`up${i}`, sample.octets);
    lines.push(
      `url = "${url}"`,
      `upload-file = "${file}"`,
      ...settings,
      "silent",
      "show-error",
      "fail-early",
      "next",
    );
  }
  lines.pop();
  await run("curl", ["-K", "-"], { stdin: lines.join("\n") });
}

/** Messages 1 to `count` of a mailbox. */
async function download(
  folder: Folder,
  count: number,
  way: Way,
  user: string,
  box = "INBOX",
): Promise<Uint8Array[]> {
  const path = way.scheme.startsWith("pop3") ? `[1-${count}]` : `${box};MAILINDEX=[1-${count}]`;
  await run("curl", [
    "-sS",
    "--fail-early",
    ...way.options,
    ...imap(way, user, path),
    "-o",
    folder.at("down#1"),
  ]);
  return await Promise.all(Array.from({ length: count }, (_, i) => Deno.readFile(folder.at(`down${i + 1}`))));
}

/** The last message of an INBOX. */
async function newest(site: Site, user: string): Promise<Uint8Array> {
  const { stdout } = await run("curl", [
    ...["-sS", "--cacert", site.certificate, `imaps://${HOST}:${site.ports.imaps}/INBOX;MAILINDEX=*`],
    ...["--user", `${user}:${PASSWORD}`],
  ]);
  return stdout;
}

/** msmtp and swaks send, GNU SASL logs in. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertDelivered, BUILT_IN, corpus, ended, HEADER_ONLY, type Sample } from "./support/corpus.ts";
import { inbox } from "./support/imap.ts";
import { Folder, lacks, run } from "./support/program.ts";
import { HOST, PASSWORD, startSite } from "./support/server.ts";

/** What msmtp is to leave alone in a message: it adds what is missing and takes Bcc out. */
const UNTOUCHED = [
  "--remove-bcc-headers=off",
  "--set-from-header=off",
  "--set-date-header=off",
  "--set-msgid-header=off",
];
const SENDER = "user1@example.test";
const [noMsmtp, noSwaks, noGsasl] = [
  lacks("msmtp", "msmtp"),
  lacks("swaks", "swaks"),
  lacks("gsasl", "gsasl"),
];
/** swaks does TLS by a module that its package only recommends. */
const noPerlTls = noSwaks ||
  await run("perl", ["-MNet::SSLeay", "-e", "1"], { codes: [0, 2] }).then(
    ({ code }) => code !== 0,
    () => true,
  );
if (noPerlTls && !noSwaks) console.log("skipped: install libnet-ssleay-perl");

Deno.test({
  name: "senders: msmtp, swaks, gsasl",
  ignore: noMsmtp && noSwaks && noGsasl,
  async fn(t) {
    await using site = await startSite(5);
    await using folder = await Folder.make();
    const { ports, certificate } = site;
    const arrived = async (user: string, sent: readonly Sample[]) => {
      const got = await inbox(site, user);
      assertEquals(got.length, sent.length);
      for (const [i, { name, octets }] of sent.entries()) await assertDelivered(got[i]!, ended(octets), name);
    };

    const msmtp = async (user: string, octets: Uint8Array, ...options: string[]) => {
      const args = [
        "-C",
        "/dev/null",
        ...UNTOUCHED,
        `--host=${HOST}`,
        `--tls-trust-file=${certificate}`,
        ...options,
      ];
      await run("msmtp", [...args, `--from=${SENDER}`, user], { stdin: octets });
    };
    await t.step({
      name: "msmtp to the mail exchanger: every message comes back",
      ignore: noMsmtp,
      async fn() {
        // It works on lines of C strings: a NUL ends one, and goes no further.
        const samples = [...await corpus(), HEADER_ONLY].filter(({ octets }) => !octets.includes(0));
        const user = site.account();
        for (const { octets } of samples) {
          await msmtp(user, octets, `--port=${ports.smtp}`, "--tls=off", "--auth=off");
        }
        await arrived(user, samples);
      },
    });
    await t.step({
      name: "msmtp by Submission: PLAIN, LOGIN, SCRAM, and what it picks by itself",
      ignore: noMsmtp,
      async fn() {
        const user = site.account();
        const ways = [[`--port=${ports.submissions}`, "--tls-starttls=off"], [
          `--port=${ports.submission}`,
          "--tls-starttls=on",
        ]];
        const mechanisms = ["plain", "login", "scram-sha-1", "scram-sha-256", "on"];
        const sent = BUILT_IN.slice(0, ways.length * mechanisms.length);
        for (const [i, { octets }] of sent.entries()) {
          const auth = [
            `--auth=${mechanisms[i % mechanisms.length]}`,
            `--user=${SENDER}`,
            `--passwordeval=echo ${PASSWORD}`,
          ];
          await msmtp(user, octets, "--tls=on", ...ways[i % ways.length]!, ...auth);
        }
        await arrived(user, sent);
      },
    });

    const swaks = async (options: readonly string[], { name, octets }: Sample) => {
      // swaks puts a CRLF behind what it is given, whatever it ends with.
      const file = await folder.write("swaks", ended(octets).subarray(0, -2));
      const { stdout } = await run("swaks", [
        "--server",
        HOST,
        "--from",
        SENDER,
        ...options,
        "--data",
        `@${file}`,
      ]);
      assertMatch(new TextDecoder().decode(stdout), /<[-~] {2}250 2\.0\.0 Delivered/, name);
      return new TextDecoder().decode(stdout);
    };
    // To swaks a last line that is a dot is the end of the data, not a part of it; where there is no empty line, it
    // makes one.
    const unlike = ["last line is a dot", "empty body", "two megabytes"];
    const forSwaks = BUILT_IN.filter(({ name }) => !unlike.includes(name));
    await t.step({
      name: "swaks: SMTP with and without pipelining, LMTP",
      ignore: noSwaks,
      async fn() {
        const user = site.account();
        for (const [i, sample] of forSwaks.entries()) {
          const way = i % 3 === 2
            ? ["--port", String(ports.lmtp), "--protocol", "LMTP"]
            : ["--port", String(ports.smtp)];
          await swaks(["--to", user, ...way, ...(i % 2 === 0 ? ["--pipeline"] : [])], sample);
        }
        await arrived(user, forSwaks);
      },
    });
    await t.step({
      name: "swaks: STARTTLS and TLS from the start, AUTH PLAIN and LOGIN, two recipients by LMTP",
      ignore: noPerlTls,
      async fn() {
        const user = site.account();
        const tls = ["--tls-verify", "--tls-ca-path", certificate];
        const login = ["--auth-user", SENDER, "--auth-password", PASSWORD];
        const ways = [
          ["--port", String(ports.smtp), "--tls", ...tls],
          ["--port", String(ports.submission), "--tls", ...tls, "--auth", "PLAIN", ...login],
          ["--port", String(ports.submissions), "--tls-on-connect", ...tls, "--auth", "LOGIN", ...login],
          ["--port", String(ports.lmtp), "--protocol", "LMTP", "--tls", "--pipeline", ...tls, "--to", SENDER],
        ];
        for (const [i, way] of ways.entries()) {
          const said = await swaks([...way, "--to", user], forSwaks[i]!);
          assertMatch(said, /=== TLS started with cipher/);
        }
        await arrived(user, forSwaks.slice(0, ways.length));
      },
    });

    for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]) {
      await t.step({
        name: `gsasl: ${mechanism} to IMAP and Submission, plain and STARTTLS`,
        ignore: noGsasl,
        async fn() {
          const protocols = [["--imap", ports.imap, "OK LOGOUT"], [
            "--smtp",
            ports.submission,
            "235 2.7.0",
          ]] as const;
          for (const [protocol, port, said] of protocols) {
            // Under TLS it does SCRAM with channel binding or, told so, without; the mechanism does not matter
            // to it. The run-time has no tls-exporter yet, so that -PLUS is not offered.
            const startTls = ["--starttls", "--no-cb", `--x509-ca-file=${certificate}`];
            for (const tls of [["--no-starttls"], startTls]) {
              // LOGIN asks for an authorization identity on the terminal unless it gets one; in SCRAM an empty
              // one would be against the grammar (RFC 5802 §7).
              const authzid = mechanism.startsWith("SCRAM") ? [] : ["--authorization-id", ""];
              const { stdout } = await run("gsasl", [
                ...[
                  "--client",
                  protocol,
                  `--connect=${HOST}:${port}`,
                  "--mechanism",
                  mechanism,
                  ...tls,
                  ...authzid,
                ],
                ...["--authentication-id", "user2@example.test", "--password", PASSWORD],
              ]);
              assertStringIncludes(new TextDecoder().decode(stdout), said);
            }
          }
        },
      });
    }
    await t.step({
      name: "gsasl: a wrong password",
      ignore: noGsasl,
      async fn() {
        const { stdout } = await run("gsasl", [
          ...[
            "--client",
            "--imap",
            `--connect=${HOST}:${ports.imap}`,
            "--mechanism",
            "SCRAM-SHA-256",
            "--no-starttls",
          ],
          ...["--authentication-id", "user2@example.test", "--password", "wrong"],
        ], { codes: [1] });
        assertStringIncludes(new TextDecoder().decode(stdout), "NO [AUTHENTICATIONFAILED]");
      },
    });
  },
});

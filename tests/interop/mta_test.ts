/**
 * Exim and OpenSMTPD as next hop and as sender, beside a whole server of ours. Both come from Debian's packages; Postfix
 * has a test of its own. Exim has STARTTLS and AUTH both ways. OpenSMTPD 6.8 cannot be a server of TLS with OpenSSL 3
 * (its handshake ends in "EVP lib"), and without it has no AUTH; it sends with both.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { message, reachPort } from "../support/outbound.ts";
import { PASSWORD, startServer } from "../support/server.ts";
import { messages, smtp, until } from "../node/support.ts";
import { freePort, type Peer, peerRoot, startPeer } from "./support/peer.ts";
import { run } from "./support/program.ts";

const [ALICE, BOB] = ["alice@example.test", "bob@example.test"];

/** What a peer is given. */
interface Setting {
  /** Its folder, with `cert.pem` and `key.pem` for localhost. */
  readonly folder: string;
  /** Where it is to listen. */
  readonly port: number;
  /** Our submission port: there it sends what is not for peer.test, as alice. */
  readonly submission: number;
}

/** A peer that has the one mailbox jane@peer.test and lets `relay`, password `secret`, send on. */
interface Running extends Peer {
  readonly inbox: () => Promise<string>;
  readonly log: () => Promise<string>;
}

const EXIM = peerRoot("/usr/sbin/exim4", "exim4-daemon-light");
const OPENSMTPD = peerRoot("/usr/sbin/smtpd", "opensmtpd");

async function startExim({ folder, port, submission }: Setting): Promise<Running> {
  const binary = `${EXIM}/usr/sbin/exim4`;
  for (const name of ["spool", "mail", "log"]) await Deno.mkdir(`${folder}/${name}`);
  const config = `exim_user = nobody
exim_group = nogroup
exim_path = ${binary}
never_users =
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/exim.pid
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
domainlist local_domains = peer.test
keep_environment =
tls_advertise_hosts = *
tls_certificate = ${folder}/cert.pem
tls_privatekey = ${folder}/key.pem
auth_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
qualify_domain = peer.test
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  accept domains = +local_domains
         local_parts = jane
  deny   domains = +local_domains
         message = no such user
  accept authenticated = *
  deny   message = relay not permitted
begin routers
out:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1::${submission} byname
  self = send
  transport = out
here:
  driver = accept
  transport = mbox
begin transports
mbox:
  driver = appendfile
  file = ${folder}/mail/inbox
  user = nobody
  group = nogroup
out:
  driver = smtp
  allow_localhost
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_hosts =
  tls_try_verify_hosts =
begin retry
* * F,2h,15m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{relay}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
  server_advertise_condition = \${if def:tls_in_cipher}
  client_send = ^${ALICE}^${PASSWORD}
`;
  await Deno.writeTextFile(`${folder}/exim.conf`, config);
  const its = ["spool", "mail", "log", "key.pem"].map((name) => `${folder}/${name}`);
  await run("chown", ["-R", "nobody", ...its]);
  const peer = await startPeer({
    root: EXIM!,
    folder,
    users: ["Debian-exim"],
    command: [binary, "-C", `${folder}/exim.conf`, "-bdf"],
  });
  const log = () => Deno.readTextFile(`${folder}/log/mainlog`).catch(() => "");
  return Object.assign(peer, { inbox: () => Deno.readTextFile(`${folder}/mail/inbox`).catch(() => ""), log });
}

async function startOpenSmtpd({ folder, port, submission }: Setting): Promise<Running> {
  await Deno.mkdir(`${folder}/mail`);
  await run("chown", ["nobody", `${folder}/mail`]);
  await Deno.writeTextFile(
    `${folder}/smtpd.conf`,
    `table users { "jane@peer.test" = "nobody" }
table secrets { "us" = "${ALICE}:${PASSWORD}" }
listen on 127.0.0.1 port ${port}
action "in" maildir "${folder}/mail" virtual <users>
action "out" relay host "smtp+tls://us@127.0.0.1:${submission}" auth <secrets> tls no-verify
match from any for domain "peer.test" action "in"
match from local for any action "out"
`,
    { mode: 0o600 },
  );
  const peer = await startPeer({
    root: OPENSMTPD!,
    folder,
    users: ["opensmtpd", "opensmtpq"],
    // Its folders are built in; what is mounted here is gone with it.
    prepare: `mkdir ${folder}/libexec && cp ${OPENSMTPD}/usr/libexec/opensmtpd/* ${folder}/libexec/
for folder in /var/spool /var/lib /run /usr/libexec; do mount -t tmpfs tmpfs $folder; done
mkdir -p /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
cp ${folder}/libexec/* /usr/libexec/opensmtpd/
mkdir -m 711 /var/spool/smtpd`,
    command: [`${OPENSMTPD}/usr/sbin/smtpd`, "-d", "-f", `${folder}/smtpd.conf`],
  });
  return Object.assign(peer, {
    async inbox() {
      let all = "";
      try {
        for await (const { name } of Deno.readDir(`${folder}/mail/new`)) {
          all += await Deno.readTextFile(`${folder}/mail/new/${name}`);
        }
      } catch { /* nothing came yet */ }
      return all;
    },
    log: () => Promise.resolve(peer.output()),
  });
}

/**
 * Mail goes from us to the peer, and from the peer to us. `secure`: the peer has TLS and AUTH; `wanted`: what its log
 * then says.
 */
async function bothWays(
  start: (setting: Setting) => Promise<Running>,
  secure: boolean,
  wanted: readonly RegExp[],
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-mta-" });
  await Deno.chmod(folder, 0o755);
  try {
    await run("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...[
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        `${folder}/key.pem`,
        "-out",
        `${folder}/cert.pem`,
      ],
    ]);
    const port = freePort();
    const way = secure ? { user: "relay", password: "secret", tls: "verify" } : { tls: "none" };
    const hop = { domain: "peer.test", to: `smtp://localhost:${port}`, ...way };
    await using server = await startServer({
      settings: [
        "auth.allow_plaintext=true",
        "limits.queue.poll_ms=200",
        "limits.queue.report_delay_ms=0",
        "limits.queue.retry_first_ms=500",
        "limits.queue.lane_retry_first_ms=500",
        `outbound.ca=${folder}/cert.pem`,
        `routes=${JSON.stringify([hop])}`,
      ],
      accounts: [ALICE, BOB],
    });
    await using peer = await start({ folder, port, submission: server.ports.submission });
    const said = async () => `${await peer.log()}\n${peer.output()}\n${server.output()}`;

    // From us: one recipient is there, one is not.
    {
      await using client = await smtp(server.ports.submission);
      await client.exchange(`AUTH PLAIN ${btoa(`\0${ALICE}\0${PASSWORD}`)}`, /^235 /);
      await client.exchange(`MAIL FROM:<${ALICE}> BODY=8BITMIME`, /^250 /);
      for (const to of ["jane@peer.test", "nobody@peer.test"]) {
        await client.exchange(`RCPT TO:<${to}>`, /^250 /);
      }
      await client.exchange("DATA", /^354 /);
      await client.exchange(
        `From: ${ALICE}\r\nSubject: to the peer\r\n\r\n..a dot\r\n${"line\r\n".repeat(20_000)}end\r\n.`,
        /^250 /,
      );
    }
    await until(async () => (await peer.inbox()).includes("\nend\n"), "jane has it", 60_000).catch(
      async (thrown) => {
        throw new Error(`${thrown.message}: ${await said()}`);
      },
    );
    const inbox = await peer.inbox();
    assertStringIncludes(inbox, "Subject: to the peer\n");
    const [, body] = /\n\n(\.a dot\n(?:line\n)*end\n)/.exec(inbox)!;
    const digest = (text: string) => createHash("sha256").update(text).digest("hex");
    assertEquals(digest(body!), digest(`.a dot\n${"line\n".repeat(20_000)}end\n`));
    await until(
      async () => await messages(server, ALICE) === 1,
      "alice hears that nobody is not there",
      30_000,
    );
    const attempts = server.output().split("\n").filter((line) => line.includes('"queue.attempt"'));
    assert(
      attempts.some((line) => /jane@peer\.test.*"result":"(delivered|relayed)"/.test(line)),
      attempts.join("\n"),
    );
    assert(
      attempts.some((line) => /nobody@peer\.test.*"result":"failed","reply":5/.test(line)),
      attempts.join("\n"),
    );

    // To us: the peer relays for who has logged in there, and logs in here.
    const login = secure ? { user: "relay", password: "secret" } : undefined;
    const reached = await reachPort(port, { login, tls: secure ? "required" : "none" });
    assert(reached.ok, JSON.stringify(reached));
    {
      await using connection = reached.connection;
      const [sent] = await connection.send(
        message(`From: ${ALICE}\r\nSubject: through the peer\r\n\r\n.\r\nx\r\n`, {
          envelope: { reversePath: ALICE },
          to: [BOB],
        }),
      );
      assert(sent!.outcome === "delivered" || sent!.outcome === "relayed", JSON.stringify(sent));
    }
    await until(async () => await messages(server, BOB) === 1, "bob has it", 60_000).catch(async (thrown) => {
      throw new Error(`${thrown.message}: ${await said()}`);
    });
    if (secure) assert(attempts.some((line) => /TLSv1\.3 .*verified/.test(line)), attempts.join("\n"));
    assertMatch(server.output(), /"smtp\.starttls".*"version":"TLSv1\.[23]"/);
    assertMatch(server.output(), /"auth\.ok".*"user":"alice@example\.test"/);
    for (const one of wanted) {
      await until(async () => one.test(await peer.log() + peer.output()), `its log says ${one}`).catch(
        async (thrown) => {
          throw new Error(`${thrown.message}: ${await said()}`);
        },
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "Exim as next hop and as sender: STARTTLS and AUTH both ways",
  ignore: EXIM === undefined,
  fn: () =>
    bothWays(startExim, true, [
      /<= alice@example\.test .* X=TLS1\.3:.* A=plain:relay /,
      /=> bob@example\.test .* X=TLS1\.3:.* A=plain /,
    ]),
});

Deno.test({
  name: "OpenSMTPD as next hop and, with STARTTLS and AUTH, as sender",
  ignore: OPENSMTPD === undefined,
  fn: () =>
    bothWays(startOpenSmtpd, false, [
      /smtp failed-command .*RCPT TO:<nobody@peer\.test>/,
      /mta delivery .*to=<bob@example\.test> .*result="Ok"/,
    ]),
});

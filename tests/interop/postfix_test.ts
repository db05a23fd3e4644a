/** Postfix, in a folder of its own, as our next hop: SMTP with STARTTLS, PIPELINING, CHUNKING, SIZE, DSN and SMTPUTF8. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { realWorld } from "../../src/core/world.ts";
import { Notify } from "../../src/core/outbound.ts";
import { dial } from "../../src/net/mod.ts";
import { createReacher } from "../../src/queue/reach.ts";
import { CLIENT_LIMITS } from "../../src/smtp/client.ts";
import { TestAuthority } from "../support/certificates.ts";
import { message, recipient } from "../support/outbound.ts";

const HERE = await missing();

/** Why the test cannot run; undefined when it can. */
async function missing(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "Postfix runs as root only";
  const found = await Deno.stat("/usr/sbin/postfix").catch(() => undefined);
  return found === undefined ? "Debian's package postfix is not here" : undefined;
}

if (HERE !== undefined) console.log(`Postfix as next hop: ignored, ${HERE}`);

async function run(command: string, ...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${said}`);
  return said;
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** A Postfix that takes mail for `postfix.test` into one mbox. */
async function startPostfix(cert: string, key: string) {
  const root = await Deno.makeTempDir({ prefix: "postfix" });
  await Deno.chmod(root, 0o755);
  const port = freePort();
  for (const folder of ["etc", "queue", "data", "mail"]) await Deno.mkdir(`${root}/${folder}`);
  await run("chown", "postfix", `${root}/data`);
  await run("chown", "nobody", `${root}/mail`);
  await Deno.writeTextFile(`${root}/etc/cert.pem`, cert);
  await Deno.writeTextFile(`${root}/etc/key.pem`, key, { mode: 0o600 });
  await Deno.writeTextFile(
    `${root}/etc/main.cf`,
    `compatibility_level = 3.6
queue_directory = ${root}/queue
data_directory = ${root}/data
maillog_file = ${root}/mail/log
maillog_file_prefixes = ${root}
mail_name = Postfix
myhostname = localhost
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.0/24
alias_maps =
alias_database =
smtputf8_enable = yes
virtual_mailbox_domains = postfix.test
virtual_mailbox_base = ${root}/mail
virtual_mailbox_maps = inline:{ { jane@postfix.test = inbox } { john@postfix.test = inbox } { j\u00f6rg@postfix.test = inbox } }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
message_size_limit = 3000000
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_cert_file = ${root}/etc/cert.pem
smtpd_tls_key_file = ${root}/etc/key.pem
smtpd_tls_security_level = may
smtpd_delay_reject = no
`,
  );
  await Deno.writeTextFile(
    `${root}/etc/master.cf`,
    `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`,
  );
  await run("postfix", "-c", `${root}/etc`, "start");
  return {
    port,
    inbox: () => Deno.readTextFile(`${root}/mail/inbox`).catch(() => ""),
    log: () => Deno.readTextFile(`${root}/mail/log`).catch(() => ""),
    async [Symbol.asyncDispose]() {
      await run("postfix", "-c", `${root}/etc`, "stop").catch(() => {});
      await Deno.remove(root, { recursive: true }).catch(() => {});
    },
  };
}

/** Waits until something is there, at most a minute. */
async function until<T>(what: () => Promise<T | undefined | false>, said: () => Promise<string>): Promise<T> {
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    const found = await what();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain; ${await said()}`);
}

Deno.test({
  name: `Postfix takes mail from us${HERE === undefined ? "" : ` (ignored: ${HERE})`}`,
  ignore: HERE !== undefined,
  async fn() {
    const authority = await TestAuthority.make("postfix authority");
    const { cert, key } = await authority.issue("localhost");
    await using postfix = await startPostfix(cert, key);
    const reacher = createReacher({
      dial,
      hostname: "mail.example.test",
      world: realWorld,
      client: CLIENT_LIMITS,
      ca: authority.pem,
      mx: undefined,
    });
    const reach = (tls: "none" | "verify") =>
      reacher.reach({
        key: "k",
        protocol: "smtp",
        by: { kind: "host", host: "localhost", port: postfix.port },
        tls,
        implicitTls: false,
        login: undefined,
      }, { requireTls: false, signal: new AbortController().signal });
    for (const tls of ["none", "verify"] as const) {
      const reached = await until(async () => {
        const reached = await reach(tls);
        // It has just been started.
        return reached.ok || reached.result.step !== "connect" ? reached : undefined;
      }, postfix.log);
      assert(reached.ok, JSON.stringify(reached));
      await using connection = reached.connection;
      if (tls === "verify") assertMatch(connection.security!, /^TLSv1\.3 \w+, verified$/);
      else assertEquals(connection.security, undefined);

      const text = `Subject: over ${tls}\r\n\r\n.dot\r\n..\r\nFrom here\r\n${"x".repeat(2_000)}\r\nend\r\n`;
      const mixed = await connection.send(message(text, {
        to: [
          recipient("jane@postfix.test", {
            notify: Notify.Failure,
            originalRecipient: "rfc822;jane@postfix.test",
          }),
          "nobody@postfix.test",
          "a@elsewhere.test",
        ],
        envelope: { envid: "env+1", ret: "headers" },
      }));
      assertEquals(mixed.map(({ outcome, step }) => `${outcome} ${step}`), [
        "delivered end",
        "failed rcpt",
        "failed rcpt",
      ]);
      assertEquals(mixed[1]!.reply.status, "5.1.1");
      const big = await connection.send(
        message(`Subject: big\r\n\r\n${"0123456789abcde\r\n".repeat(150_000)}`, {
          to: ["john@postfix.test"],
        }),
      );
      assertEquals([big[0]!.outcome, big[0]!.reply.status, big[0]!.step], ["delivered", "2.0.0", "end"]);
      const tooBig = await connection.send(message("x".repeat(3_000_001), { to: ["john@postfix.test"] }));
      assertEquals([tooBig[0]!.outcome, tooBig[0]!.reply.status], ["failed", "5.3.4"]);
      const wide = await connection.send(message("Subject: wide\r\n\r\nx\r\n", {
        to: ["j\u00f6rg@postfix.test"],
        envelope: { smtputf8: true, reversePath: "j\u00f6rg@example.test" },
      }));
      assertEquals(wide[0]!.outcome, "delivered", JSON.stringify(wide));
      const lost = await connection.send(message("Subject: none\r\n\r\nx\r\n", { to: ["a@elsewhere.test"] }));
      assertEquals([lost[0]!.outcome, lost[0]!.step], ["failed", "rcpt"]);
      assert(connection.usable);
      const inbox = await until(async () => {
        const inbox = await postfix.inbox();
        return inbox.includes(`over ${tls}`) &&
          inbox.split("Subject: wide").length > (tls === "none" ? 1 : 2) && inbox;
      }, postfix.log);
      assertStringIncludes(inbox, `\n.dot\n..\n>From here\n${"x".repeat(2_000)}\nend\n`);
    }
  },
});

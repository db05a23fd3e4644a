/**
 * Postfix and Dovecot of Debian's packages, to compare with: `deno run -A bench/load/peers/main.ts [FOLDER]`.
 *
 * They are installed into an overlay of the file system that lies in FOLDER, and run in mount and process
 * namespaces of their own: nothing of the machine's own services or files is touched. Needs Linux, root and
 * Debian's packages. Prints the path of a JSON file for `--target` and for `compare.ts`; ends with Ctrl-C.
 */
import { Command, Option } from "commander";
import { join } from "node:path";
import { DOMAIN, dovecotConf, MAIN_CF, PASSWORD, PORTS } from "./config.ts";

const PACKAGES = "postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd openssl";

/** Runs within the namespaces. $1 folder, $2 packages, $3 port of SMTP, $4 accounts, $5 their password. */
const INSIDE = String.raw`set -eu
folder=$1
root=$folder/root
mount --make-rprivate /
mount -t overlay overlay -o lowerdir=/,upperdir=$folder/upper,workdir=$folder/work $root
mount --rbind /dev $root/dev
mount -t proc proc $root/proc
for file in /etc/resolv.conf /etc/hosts; do mount --bind $file $root$file; done
inside() { chroot $root "$@"; }
if ! inside test -x /usr/sbin/postfix -a -x /usr/sbin/dovecot -a -x /usr/lib/dovecot/lmtp; then
  printf '#!/bin/sh\nexit 101\n' > $root/usr/sbin/policy-rc.d
  chmod 755 $root/usr/sbin/policy-rc.d
  inside apt-get update -q
  inside env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $2
fi
inside id vmail >/dev/null 2>&1 || inside useradd --system --home-dir /var/vmail vmail
rm -rf $root/var/vmail
mkdir -p $root/var/vmail
inside chown vmail: /var/vmail
cp $folder/main.cf $root/etc/postfix/main.cf
cp $folder/dovecot.conf $root/etc/dovecot/
hash=$(inside openssl passwd -6 "$5")
seq $4 | while read -r i; do echo "user$i:{SHA512-CRYPT}$hash"; done > $root/etc/dovecot/users
if ! test -e $root/etc/dovecot/peer.pem; then
  inside openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj /CN=peer.load.test -keyout /etc/dovecot/peer.key -out /etc/dovecot/peer.pem 2>/dev/null
fi
test -e $folder/master.cf || cp $root/etc/postfix/master.cf $folder/master.cf
sed "s/^smtp\( *\)inet/127.0.0.1:$3\1inet/" $folder/master.cf > $root/etc/postfix/master.cf
rm -f $root/var/spool/postfix/pid/master.pid
inside postfix start
touch $folder/ready
exec chroot $root dovecot -F
`;

const program = new Command("peers")
  .description("Runs Debian's Postfix and Dovecot in a folder of their own, until Ctrl-C")
  .argument("[folder]", "for their packages, configuration and mail; made where it is missing")
  .addOption(
    new Option("--mailboxes <format>", "Dovecot's").choices(["maildir", "sdbox"]).default("maildir"),
  )
  .option("--accounts <n>", "user1, user2, …", "10");
program.parse(["deno", "peers", ...Deno.args]);
const { mailboxes, accounts } = program.opts();
const folder = program.args[0] ?? await Deno.makeTempDir({ prefix: "malleposte-peers-" });
for (const name of ["upper", "work", "root"]) await Deno.mkdir(join(folder, name), { recursive: true });
const here = await Deno.realPath(folder);
await Deno.writeTextFile(join(here, "main.cf"), MAIN_CF);
await Deno.writeTextFile(join(here, "dovecot.conf"), dovecotConf(mailboxes));
const readyFile = join(here, "ready");
await Deno.remove(readyFile).catch(() => {});

const child = new Deno.Command("unshare", {
  // Without its first process a process namespace ends with all that is in it.
  args: ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, "peers"].concat(
    [here, PACKAGES, String(PORTS.smtp), String(accounts), PASSWORD],
  ),
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).spawn();
let ended: Deno.CommandStatus | undefined;
child.status.then((status) => ended = status);
// unshare takes no notice of SIGTERM; its first process goes with it, and the namespace with that.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => child.kill("SIGKILL"));
}
while (ended === undefined && !await exists(readyFile)) await pause();
while (ended === undefined && !await listens(PORTS.imap)) await pause();
if (ended === undefined) {
  const file = join(here, "target.json");
  const users = `user%d@${DOMAIN}`;
  const target = {
    name: `Postfix + Dovecot (${mailboxes})`,
    host: "127.0.0.1",
    ports: PORTS,
    users,
    password: PASSWORD,
  };
  await Deno.writeTextFile(file, JSON.stringify({ ...target, pids: [child.pid] }, null, 2));
  console.log(`ready: ${file}`);
}
await child.status;
Deno.exit(ended!.success || ended!.signal !== null ? 0 : 1);

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100));
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port })).close();
    return true;
  } catch {
    return false;
  }
}

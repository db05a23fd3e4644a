import { assert, assertEquals, assertMatch } from "@std/assert";
import { run, type RunOptions, settingsFor, startServer } from "../support/server.ts";
import { messages, postmaster, read, send } from "./support.ts";

const you = "you@example.test";
const settings = ["auth.allow_plaintext=true", "workers=1"];
const root = new URL("../..", import.meta.url).pathname;

/** Skips, with a reason on stdout, what only root can try. */
function onlyAsRoot(): boolean {
  if (Deno.uid() === 0) return true;
  console.log("skipped: only root can start as other users");
  return false;
}

/** The owner of a process. */
function ownerOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))![1]);
}

async function shell(...words: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(words[0]!, { args: words.slice(1) }).output();
  if (!success) throw new Error(`${words.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Copies a file or folder; links cost nothing where they can be made. */
async function link(from: string, to: string): Promise<void> {
  await shell("sh", "-c", `cp -rl "$1" "$2" 2>/dev/null || cp -r "$1" "$2"`, "-", from, to);
}

/** The project, the packages and Deno where an ordinary user can read them. */
async function copyFor(uid: number, home: string): Promise<RunOptions & { readonly folder: string }> {
  const info = JSON.parse((await run(["info", "--json"])).stdout) as { denoDir: string };
  const [project, cache, folder] = [`${home}/project`, `${home}/deno`, `${home}/data`];
  const deno = `${home}/bin/deno`;
  await shell("mkdir", "-p", project, cache, `${home}/bin`);
  await shell(
    "cp",
    "-r",
    ...["src", "migrations", "deno.json", "deno.lock"].map((name) => root + name),
    project,
  );
  await link(`${info.denoDir}/npm`, cache);
  await link(Deno.execPath(), deno);
  await shell("chmod", "755", home);
  await shell("chown", `${uid}:${uid}`, home, cache);
  return {
    folder,
    root: project,
    deno,
    prefix: ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"],
    env: { HOME: home, DENO_DIR: cache },
  };
}

Deno.test("an ordinary user: the server, its PostgreSQL and its files are his", async () => {
  if (!onlyAsRoot()) return;
  const uid = 65_534;
  const home = await Deno.makeTempDir({ prefix: "malleposte-user-" });
  const options = { ...await copyFor(uid, home), settings, accounts: [you] };
  {
    await using server = await startServer(options);
    assertMatch(await send(server, you), /^250 /);
    assertEquals(await messages(server, you), 1);
    assertEquals(ownerOf(postmaster(options.folder)!), uid);
    assertEquals(Deno.statSync(options.folder).uid, uid);
    assertEquals(Deno.statSync(options.folder).mode! & 0o777, 0o700);
    assertEquals(await server.stop(), 0);
  }
  const denied = await run(
    ["task", "-q", "serve", ...settingsFor("/root/malleposte-test", settings)],
    options,
  );
  assertEquals(denied.code, 1);
  assertMatch(denied.stderr, /^Cannot use the data folder \/root\/malleposte-test: .*$/m);
  const port = ["listeners.smtp.address=127.0.0.1:25"];
  const low = await run(["task", "-q", "serve", ...settingsFor(options.folder, port)], options);
  // Some systems let everybody have the low ports (net.ipv4.ip_unprivileged_port_start).
  if (read("/proc/sys/net/ipv4/ip_unprivileged_port_start").trim() === "1024") {
    assertEquals(low.code, 1);
    assertMatch(low.stderr, /^Cannot listen for smtp on 127\.0\.0\.1:25: not allowed; .*$/m);
  }
  await Deno.remove(home, { recursive: true });
});

Deno.test("a user without a name, as containers have: PostgreSQL believes to be nobody", async () => {
  if (!onlyAsRoot()) return;
  const home = await Deno.makeTempDir({ prefix: "malleposte-user-" });
  const { folder, ...options } = await copyFor(47_110, home);
  const { success } = await new Deno.Command("setpriv", {
    args: ["--reuid=47110", "--clear-groups", "unshare", "--user", "true"],
  }).output();
  if (success) {
    const { code, stderr } = await run(["task", "-q", "mail", ...settingsFor(folder), "status"], options);
    assertEquals([code, stderr.split("\n").filter((line) => /^[A-Z]/.test(line))], [0, []]);
    assertEquals(Deno.statSync(`${folder}/postgres/data`).uid, 47_110);
  } else console.log("skipped: user namespaces are not for ordinary users here");
  await Deno.remove(home, { recursive: true });
});

Deno.test("root, in a folder that only root can enter: PostgreSQL believes to be nobody", async () => {
  if (!onlyAsRoot()) return;
  const closed = await Deno.makeTempDir({ prefix: "malleposte-closed-" });
  assertEquals(Deno.statSync(closed).mode! & 0o777, 0o700);
  const { success } = await new Deno.Command("unshare", { args: ["--user", "true"] }).output();
  if (success) {
    await using server = await startServer({ settings, accounts: [you], folder: `${closed}/data` });
    assertMatch(await send(server, you), /^250 /);
    assertEquals(await messages(server, you), 1);
    assertMatch(read(`/proc/${postmaster(server.folder)}/uid_map`), /^\s*65534\s+0\s+1\s*$/);
    assertEquals(await server.stop(), 0);
  } else console.log("skipped: user namespaces are off");
  await Deno.remove(closed, { recursive: true });
});

Deno.test("root without user namespaces: PostgreSQL runs as nobody, where nobody can go", async () => {
  if (!onlyAsRoot()) return;
  // A PATH without unshare is as good as a kernel without them.
  const bin = await Deno.makeTempDir({ prefix: "malleposte-bin-" });
  for (const name of ["sh", "cat"]) await Deno.symlink(`/bin/${name}`, `${bin}/${name}`);
  const env = { PATH: bin };
  const open = await Deno.makeTempDir({ prefix: "malleposte-open-" });
  await Deno.chmod(open, 0o755);
  {
    const folder = `${open}/data`;
    await using server = await startServer({ settings, accounts: [you], folder, env });
    assertMatch(await send(server, you), /^250 /);
    assertEquals(await messages(server, you), 1);
    assert(ownerOf(postmaster(folder)!) !== 0);
    // Others may pass through, and read nothing.
    assertEquals(Deno.statSync(folder).mode! & 0o777, 0o711);
    assertEquals(Deno.statSync(`${folder}/postgres/data`).mode! & 0o777, 0o700);
    assertEquals(Deno.statSync(`${folder}/self-signed.key`).mode! & 0o777, 0o600);
    assertEquals(await server.stop(), 0);
  }
  await Deno.chmod(open, 0o700);
  const closed = await run(["task", "-q", "serve", ...settingsFor(`${open}/data`)], { env });
  assertEquals(closed.code, 1);
  assertMatch(
    closed.stderr,
    /^Cannot run PostgreSQL in .*: .* cannot enter \S+; choose another data folder, .*\n$/,
  );
  for (const folder of [open, bin]) await Deno.remove(folder, { recursive: true });
});

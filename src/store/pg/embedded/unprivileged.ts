/**
 * PostgreSQL refuses to run as root. As root we run it in a user namespace in which we are `nobody`: outside
 * it keeps root's reach into any folder, also one that only root can enter. Where user namespaces are off, it
 * runs under nobody's real ids, which then must be able to reach the folders.
 */
import { dirname } from "node:path";
import { geteuid } from "node:process";

/** How to start a program of PostgreSQL's. */
export interface Launcher {
  /** Put before the program's own path and arguments. */
  readonly prefix: readonly string[];
  /** Real ids to take on, and to give the data directory to; undefined: ours. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

/** Finds the way that works here. */
export async function findLauncher(): Promise<Launcher> {
  const uid = geteuid?.();
  const users = await passwd();
  // initdb wants a user with a name, which a container started with `--user 1000` does not have.
  const isNamed = uid === undefined || users.some((user) => user.uid === uid);
  if (uid !== 0 && isNamed) return { prefix: [], ids: undefined };
  const ids = users.find((user) => user.name === "nobody") ?? { uid: 65534, gid: 65534 };
  const prefix = ["unshare", "--user", `--map-user=${ids.uid}`, `--map-group=${ids.gid}`, "--"];
  if (await succeeds([...prefix, "true"])) return { prefix, ids: undefined };
  return { prefix: [], ids: uid === 0 ? ids : undefined };
}

/**
 * Lets a launcher's user pass through to `home`, whose own parts keep their rights: passing through is all
 * that others are given. Nothing to do where PostgreSQL runs under our ids.
 *
 * @throws Error naming the folder that is in the way.
 */
export async function openTheWay(home: string, { ids }: Launcher): Promise<void> {
  if (ids === undefined) return;
  // These two are ours: the data folder and the one for PostgreSQL in it.
  for (const folder of [dirname(home), home]) {
    await Deno.chmod(folder, ((await Deno.stat(folder)).mode ?? 0o700) & 0o7777 | 0o011);
  }
  for (let at = dirname(home); at !== dirname(at); at = dirname(at)) {
    const { mode, uid, gid } = await Deno.stat(at);
    const needed = uid === ids.uid ? 0o100 : gid === ids.gid ? 0o010 : 0o001;
    if (((mode ?? 0o777) & needed) === 0) {
      throw new Error(
        `Cannot run PostgreSQL in ${home}: it may not run as root, user namespaces are off here, and its user ` +
          `(${ids.uid}) cannot enter ${at}; choose another data folder, or start as an ordinary user`,
      );
    }
  }
}

async function passwd(): Promise<
  readonly { readonly name: string; readonly uid: number; readonly gid: number }[]
> {
  const text = await Deno.readTextFile("/etc/passwd").catch(() => "");
  return text.split("\n").map((line) => line.split(":")).filter((fields) => fields.length >= 4)
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid), gid: Number(gid) }));
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  try {
    const status = await new Deno.Command(command[0]!, {
      args: command.slice(1),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return status.success;
  } catch {
    return false;
  }
}

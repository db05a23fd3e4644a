/**
 * PostgreSQL refuses to run as root. As root we run it in a user namespace in which we are `nobody`: outside
 * it keeps root's reach into any folder, also one that only root can enter. Where user namespaces are off, it
 * runs under nobody's real ids, which then must be able to reach the folders.
 */
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
  if (geteuid === undefined || geteuid() !== 0) return { prefix: [], ids: undefined };
  const ids = await nobody();
  const prefix = ["unshare", "--user", `--map-user=${ids.uid}`, `--map-group=${ids.gid}`, "--"];
  if (await succeeds([...prefix, "true"])) return { prefix, ids: undefined };
  return { prefix: [], ids };
}

async function nobody(): Promise<{ readonly uid: number; readonly gid: number }> {
  const passwd = await Deno.readTextFile("/etc/passwd").catch(() => "");
  const fields = passwd.split("\n").map((line) => line.split(":")).find((line) => line[0] === "nobody");
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : { uid: 65534, gid: 65534 };
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

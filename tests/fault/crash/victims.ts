/** What is killed, always by SIGKILL: nothing can tidy up. */
import { kill } from "node:process";
import { SERVING } from "../../../src/store/pg/embedded/owner.ts";
import { Random } from "../../fuzz/random.ts";
import { postmaster, processTree, read } from "../../node/support.ts";
import type { TestServer } from "../../support/server.ts";

/** Kinds of death. `again`: everything, and then once more while it starts. */
export const VICTIMS = ["server", "worker", "backend", "postmaster", "all", "again"] as const;

/** One of VICTIMS. */
export type Victim = typeof VICTIMS[number];

/** True where the server itself ends and is to be started again. */
export function endsServer(victim: Victim): boolean {
  return victim === "server" || victim === "all" || victim === "again";
}

/** Kills. Gives false where there was nothing to kill, such as a backend of a database that is just starting. */
export function murder(
  victim: Victim,
  { pid, folder }: Pick<TestServer, "pid" | "folder">,
  random: Random,
): boolean {
  switch (victim) {
    case "server":
      return killAll(processTree(pid).toReversed());
    case "worker":
      // The server of these runs has workers that die when it is told so (mortal_server.ts).
      kill(pid, "SIGUSR2");
      return true;
    case "backend": {
      const backends = backendsOf(folder);
      return backends.length > 0 && killAll([random.pick(backends)]);
    }
    case "postmaster": {
      const mother = postmaster(folder);
      return mother !== undefined && killAll([mother]);
    }
    case "all":
    case "again": {
      const mother = postmaster(folder);
      return killAll([
        ...processTree(pid).toReversed(),
        ...(mother === undefined ? [] : [mother, ...childrenOf(mother)]),
      ]);
    }
  }
}

/** Those of PostgreSQL's processes that serve connections. */
function backendsOf(folder: string): readonly number[] {
  const mother = postmaster(folder);
  if (mother === undefined) return [];
  return childrenOf(mother).filter((pid) => read(`/proc/${pid}/cmdline`).startsWith(`postgres: ${SERVING} `));
}

function childrenOf(mother: number): readonly number[] {
  return Array.from(Deno.readDirSync("/proc")).filter(({ name }) => /^\d+$/.test(name)).map(({ name }) =>
    Number(name)
  )
    .filter((pid) => {
      const text = read(`/proc/${pid}/stat`);
      return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]) === mother;
    });
}

function killAll(pids: readonly number[]): boolean {
  for (const pid of pids) {
    try {
      kill(pid, "SIGKILL");
    } catch { /* it was quicker */ }
  }
  return pids.length > 0;
}

/** CPU and memory of processes and all their descendants, a database that they started among them (Linux). */

const TICKS_PER_SECOND = 100;

/** CPU seconds so far of the trees. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const each of tree(pids)) {
    const stat = read(`/proc/${each}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime, stime, and those of children that have ended and were waited for.
    for (const i of [11, 12, 13, 14]) ticks += Number(fields[i] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** MiB of memory: PSS, in which pages that several processes share count once. */
export function memoryMib(pids: readonly number[]): number {
  let kib = 0;
  for (const each of tree(pids)) {
    kib += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${each}/smaps_rollup`))?.[1] ?? 0);
  }
  return kib / 1024;
}

/** The processes and their descendants. */
export function tree(roots: readonly number[]): number[] {
  if (roots.length === 0) return [];
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = read(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0));
  }
  const found = new Set(roots);
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.add(child);
  }
  return [...found];
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

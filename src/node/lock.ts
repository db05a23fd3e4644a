/** One process at a time on a data folder. */
import { join } from "node:path";

/** Held until it is disposed or the process ends, however it ends. */
export interface DataLock extends Disposable {
  readonly path: string;
}

/** Another process has the data folder. */
export class DataLocked extends Error {
  override name = "DataLocked";
}

/**
 * Takes the lock of a data folder, making the folder where it is missing.
 *
 * @param what written into the lock for whoever finds it, e.g. `deno task serve`
 * @throws DataLocked saying who has it; Error when the folder cannot be used.
 */
export function lockData(data: string, what: string): DataLock {
  const path = join(data, "lock");
  const file = openLock(data, path);
  // An advisory lock of the kernel's: it cannot outlive its process, as a file with a number in it can.
  if (!file.tryLockSync(true)) {
    file.close();
    throw new DataLocked(
      `${Deno.readTextFileSync(path).trim() || "another process"} already works on ${data}`,
    );
  }
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`${what} (process ${Deno.pid})\n`));
  return {
    path,
    [Symbol.dispose]() {
      file.truncateSync();
      file.close();
    },
  };
}

function openLock(data: string, path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(data, { recursive: true, mode: 0o700 });
    return Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new Error(`Cannot use the data folder ${data}: ${(error as Error).message}`);
  }
}

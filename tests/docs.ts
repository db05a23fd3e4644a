/** Fails unless every exported symbol of the source carries a documentation comment. Part of `deno task ok`. */

const missing: string[] = [];
await look(new URL("../src/", import.meta.url), "src");
for (const place of missing) console.error(`${place}: write a sentence above it`);
if (missing.length > 0) Deno.exit(1);

async function look(folder: URL, path: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await look(new URL(`${name}/`, folder), `${path}/${name}`);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      const lines = (await Deno.readTextFile(new URL(name, folder))).split("\n");
      const isOverload = (i: number) =>
        lines[i - 1]?.startsWith("export function") && lines[i - 1]!.endsWith(";");
      lines.forEach((line, i) => {
        if (
          !/^export (abstract |async |declare )*(function|class|interface|type|const|let|enum)\b/.test(line)
        ) return;
        if (/^export type \{|^export type \*/.test(line)) return;
        if (!lines[i - 1]?.trimEnd().endsWith("*/") && !isOverload(i)) {
          missing.push(`${path}/${name}:${i + 1}`);
        }
      });
    }
  }
}

/**
 * `deno task test`: every test, and at the end a line `N passed, N failed` by itself. Arguments go on to
 * `deno test`, e.g. a folder.
 */
const command = new Deno.Command(Deno.execPath(), {
  args: ["test", "--allow-all", "--no-prompt", ...(Deno.args.length > 0 ? Deno.args : ["src", "tests"])],
  env: { NO_COLOR: "1" },
  stdin: "null",
  stdout: "piped",
  stderr: "inherit",
});
const child = command.spawn();
let rest = "";
let passed = 0, failed = 0;
const decoder = new TextDecoder();
for await (const chunk of child.stdout) {
  Deno.stdout.writeSync(chunk);
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop()!;
  for (const line of lines) {
    const counts = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed/.exec(line);
    if (counts !== null) [passed, failed] = [passed + Number(counts[1]), failed + Number(counts[2])];
  }
}
const { success } = await child.status;
if (!success && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(success ? 0 : 1);

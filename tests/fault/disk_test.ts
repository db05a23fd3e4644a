import { assert, assertEquals, assertMatch } from "@std/assert";
import { startServer } from "../support/server.ts";
import { events, get, imap, messages, postmaster, read, smtp, transaction, until } from "../node/support.ts";

const you = "you@example.test";

async function mounted(folder: string, megabytes: number): Promise<boolean> {
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", folder],
    stderr: "null",
  });
  return await mount.output().then(({ success }) => success, () => false);
}

Deno.test("the disk is full: 'later' to everybody, nothing lost, and all goes on when there is room", async () => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-disk-" });
  if (!await mounted(folder, 320)) {
    await Deno.remove(folder);
    return console.log("skipped: a small file system cannot be mounted here");
  }
  try {
    const settings = ["auth.allow_plaintext=true", "workers=1"];
    await using server = await startServer({ folder, settings, accounts: [you] });
    await using sender = await smtp(server.ports.smtp);
    assertMatch(await transaction(sender, you), /^250 /);
    let acknowledged = 1;

    // All but a little of what is left.
    const ballast = `${folder}/ballast`;
    await new Deno.Command("sh", {
      args: ["-c", `dd if=/dev/zero of="$1" bs=64k; truncate -s -2M "$1"`, "-", ballast],
      stderr: "null",
    }).output();
    const line = `${"x".repeat(998)}\r\n`;
    const refusals: string[] = [];
    for (let i = 0; i < 60 && refusals.length < 3; i++) {
      const reply = await transaction(sender, you, `Subject: ${i}\r\n\r\n${line.repeat(900)}`);
      if (reply.startsWith("250")) acknowledged++;
      else refusals.push(reply);
      if (refusals.length > 0) await sender.exchange("RSET", /^250 /);
    }
    assertEquals(refusals.length, 3, "the disk was never full");
    for (const reply of refusals) assertMatch(reply, /^45[12] 4\./);
    // PostgreSQL may be up or, without room for its log, down and tried again: reading is answered either way.
    await using reader = await imap(server.ports.imap, you).catch(() => undefined) ??
      { exchange: () => Promise.resolve("b NO"), [Symbol.asyncDispose]: () => Promise.resolve() };
    assertMatch(await reader.exchange("b STATUS INBOX (MESSAGES)", /^b /), /^b (OK|NO)/);

    await Deno.remove(ballast);
    await until(async () => (await get(server, "/healthz"))[0] === 200, "it is healthy again", 60_000);
    await until(
      async () => {
        await using again = await smtp(server.ports.smtp);
        const reply = await transaction(again, you);
        if (reply.startsWith("250")) acknowledged++;
        return reply.startsWith("250");
      },
      "mail is taken again",
      30_000,
    );
    assertEquals(await messages(server, you), acknowledged);
    assert(postmaster(folder) !== undefined, read(`${folder}/postgres/postgres.log`));
    assertEquals(events(server).filter(({ event }) => event === "bug"), []);
    assertEquals(await server.stop(), 0);
  } finally {
    await new Deno.Command("umount", { args: [folder] }).output();
    await Deno.remove(folder);
  }
});

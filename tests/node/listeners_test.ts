/** Listeners that are not plain TCP: unix sockets, and those behind a load balancer. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { LineClient } from "../support/line_client.ts";
import { run, settingsFor, startServer } from "../support/server.ts";
import { crash, events, messages, read, transaction, until } from "./support.ts";

const you = "you@example.test";

async function lmtp(path: string): Promise<LineClient> {
  const client = LineClient.over(await Deno.connect({ transport: "unix", path }));
  await client.line(/^220 /);
  await client.exchange("LHLO client.test", /^250 /);
  return client;
}

Deno.test("LMTP on a unix socket, IMAP behind a proxy", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "malleposte-unix-" });
  const path = `${folder}/lmtp.sock`;
  // Of a protocol there may be several listeners; index 9 makes one more.
  const settings = [
    "auth.allow_plaintext=true",
    `listeners.9={protocol: lmtp, address: "unix:${path}"}`,
    'listeners.10={protocol: imap, address: "127.0.0.1:0", proxy: [127.0.0.1]}',
    'listeners.11={protocol: smtp, address: "127.0.0.1:0", proxy: [192.0.2.0/24]}',
  ];
  const options = { folder, settings, accounts: [you] };
  let acknowledged = 0;

  await t.step("mail comes in; a second server is refused; a stop removes the socket", async () => {
    await using server = await startServer(options);
    await using client = await lmtp(path);
    assertMatch(await transaction(client, you), /^250 /);
    acknowledged++;
    assertEquals(await messages(server, you), acknowledged);

    const other = await Deno.makeTempDir();
    const beside = await run(["task", "-q", "serve", ...settingsFor(other, [settings[1]!])]);
    assertEquals(
      [beside.code, beside.stderr.split("\n").filter((line) => !line.startsWith("{"))],
      [1, [`Cannot listen for lmtp on unix:${path}: another program listens there`, ""]],
    );
    assertEquals(read(`${other}/postgres/data/postmaster.pid`), "");
    await Deno.remove(other, { recursive: true });
    assertMatch(await transaction(client, you), /^250 /);
    acknowledged++;
    assertEquals(await server.stop(), 0);
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
  });

  await t.step("a crash leaves the socket behind, and the next start takes its place", async () => {
    const { accounts: _, ...again } = options;
    {
      await using server = await startServer(again);
      await crash(server);
      assertEquals((await Deno.lstat(path)).isSocket, true);
    }
    await using server = await startServer(again);
    await using client = await lmtp(path);
    assertMatch(await transaction(client, you), /^250 /);
    acknowledged++;
    assertEquals(await messages(server, you), acknowledged);

    const [proxied, foreign] = Array.from(
      server.output().matchAll(/^ {2}(?:imap|smtp) +127\.0\.0\.1:(\d+)$/gm),
      ([, port]) => Number(port),
    ).filter((port) => port !== server.ports.smtp && port !== server.ports.imap);
    for (
      const [what, header] of [
        ["version 1", new TextEncoder().encode("PROXY TCP4 198.51.100.7 203.0.113.1 1234 143\r\n")],
        [
          "version 2",
          Uint8Array.from([
            ...new TextEncoder().encode("\r\n\r\n\0\r\nQUIT\n"),
            ...[0x21, 0x11, 0, 12, 198, 51, 100, 8, 203, 0, 113, 1, 4, 210, 0, 143],
          ]),
        ],
      ] as const
    ) {
      await using client = await LineClient.connect(proxied!);
      await client.send(header);
      await client.line(/^\* OK/);
      await client.exchange(`a LOGIN ${you} wrong`, /^a NO/);
      const remote = what === "version 1" ? "198.51.100.7" : "198.51.100.8";
      await until(
        () => server.output().split("\n").some((line) => line.includes(`"remote":"${remote}"`)),
        `${what} says who is there`,
      );
    }
    {
      // Without the header there is nobody to talk to.
      await using client = await LineClient.connect(proxied!);
      await client.send(new TextEncoder().encode("a NOOP\r\n"));
      assertEquals(await client.rest(), "");
    }
    await using client2 = await LineClient.connect(foreign!);
    assertEquals(await client2.rest(), "");
    await until(
      () => events(server).filter(({ event }) => event === "net.proxy.refused").length >= 2,
      "both are told of",
    );
    assertEquals(events(server).filter(({ event }) => event === "bug"), []);
  });
  await Deno.remove(folder, { recursive: true });
});

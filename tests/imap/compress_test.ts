import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { constants, createDeflateRaw, createInflateRaw } from "node:zlib";
import { PASSWORD, startServer } from "../support/server.ts";

/** A client of the whole server that switches compression on. */
async function compressing(host: string, port: number) {
  const socket = connect(port, host);
  const inflate = createInflateRaw(), deflate = createDeflateRaw();
  let compressed = false, text = "", wire = 0, wake = () => {};
  const arrived = (octets: Uint8Array) => {
    text += Buffer.from(octets).toString("latin1");
    wake();
  };
  socket.on("data", (octets: Uint8Array) => {
    wire += octets.length;
    if (compressed) inflate.write(octets);
    else arrived(octets);
  });
  socket.on("close", () => {
    text += "(closed)";
    wake();
  });
  socket.on("error", () => {});
  inflate.on("data", arrived);
  deflate.on("data", (octets: Uint8Array) => socket.write(octets));
  const until = async (end: RegExp) => {
    while (!end.test(text)) await new Promise<void>((resolve) => wake = resolve);
    const seen = text;
    text = "";
    return seen;
  };
  const send = (line: string) => {
    if (!compressed) return void socket.write(line);
    deflate.write(line);
    deflate.flush(constants.Z_SYNC_FLUSH);
  };
  await until(/ready\r\n/);
  return {
    send,
    until,
    run(tag: string, command: string) {
      send(`${tag} ${command}\r\n`);
      return until(new RegExp(`(^|\n)${tag} [^\n]*\r\n$|\\(closed\\)`));
    },
    begin: () => compressed = true,
    socket,
    get wire() {
      return wire;
    },
    end() {
      socket.destroy();
      inflate.destroy();
      deflate.destroy();
    },
  };
}

Deno.test("COMPRESS=DEFLATE on the whole server", async () => {
  const address = "ann@example.test";
  await using server = await startServer({ accounts: [address], settings: ["auth.allow_plaintext=true"] });
  const client = await compressing(server.host, server.ports.imap);
  assert((await client.run("a", `LOGIN ${address} ${PASSWORD}`)).includes("COMPRESS=DEFLATE"));
  assert((await client.run("b", "COMPRESS LZ4")).startsWith("b NO [CANNOT]"));
  assert((await client.run("c", "COMPRESS DEFLATE")).startsWith("c OK"));
  client.begin();
  assert((await client.run("d", "COMPRESS DEFLATE")).startsWith("d NO [COMPRESSIONACTIVE]"));
  const body = "Subject: large\r\n\r\n" + "The same line again and again.\r\n".repeat(20_000);
  assert((await client.run("e", `APPEND INBOX {${body.length}+}\r\n${body}`)).includes("APPENDUID"));
  await client.run("f", "SELECT INBOX");
  const before = client.wire;
  const fetched = await client.run("g", "FETCH 1 BODY.PEEK[]");
  assert(fetched.includes(body), "the message came back differently");
  assert(client.wire - before < body.length / 20, `${client.wire - before} octets on the wire`);
  // Pipelined, and IDLE with what another session does.
  client.send("h NOOP\r\ni UID SEARCH ALL\r\n");
  assert((await client.until(/i OK[^\n]*\r\n/)).includes("* SEARCH 1\r\n"));
  client.send("j IDLE\r\n");
  await client.until(/\+ idling\r\n/);
  const other = await compressing(server.host, server.ports.imap);
  await other.run("a", `LOGIN ${address} ${PASSWORD}`);
  await other.run("b", "APPEND INBOX {3+}\r\nabc");
  assert((await client.until(/EXISTS\r\n/)).includes("* 2 EXISTS"));
  client.send("DONE\r\n");
  await client.until(/j OK[^\n]*\r\n/);
  // The compression belongs to the connection, not to the user.
  assert((await client.run("k", "UNAUTHENTICATE")).startsWith("k OK"));
  assert((await client.run("l", `LOGIN ${address} ${PASSWORD}`)).includes("l OK"));
  assertEquals((await client.run("m", "LOGOUT")).split("\r\n")[0], "* BYE Logging out");
  // What is sent behind COMPRESS before its answer could be anything.
  other.send("c COMPRESS DEFLATE\r\nd NOOP\r\n");
  const refused = await other.until(/d OK[^\n]*\r\n/);
  assert(/^c BAD /.test(refused), refused);
  // A bomb ends its connection, and only that one.
  await other.run("e", "COMPRESS DEFLATE");
  other.begin();
  const bomb = createDeflateRaw({ level: 9 });
  bomb.on("data", (octets: Uint8Array) => other.socket.write(octets));
  bomb.write(Buffer.alloc(50_000_000));
  bomb.flush(constants.Z_SYNC_FLUSH);
  assert((await other.until(/\(closed\)/)).includes("(closed)"));
  bomb.destroy();
  const last = await compressing(server.host, server.ports.imap);
  assert((await last.run("a", `LOGIN ${address} ${PASSWORD}`)).includes("a OK"));
  for (const each of [client, other, last]) each.end();
});

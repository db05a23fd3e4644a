/** More senders than the server can serve: what it does then, and how it comes back. */
import { LoadConn } from "../load/conn.ts";
import type { Good } from "./good.ts";

/** What came of a number of senders that never wait. */
export interface Poured {
  /** Messages acknowledged in a second. */
  readonly rate: number;
  /** Refusals that were temporary (4yz), and any others. */
  readonly temporary: number;
  readonly other: readonly string[];
}

const LETTER = `From: a@pour.test\r\nSubject: more\r\n\r\n${"A line of text.\r\n".repeat(60)}.\r\n`;

/** So many connections, each sending as fast as it is answered. */
export async function pour({ ports, users }: Good, connections: number, seconds: number): Promise<Poured> {
  let sent = 0, temporary = 0;
  const other: string[] = [];
  const end = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, async (_, i) => {
    const to = users[i % users.length]!;
    while (performance.now() < end) {
      try {
        using conn = await LoadConn.open("127.0.0.1", ports.smtp!);
        await conn.reply("220");
        await conn.send("EHLO pour.test\r\n");
        await conn.reply("250");
        while (performance.now() < end) {
          await conn.send(`MAIL FROM:<a@pour.test>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
          for (const want of ["250", "250", "354"]) await conn.reply(want);
          await conn.send(LETTER);
          await conn.reply("250");
          if (performance.now() < end) sent++;
        }
      } catch (error) {
        const said = (error as Error).message;
        if (/got 4\d\d/.test(said)) temporary++;
        else other.push(said);
        await new Promise((wake) => setTimeout(wake, 200));
      }
    }
  }));
  return { rate: sent / seconds, temporary, other };
}

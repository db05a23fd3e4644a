/** What clients of the stress tests do at random. */
import { mail } from "../store/support.ts";
import type { StressClient } from "./stress_client.ts";

/** The mailboxes that they use. */
export const MAILBOXES = ["INBOX", "Archive", "Trash"];
const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Junk", "$Work"];
/** Beyond them, messages are removed rather than made. */
const MOST = 60;

/** A number behind `--name` on the command line. */
export function option(name: string, fallback: number): number {
  const at = Deno.args.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(Deno.args[at + 1]);
}

let letters = 0;

/** A message with a subject that no other one has. */
export function newMail(): Uint8Array {
  return mail(`m${++letters}`);
}

/** One thing that a client may do; refusals are part of it. */
export async function act(client: StressClient, roll: (n: number) => number): Promise<void> {
  const count = client.view.length;
  const flag = FLAGS[roll(FLAGS.length)]!, other = MAILBOXES[roll(MAILBOXES.length)]!;
  const seqs = count === 0 || client.uidOnly ? undefined : range(roll, count);
  const known = client.view.map(({ uid }) => uid).filter((uid) => uid !== undefined);
  const uid = known.length === 0 ? 1 : known[roll(known.length)]!;
  const uids = `${uid}:${uid + roll(4)}`;
  switch (count > MOST ? 5 + roll(2) : roll(18)) {
    case 0:
    case 1: {
      const message = new TextDecoder().decode(newMail());
      const set = roll(2) === 0 ? `(${flag}) ` : "";
      return void await client.run(`APPEND ${other} ${set}{${message.length}+}\r\n${message}`);
    }
    case 2:
    case 3:
      if (seqs === undefined) return;
      return void await client.run(`STORE ${seqs} ${sign(roll)}FLAGS${silent(roll)} (${flag})`);
    case 4:
      return void await client.run(`UID STORE ${uids} ${sign(roll)}FLAGS${silent(roll)} (${flag})`);
    case 5:
      await client.run(`UID STORE ${uids} +FLAGS (\\Deleted)`);
      return void await client.run(roll(3) === 0 ? `UID EXPUNGE ${uids}` : "EXPUNGE");
    case 6:
      return void await client.run(`UID MOVE ${uids} ${client.mailbox === "Trash" ? "INBOX" : "Trash"}`);
    case 7:
      if (seqs === undefined) return;
      return void await client.run(`MOVE ${seqs} ${other}`);
    case 8:
      return void await client.run(
        seqs === undefined ? `UID COPY ${uids} ${other}` : `COPY ${seqs} ${other}`,
      );
    case 9:
      return await client.idle(roll(30));
    case 10:
    case 11:
      return void await client.run("NOOP");
    case 12:
      if (seqs === undefined) return;
      return void await client.run(`SEARCH ${roll(2) ? "UNSEEN" : `${seqs} NOT DELETED`}`);
    case 13:
      return void await client.run(`UID SEARCH ${roll(2) ? "FLAGGED" : "SUBJECT m"}`);
    case 14:
      if (seqs === undefined) return;
      return void await client.run(`FETCH ${seqs} (UID FLAGS${roll(2) ? " ENVELOPE" : ""})`);
    case 15:
      return void await client.run(`UID FETCH ${uids} (FLAGS BODY.PEEK[HEADER.FIELDS (X-None)])`);
    case 16:
      if (roll(3) > 0) return await client.learn();
      await client.run(roll(2) ? "UNSELECT" : "CLOSE");
      return await client.select(other);
    default:
      return await client.learn();
  }
}

function range(roll: (n: number) => number, count: number): string {
  const first = 1 + roll(count);
  return `${first}:${Math.min(count, first + roll(3))}`;
}

const sign = (roll: (n: number) => number) => roll(2) === 0 ? "+" : "-";
const silent = (roll: (n: number) => number) => roll(3) === 0 ? ".SILENT" : "";
